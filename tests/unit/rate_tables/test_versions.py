"""Rate versions: found by date, verified by hash, refused with every fault (contract §4)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from rate_tables.versions import default_version, list_versions, load_version
from schemas.faults import InputRefusedError

WriteVersion = Callable[..., Path]


def refusal(root: Path, name: str = "2020.1") -> list[str]:
    with pytest.raises(InputRefusedError) as refused:
        load_version(root, name)
    return [str(fault) for fault in refused.value.faults]


def test_a_frozen_version_is_loaded_with_typed_columns(write_version: WriteVersion) -> None:
    root = write_version()
    rates = load_version(root, "2020.1")
    assert (rates.version, rates.published_on) == ("2020.1", dt.date(2020, 1, 1))
    manifest = (root / "2020.1" / "manifest.toml").read_bytes()
    assert rates.digest == hashlib.sha256(manifest).hexdigest()
    assert rates.international_rates.row(0, named=True) == {
        "currency": "USD",
        "prefix": "55",
        "effective_from": dt.datetime(2019, 1, 1, tzinfo=dt.UTC),
        "destination": "Brazil",
        "country": "BR",
        "line_type": "fixed",
        "rate_per_minute_micros": 18_500,
        "connection_fee_micros": 0,
        "minimum_seconds": 0,
        "increment_seconds": 60,
        "rounding": "nearest",
        "effective_to": dt.datetime(2020, 1, 16, tzinfo=dt.UTC),
        "line": 2,
    }


def test_an_empty_rate_is_no_rate_and_empty_minutes_are_unlimited(write_version: WriteVersion) -> None:
    rates = load_version(write_version(), "2020.1")
    assert rates.international_rates["rate_per_minute_micros"].to_list() == [18_500, 19_500, None]
    assert rates.plans["included_minutes"].to_list() == [200, None, 750]
    assert rates.plans["included_countries"].to_list() == [[], ["CA", "MX"], ["US"]]
    assert rates.plans["low_usage_discount_percent_micros"].to_list() == [12_500_000, 0, 0]


def test_lists_of_the_dialing_plans_are_lists(write_version: WriteVersion) -> None:
    plans = load_version(write_version(), "2020.1").dialing_plans
    assert plans["national_lengths"].to_list() == [[10], [10, 11], [10]]
    assert plans["short_codes"].to_list() == [["411", "611"], [], ["411"]]
    assert plans["carrier_code_digits"].to_list() == [0, 2, 0]


def test_the_default_is_the_frozen_version_published_last_then_the_last_name(
    write_version: WriteVersion,
) -> None:
    write_version("2020.1", "2020-01-01")
    write_version("2020.3", "2020-01-05")
    root = write_version("2020.2", "2020-01-05")
    draft = root / "2021.1"
    draft.mkdir()
    (draft / "manifest.toml").write_text('version = "2021.1"\npublished_on = 2021-01-01\n')
    assert default_version(root) == "2020.3"
    assert [version.name for version in list_versions(root)] == ["2020.1", "2020.2", "2020.3", "2021.1"]
    assert [version.is_frozen for version in list_versions(root)] == [True, True, True, False]


def test_an_unknown_version_is_refused_and_the_known_ones_named(write_version: WriteVersion) -> None:
    root = write_version()
    assert refusal(root, "2019.9") == [
        f"{root}: there is no such rate version ('2019.9'); use one of: 2020.1"
    ]
    assert "no such rate version" in refusal(root, "../2020.1")[0]


def test_a_root_without_a_version_has_no_default(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match="no frozen rate version"):
        default_version(tmp_path)
    with pytest.raises(InputRefusedError, match="no such folder"):
        default_version(tmp_path / "nowhere")


def test_a_file_that_changed_since_it_was_frozen_is_refused_by_name(write_version: WriteVersion) -> None:
    root = write_version()
    taxes = root / "2020.1" / "taxes.csv"
    taxes.write_text(taxes.read_text().replace("9.975", "9.976"))
    (fault,) = refusal(root)
    assert fault.startswith("2020.1/taxes.csv, column sha256: has another hash than the manifest")


def test_a_file_too_many_or_too_few_is_refused_by_name(write_version: WriteVersion) -> None:
    root = write_version()
    (root / "2020.1" / "notes.txt").write_text("do not bill")
    (root / "2020.1" / "usf_shares.csv").unlink()
    faults = refusal(root)
    assert faults[0].startswith("2020.1/notes.txt: is not named by the manifest")
    assert faults[1].startswith("2020.1/usf_shares.csv: is missing")
    assert len(faults) == 2


def test_rows_other_than_the_manifest_says_are_refused(write_version: WriteVersion) -> None:
    root = write_version()
    manifest = root / "2020.1" / "manifest.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace('[files."taxes.csv"]\nrows = 2', '[files."taxes.csv"]\nrows = 3'))
    assert refusal(root)[0].startswith("2020.1/taxes.csv: has 2 rows and the manifest says 3")


def test_a_version_that_is_not_frozen_is_refused_by_name(write_version: WriteVersion) -> None:
    root = write_version()
    manifest = root / "2020.1" / "manifest.toml"
    kept = [part for part in manifest.read_text().split("\n\n") if '"fees.csv"' not in part]
    manifest.write_text("\n\n".join(kept))
    faults = refusal(root)
    assert "2020.1/fees.csv: has no hash in the manifest; freeze the version" in faults[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('version = "other"\npublished_on = 2020-01-01\n', "names another version ('other')"),
        ('version = "2020.1"\n', "has no date of publication"),
        ('version = "2020.1"\npublished_on = \n', "line 2: is not TOML"),
        ('version = "2020.1"\npublished_on = 2020-01-01\n[files."x.csv"]\nsha256 = "A"\n', "is not a SHA-256"),
    ],
)
def test_a_bad_manifest_is_refused(write_version: WriteVersion, text: str, said: str) -> None:
    root = write_version()
    (root / "2020.1" / "manifest.toml").write_text(text)
    assert any(said in fault for fault in refusal(root))


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2020.1").mkdir()
    assert refusal(tmp_path)[0].startswith("2020.1/manifest.toml: is missing")


def spoiled(write_version: WriteVersion, file: str, old: str, new: str) -> list[str]:
    """The faults of the small version with one piece of text replaced in one file."""
    from conftest import TABLES  # noqa: PLC0415

    assert old in TABLES[file]
    return refusal(write_version(files={file: TABLES[file].replace(old, new)}))
