"""`tollbook rates`: a carrier's sheet imported, looked at, frozen, billed with, listed and compared."""

from __future__ import annotations

import csv
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from rate_tables.versions import load_version
from tests.integration.small_office import Office, Outcome, calls_csv, edit, to_london

pytestmark = pytest.mark.integration
Tell = Callable[[list[str]], Outcome]
MAP = """\
mode = "extend"
[columns]
prefix = "Code"
destination = "Name"
rate_per_minute = "Price"
effective_from = "From"
[defaults]
currency = "USD"
[time]
format = "%d.%m.%Y"
zone = "UTC"
"""
SHEET = "Code,Name,Price,From\n4420,London,0.05,01.01.2020\n4478-4479,UK mobile,0.3,01.01.2020\n"


@pytest.fixture(autouse=True)
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def root(small_rates: Path, tmp_path: Path) -> Path:
    """Rate tables of a test's own, with 2020.1 in them."""
    return Path(shutil.copytree(small_rates, tmp_path / "rates"))


@pytest.fixture
def rates(root: Path, told: Tell, tmp_path: Path) -> Callable[..., Outcome]:
    """Runs `tollbook rates` on them; nothing was billed yet."""

    def run(command: str, *arguments: object) -> Outcome:
        warehouse = ["--warehouse", str(tmp_path / "warehouse")] if command in ("lint", "list") else []
        return told(["rates", command, *map(str, arguments), "--rate-tables", str(root), *warehouse])

    return run


@pytest.fixture
def imports(rates: Callable[..., Outcome], tmp_path: Path) -> Callable[..., Outcome]:
    """Imports a sheet with a map into a version."""

    def run(version: str = "2020.2", *flags: str, sheet: str = SHEET, text: str = MAP) -> Outcome:
        deck, map_file = tmp_path / "deck.csv", tmp_path / "map.toml"
        deck.write_text(sheet, encoding="utf-8")
        map_file.write_text(text, encoding="utf-8")
        return rates("import", deck, "--map", map_file, "--into", version, *flags)

    return run


def row_of(root: Path, version: str, begin: str) -> list[str]:
    text = (root / version / "international_rates.csv").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith(begin)]


def test_an_import_begins_a_new_version_with_a_copy_and_tells_what_came_of_it(
    imports: Callable[..., Outcome], root: Path
) -> None:
    outcome = imports("2020.2", "--published-on", "2020-02-01")
    assert (outcome.code, outcome.err) == (0, "")
    assert "begun as a copy of 2020.1; the version is not frozen." in outcome.out
    assert "2 rows read, 0 skipped by the map: 3 priced rows, 0 without a price" in outcome.out
    assert "next: tollbook rates lint 2020.2" in outcome.out
    assert row_of(root, "2020.2", "USD,4479,") == ["USD,4479,UK mobile,GB,mobile,0.3,,,,,2020-01-01,"]
    assert (root / "2020.2" / "manifest.toml").read_text(encoding="utf-8") == (
        'version = "2020.2"\npublished_on = 2020-02-01\nnote = "international_rates.csv from deck.csv"\n'
    )
    names = {path.name for path in (root / "2020.1").iterdir()}
    assert {path.name for path in (root / "2020.2").iterdir()} == names
    assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []


def test_the_same_import_again_changes_nothing(imports: Callable[..., Outcome], root: Path) -> None:
    imports()
    before = {path.name: path.read_bytes() for path in (root / "2020.2").iterdir()}
    outcome = imports()
    assert "rows that were there: 3 replaced" in outcome.out
    assert {path.name: path.read_bytes() for path in (root / "2020.2").iterdir()} == before


def test_every_fault_of_a_sheet_is_told_at_once_and_nothing_is_written(
    imports: Callable[..., Outcome], root: Path
) -> None:
    sheet = SHEET + "44x,Nowhere,0.1,01.01.2020\n4421,Here,free,2020-01-01\n4422,There,0.12345678,01.01.2020\n"
    outcome = imports(sheet=sheet)
    assert outcome.code == 2
    assert outcome.err.removeprefix("tollbook: ").splitlines() == [
        "deck.csv, line 4, column Code: is no prefix, list or range of prefixes ('44x'); write digits, a list such as "
        "1242;1246 or a range 4477-4479",
        "deck.csv, line 5, column From: is no time as %d.%m.%Y in UTC ('2020-01-01'); mend the cell, or time.format "
        "and time.zone in the map",
        "deck.csv, line 5, column Price: is no price ('free'); name the word in price.blocked where it means no price, "
        "or the sign in price.signs",
        "deck.csv, line 6, column Price: has more than 6 decimals ('0.12345678'); ask the carrier for 6 decimals, or "
        'write price.rounding = "up" in the map',
    ]
    assert not (root / "2020.2").exists()


