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
    assert refusal(root, "2019.9") == [f"{root}: there is no such rate version ('2019.9'); use one of: 2020.1"]
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
        (
            'version = "2020.1"\npublished_on = 2020-01-01\n[files."x.csv"]\nsha256 = "A"\n',
            "is not a SHA-256",
        ),
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
    """The faults of the small version with one text of one file replaced."""
    return refusal(write_version(spoil=(file, old, new)))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("international_rates", "0.0185", "-0.0185", "line 2, column rate_per_minute: is negative"),
        ("international_rates", "0.0185", "0.0000001", "line 2, column rate_per_minute: has more than 6 dec"),
        ("international_rates", "0.0185", "1e-2", "column rate_per_minute: is not a decimal number ('1e-2')"),
        ("premium_prefixes", ",30,6,up", ",30,6,down", "line 3, column rounding: is not one of nearest, up"),
        ("premium_prefixes", ",30,6,up", ",30,0,up", "line 3, column increment_seconds: is too low ('0')"),
        ("taxes", "2013-01-01", "2013-02-30", "line 3, column effective_from: is not a date or a UTC time"),
        ("fees", "per_device", "per_phone", "line 3, column basis: is not one of percent, per_device, flat"),
        ("fees", "slrrf", "surcharge", "line 3, column fee: is not one of slrrf, rrf"),
        ("fees", "service_charge;", "phones;", "column categories: holds 'phones', which is not one of"),
        ("fees", "service_charge;overage", "", "line 2, column categories: is a percentage of nothing"),
        ("fees", "percent,3.5", "percent,1000.1", "line 2, column amount: is more than 1000 percent"),
        ("charges", "credits", "gifts", "line 4, column category: is not one of service_charge"),
        ("numbering_plan", "special", "space", "line 3, column kind: is not one of geographic"),
        ("usf_factors", "2020Q1", "2020-Q1", "line 2, column quarter: is not a quarter such as 2020Q1"),
        ("plans", ",0.02,,,,12.5", ",,,,,12.5", "column overage_rate: limits the minutes but has no overage"),
        ("dialing_plans", "10;11", "10;;11", "line 3, column national_lengths: has an empty item"),
        ("dialing_plans", "10;11", "10;10", "line 3, column national_lengths: names an item twice"),
        (
            "policy",
            "due_days,2000-01-01,15",
            "due_days,2000-01-01,soon",
            "line 3, column value: is not a val",
        ),
        ("policy", "25,%", "101,%", "column value: is not a value of restocking_percent ('101')"),
        ("policy", "autopay_day,", "autopay,", "column setting: the setting is missing ('autopay_day')"),
    ],
)
def test_a_bad_value_is_refused_with_file_line_and_column(
    write_version: WriteVersion, file: str, old: str, new: str, said: str
) -> None:
    (fault,) = spoiled(write_version, f"{file}.csv", old, new)
    assert fault.startswith(f"2020.1/{file}.csv, ")
    assert said in fault


def test_two_rows_of_one_key_in_force_together_are_refused(write_version: WriteVersion) -> None:
    (fault,) = spoiled(write_version, "international_rates.csv", ",2020-01-16\n", ",2020-01-17\n")
    assert "line 3, column effective_from: is in force together with line 2 of the same key" in fault


def test_an_open_row_holds_against_every_later_one(write_version: WriteVersion) -> None:
    (fault,) = spoiled(write_version, "international_rates.csv", ",2020-01-16\n", ",\n")
    assert "is in force together with line 2" in fault


def test_a_gap_between_rows_of_a_key_is_refused_in_rate_files(write_version: WriteVersion) -> None:
    (fault,) = spoiled(write_version, "international_rates.csv", ",2020-01-16\n", ",2020-01-15T23:59:59Z\n")
    assert "line 3, column effective_from: leaves a gap after line 2 of the same key ('USD 55')" in fault


def test_a_gap_is_allowed_in_other_tables(write_version: WriteVersion) -> None:
    later = "CA,QC,qst,2013-01-01,QST,TVQ,9.975,2014-01-01\nCA,QC,qst,2015-01-01,QST,TVQ,9.975,\n"
    old = "CA,QC,qst,2013-01-01,QST,TVQ,9.975,\n"
    rates = load_version(write_version(spoil=("taxes.csv", old, later)), "2020.1")
    assert rates.taxes.height == 3


def test_a_row_that_ends_before_it_begins_is_refused(write_version: WriteVersion) -> None:
    (fault,) = spoiled(
        write_version,
        "taxes.csv",
        "CA,*,gst,2008-01-01,GST,TPS,5,",
        "CA,*,gst,2008-01-01,GST,TPS,5,2008-01-01",
    )
    assert "line 2, column effective_to: ends before it begins to be in force" in fault


def test_a_repeated_key_is_refused_in_tables_without_dates(write_version: WriteVersion) -> None:
    (fault,) = spoiled(write_version, "numbering_plan.csv", "800,,", "1787,,")
    assert fault.startswith("2020.1/numbering_plan.csv, line 3, column prefix: repeats the key of line 2")


def test_a_plan_keeps_its_currency(write_version: WriteVersion) -> None:
    old = "ca-team,2019-01-01,CAD,750,account,US,0.02,,,,,\n"
    new = "ca-team,2019-01-01,CAD,750,account,US,0.02,,,,,2020-01-01\nca-team,2020-01-01,USD,750,account,US,0.02,,,,,\n"
    (fault,) = spoiled(write_version, "plans.csv", old, new)
    assert "line 5, column currency: changes the currency of plan ca-team from CAD ('USD')" in fault


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("*,1787555,", "*,7787555,"),  # read as E.164 it would be in Russia or Kazakhstan
        ("*,1787555,", "*,1787556,"),
        ("*,55300,", "*,55301,"),
    ],
)
def test_a_premium_prefix_agrees_with_its_published_form(write_version: WriteVersion, old: str, new: str) -> None:
    (fault,) = spoiled(write_version, "premium_prefixes.csv", old, new)
    assert "column prefix: disagrees with the published prefix" in fault


@pytest.mark.parametrize("prefix", ["550300", "55300"])
def test_a_national_premium_prefix_is_kept_with_or_without_the_national_prefix(
    write_version: WriteVersion, prefix: str
) -> None:
    root = write_version(spoil=("premium_prefixes.csv", "*,55300,", f"*,{prefix},"))
    assert load_version(root, "2020.1").premium_prefixes["prefix"].to_list() == ["1787555", prefix]


def test_every_fault_of_every_file_is_listed(write_version: WriteVersion) -> None:
    root = write_version()
    for file, old, new in (("plans.csv", "USD,200", "usd,200"), ("taxes.csv", "9.975", "9,975")):
        path = root / "2020.1" / file
        path.write_text(path.read_text().replace(old, new))
    faults = refusal(root)
    assert [fault.partition(":")[0] for fault in faults] == [
        "2020.1/plans.csv, column sha256",
        "2020.1/plans.csv, line 2, column currency",
        "2020.1/taxes.csv, column sha256",
        "2020.1/taxes.csv, line 3",
    ]