def test_a_prefix_that_stands_there_twice_is_refused_with_both_lines(imports: Callable[..., Outcome]) -> None:
    outcome = imports(sheet=SHEET + "4479,again,0.4,15.01.2020\n")
    assert outcome.code == 2
    assert "deck.csv, line 4, column From: is in force together with line 3 of the same key" in outcome.err


def test_successive_prices_of_a_sheet_end_where_the_next_begins(imports: Callable[..., Outcome], root: Path) -> None:
    outcome = imports(sheet=SHEET + "4420,London,0.06,15.01.2020\n", text=MAP + "successive = true\n")
    assert outcome.code == 0
    begins = [line.split(",")[-2:] for line in row_of(root, "2020.2", "USD,4420,")]
    assert begins[-2:] == [["2020-01-01", "2020-01-15"], ["2020-01-15", ""]]


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("2020.1",), "2020.1: the version is frozen; import into a new version"),
        (("../2020.2",), "--into: is no name of a version ('../2020.2')"),
        ((".2020",), "--into: is no name of a version"),
        (("2020.2", "--base", "1999.1"), "there is no such rate version ('1999.1'); use one of: 2020.1"),
        (("2020.2", "--published-on", "soon"), "--published-on: this is no date ('soon')"),
    ],
)
def test_an_import_to_nowhere_is_refused(
    imports: Callable[..., Outcome], flags: tuple[str, ...], sentence: str
) -> None:
    outcome = imports(*flags)
    assert outcome.code == 2
    assert sentence in outcome.err


def test_a_map_that_is_no_toml_is_refused_with_its_line(imports: Callable[..., Outcome]) -> None:
    outcome = imports(text="mode = \n")
    assert outcome.code == 2
    assert outcome.err.startswith("tollbook: map.toml, line 1: is not TOML")


def test_lint_tells_findings_with_their_places_and_writes_them(
    imports: Callable[..., Outcome], rates: Callable[..., Outcome], tmp_path: Path, root: Path
) -> None:
    imports(sheet=SHEET.replace("0.3", "30") + "969,Old Yemen,0.1,01.01.2020\n")
    outcome = rates("lint", "2020.2", "-o", tmp_path / "lint.csv")
    assert outcome.code == 0
    assert "0 errors, " in outcome.out
    assert "prices compared with 2020.1; no issued month to look calls up in." in outcome.out
    with (tmp_path / "lint.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    lines = (root / "2020.2" / "international_rates.csv").read_text(encoding="utf-8").splitlines()
    [unknown] = [row for row in found if row["rule"] == "unknown_prefix" and row["value"] == "969"]
    assert lines[int(unknown["line"]) - 1].startswith("USD,969,")
    assert unknown["file"] == "international_rates.csv"
    assert [row["value"] for row in found if row["rule"] == "price_moved" and row["value"] == "4479"] == ["4479"]


def test_errors_make_lint_fail_and_stop_a_freeze(
    imports: Callable[..., Outcome], rates: Callable[..., Outcome], root: Path
) -> None:
    imports()
    edit(root / "2020.2" / "international_rates.csv", lambda text: text + "USD,4479,,,,-1,,,,,2020-01-15,\n")
    (root / "2020.2" / "notes.txt").write_text("x", encoding="utf-8")
    outcome = rates("lint", "2020.2")
    assert outcome.code == 2
    assert "3 errors" in outcome.out
    outcome = rates("freeze", "2020.2")
    assert outcome.code == 2
    assert "is in force together with line" in outcome.err
    assert "2020.2/notes.txt: is no file of a rate version; take it out of the folder" in outcome.err
    assert "column rate_per_minute" in outcome.err
    assert "sha256" not in (root / "2020.2" / "manifest.toml").read_text(encoding="utf-8")


def test_lint_tells_a_plan_with_a_prefix_twice_and_a_missing_file_and_looks_on(
    imports: Callable[..., Outcome], rates: Callable[..., Outcome], root: Path
) -> None:
    imports()
    edit(root / "2020.2" / "numbering_plan.csv", lambda text: text + "44,FR,,geographic\n")
    (root / "2020.2" / "toll_free_rates.csv").unlink()
    outcome = rates("lint", "2020.2")
    assert outcome.code == 2
    assert "2 errors, " in outcome.out
    assert "repeats the key of line" in outcome.out
    assert "price_lost: " in outcome.out


def test_premium_prefixes_are_checked_beside_their_published_form(imports: Callable[..., Outcome], root: Path) -> None:
    text = """\
table = "premium_prefixes"
mode = "extend"
[columns]
prefix = "Code"
published_prefix = "Published"
rate_per_minute = "Price"
[defaults]
country = "US"
currency = "USD"
plan_id = "*"
effective_from = "2020-01-15"
"""
    outcome = imports(sheet="Code,Published,Price\n787555,787555,1.5\n", text=text)
    assert outcome.code == 2
    assert "deck.csv, line 2, column Code: disagrees with the published prefix 787555" in outcome.err
    assert imports(sheet="Code,Published,Price\n1201976,201976,1.5\n", text=text).code == 0
    added = (root / "2020.2" / "premium_prefixes.csv").read_text(encoding="utf-8")
    assert "US,USD,*,1201976,201976,,1.5,,,,,2020-01-15,\n" in added


def test_a_sheet_without_rows_is_refused(imports: Callable[..., Outcome]) -> None:
    outcome = imports(sheet="Code,Name,Price,From\n")
    assert (outcome.code, "deck.csv: has no row with a prefix" in outcome.err) == (2, True)


@pytest.mark.parametrize("flag", ["--parent-ratio", "--move-ratio"])
@pytest.mark.parametrize("ratio", ["1", "0.5", "x", "1/0", "-2"])
def test_a_ratio_that_is_none_is_refused(rates: Callable[..., Outcome], flag: str, ratio: str) -> None:
    outcome = rates("lint", "2020.1", f"{flag}={ratio}")
    assert (outcome.code, f"{flag}: is no ratio" in outcome.err) == (2, True)


def test_a_frozen_version_is_read_only_loads_and_never_freezes_again(
    imports: Callable[..., Outcome], rates: Callable[..., Outcome], root: Path
) -> None:
    imports("2020.2", "--published-on", "2020-02-01")
    outcome = rates("freeze", "2020.2")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("2020.2 is frozen: ")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (root / "2020.2").iterdir()}
    assert (modes, stat.S_IMODE((root / "2020.2").stat().st_mode)) == ({0o444}, 0o555)
    assert load_version(root, "2020.2").international_rates.height > 0
    again = rates("freeze", "2020.2")
    assert (again.code, "the version is frozen already" in again.err) == (2, True)
    more = imports()
    assert (more.code, "2020.2: the version is frozen; import into a new version" in more.err) == (2, True)


def test_a_frozen_version_does_not_need_the_one_it_was_copied_from(
    imports: Callable[..., Outcome], rates: Callable[..., Outcome], root: Path
) -> None:
    imports()
    assert rates("freeze", "2020.2").code == 0
    shutil.rmtree(root / "2020.1")
    assert load_version(root, "2020.2").version == "2020.2"
    assert rates("lint", "2020.2").code == 0


@pytest.mark.parametrize(
    "arguments", [("list",), ("freeze", "2020.2"), ("diff", "2020.1", "2020.2"), ("lint", "2020.2")]
)
def test_a_version_with_one_byte_changed_is_refused_by_name(
    imports: Callable[..., Outcome], rates: Callable[..., Outcome], root: Path, arguments: tuple[str, ...]
) -> None:
    imports()
    assert rates("freeze", "2020.2").code == 0
    fees = root / "2020.2" / "fees.csv"
    fees.chmod(0o644)
    content = fees.read_bytes()
    fees.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    outcome = rates(*arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("tollbook: 2020.2/fees.csv, column sha256: has another hash than the manifest")


def test_list_shows_the_versions_and_the_runs_that_used_them(
    office: Office,
    told: Tell,
    imports: Callable[..., Outcome],
    rates: Callable[..., Outcome],
    root: Path,
    tmp_path: Path,
) -> None:
    imports("2020.2", "--published-on", "2020-02-01")
    bill = ["bill", "2020-02", "--cdrs", str(office.folder / "inbox"), "--contracts", str(office.contracts)]
    assert told([*bill, "--rate-tables", str(root), "--warehouse", str(tmp_path / "warehouse")]).code == 0
    outcome = rates("list")
    assert outcome.code == 0
    shown = [line.split() for line in outcome.out.splitlines() if line.strip().startswith("2020.")]
    assert [(row[0], row[1], row[4:]) for row in shown] == [
        ("2020.1", "2020-01-01", ["frozen", "2020-02", "bill"]),
        ("2020.2", "2020-02-01", ["not", "frozen", "no", "run"]),
    ]
    assert load_version(root, "2020.1").digest.startswith(shown[0][3])


def test_a_bill_uses_the_new_prices_once_they_are_frozen(
    office: Office,
    told: Tell,
    imports: Callable[..., Outcome],
    rates: Callable[..., Outcome],
    root: Path,
    tmp_path: Path,
) -> None:
    imports("2020.2", "--published-on", "2020-02-01")
    assert rates("freeze", "2020.2").code == 0
    bill = ["bill", "2020-02", "--cdrs", str(office.folder / "inbox"), "--contracts", str(office.contracts)]
    assert told([*bill, "--rate-tables", str(root), "--warehouse", str(office.warehouse)]).code == 0
    billed = office.rows("select rate_prefix, destination, rate_per_minute::varchar, cost::varchar from billed_calls")
    assert billed == [("4420", "London", "0.050000", "0.050000")]


def test_lint_looks_up_the_calls_of_the_last_issued_month(
    office: Office,
    told: Tell,
    imports: Callable[..., Outcome],
    rates: Callable[..., Outcome],
    root: Path,
    tmp_path: Path,
) -> None:
    office.put("calls.csv", calls_csv(to_london("c1"), to_london("c2").replace("+442071234567", "+96912345678")))
    bill = ["bill", "2020-02", "--cdrs", str(office.folder / "inbox"), "--contracts", str(office.contracts)]
    assert told([*bill, "--rate-tables", str(root), "--warehouse", str(tmp_path / "warehouse")]).code == 0
    imports(sheet="Code,Name,Price,From\n49,Germany,0.05,01.01.2020\n", text=MAP.replace("extend", "replace"))
    outcome = rates("lint", "2020.2", "-o", tmp_path / "lint.csv")
    assert "calls of the last issued month looked up" in outcome.out
    found = pl.read_csv(tmp_path / "lint.csv", infer_schema=False).filter(pl.col("rule") == "called_without_price")
    assert sorted(found["finding"]) == [
        "1 calls, 60 seconds (billed): numbers such as 4420 have no price in USD",
        "1 calls, 60 seconds (suspended): numbers such as 96912345678 are in no numbering plan",
    ]


def test_diff_shows_old_and_new_and_writes_csv_and_parquet(
    imports: Callable[..., Outcome], rates: Callable[..., Outcome], tmp_path: Path
) -> None:
    imports()
    outcome = rates("diff", "2020.1", "2020.2", "-o", tmp_path / "diff.csv")
    assert outcome.code == 0
    assert "From 2020.1 to 2020.2: rows" in outcome.out
    assert rates("diff", "2020.1", "2020.2", "-o", tmp_path / "diff.parquet").code == 0
    written = pl.read_parquet(tmp_path / "diff.parquet")
    columns = ["table", "change", "key", "column", "old", "new", "old_line", "new_line"]
    assert written.columns == columns
    as_text = pl.read_csv(tmp_path / "diff.csv", infer_schema=False)
    assert as_text.rows() == written.cast(pl.String).rows()
    assert rates("diff", "2020.1", "2020.1").out == "2020.1 and 2020.1 have the same rows.\n"
    other = rates("diff", "2020.1", "2020.2", "-o", tmp_path / "diff.xlsx")
    assert (other.code, other.out, "is no .csv or .parquet file" in other.err) == (2, "", True)


def test_an_unknown_version_is_refused_with_those_that_are_there(rates: Callable[..., Outcome]) -> None:
    for arguments in (("lint", "x"), ("freeze", "x"), ("diff", "2020.1", "x")):
        outcome = rates(*arguments)
        assert (outcome.code, "there is no such rate version ('x'); use one of: 2020.1" in outcome.err) == (2, True)
