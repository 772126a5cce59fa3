"""Call details are confidential: file modes, logs, ids as file names, formulas (issue of privacy and safety)."""

from __future__ import annotations

import csv
import io
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.small_office import Office, Outcome, calls_csv, edit, run_child, to_london

pytestmark = pytest.mark.integration
Tell = Callable[[list[str]], Outcome]
WIDE_OPEN = "import os, sys; os.umask(0); from flows.cli import run; sys.exit(run(sys.argv[1:]))"
UNKNOWN = "+33123456789"
SAFE_CELL = re.compile(r"\+?[0-9*#.]*|[0-9: -]+|[A-Z][A-Za-z -]+")


def too_open(folder: Path) -> dict[str, str]:
    """Files and folders that others may read, or the group may write."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in folder.rglob("*") if not path.is_symlink()}
    return {str(path): oct(mode) for path, mode in modes.items() if mode & ~(0o750 if path.is_dir() else 0o640)}


def test_nothing_in_a_warehouse_can_be_read_by_others_whatever_the_umask(office: Office) -> None:
    office.put("calls.csv", calls_csv(to_london("c1"), to_london("c2").replace("+442071234567", UNKNOWN)))
    ended = run_child(office.arguments(), program=WIDE_OPEN)
    assert ended.code == 0, ended.err
    assert too_open(office.warehouse) == {}
    assert stat.S_IMODE(office.warehouse.stat().st_mode) == 0o750
    database = (office.warehouse / "tollbook.duckdb").resolve()
    assert stat.S_IMODE(database.stat().st_mode) == 0o440
    exported = office.folder / "out" / "suspended.csv"
    words = ["suspended", "2020-01", "--warehouse", str(office.warehouse), "-o", str(exported)]
    assert run_child(words, program=WIDE_OPEN).code == 0
    assert too_open(office.folder / "out") == {}


def test_what_is_half_done_can_be_read_by_nobody_else_either(office: Office) -> None:
    ended = run_child(office.arguments(command="ingest", month="2020-01"), program=WIDE_OPEN)
    assert ended.code == 0, ended.err
    assert too_open(office.warehouse) == {}


@pytest.mark.parametrize("account", ["../../x", "a/b", "..", ".hidden", "x" * 300, "a\0b", "a b", "a\\b", "é"])
def test_an_account_id_that_is_no_file_name_is_refused(account: str, office: Office, told: Tell) -> None:
    edit(office.contracts / "accounts.csv", lambda text: text.replace("A1,", f"{account},"))
    before = sorted(office.folder.rglob("*"))
    outcome = told(office.arguments())
    assert outcome.code == 2
    assert "accounts.csv" in outcome.err and "Traceback" not in outcome.err
    assert [path for path in sorted(office.folder.rglob("*")) if path not in before] in ([], [office.warehouse])


@pytest.mark.parametrize("account", ["../../x", "/etc/passwd", "x' or '1'='1", "CON"])
def test_an_id_that_is_asked_for_is_never_a_path(account: str, office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    outcome = told(["details", account, "2020-01", "--warehouse", str(office.warehouse)])
    assert outcome.code == 2
    assert "no contract or invoice of this account is known" in outcome.err


@pytest.mark.parametrize("account", ["CON", "nul", "x" * 64, "-rf", "a..b"])
def test_odd_ids_that_the_contract_allows_have_their_own_file(account: str, office: Office, told: Tell) -> None:
    for name in ("accounts.csv", "account_items.csv"):
        edit(office.contracts / name, lambda text: text.replace("A1,", f"{account},"))
    office.put("calls.csv", calls_csv(to_london("c1").replace("A1,", f"{account},")))
    assert told(office.arguments()).code == 0
    assert [path.name for path in (office.warehouse / "details" / "2020-01").iterdir()] == [f"{account}.csv"]


def two_alike(office: Office) -> None:
    for name in ("accounts.csv",):
        edit(office.contracts / name, lambda text: text.replace("B2,", "a1,"))
    office.put("calls.csv", calls_csv(to_london("c1"), to_london("c2").replace("A1,", "a1,")))


def test_ids_that_differ_in_capitals_have_two_files(office: Office, told: Tell) -> None:
    two_alike(office)
    assert told(office.arguments()).code == 0
    assert sorted(path.name for path in (office.warehouse / "details" / "2020-01").iterdir()) == ["A1.csv", "a1.csv"]


def test_a_file_system_that_puts_one_in_place_of_the_other_publishes_nothing(
    office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_alike(office)
    opened = Path.open

    def in_small_letters(path: Path, mode: str = "r", **flags: object) -> object:
        folds = path.parent.name == "details" and "w" in mode
        return opened(path.with_name(path.name.lower()) if folds else path, mode, **flags)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", in_small_letters)
    outcome = told(office.arguments())
    assert outcome.code == 3
    assert "2 accounts have billed call details and 1 files were written" in outcome.err
    assert office.shows_nothing()


def test_details_have_no_cell_that_a_spreadsheet_runs(office: Office, told: Tell) -> None:
    """Rule 11 fixes the format: numbers stand with their +, and nothing else begins so."""
    rows = [
        to_london("=c1"),
        to_london("c2").replace("+12125550001", ""),
        to_london("c3").replace("+12125550001", "2001"),
    ]
    office.put("calls.csv", calls_csv(*rows))
    assert told(office.arguments()).code == 0
    text = (office.warehouse / "details" / "2020-01" / "A1.csv").read_text(encoding="utf-8-sig")
    cells = [cell for row in list(csv.reader(io.StringIO(text)))[1:] for cell in row]
    assert len(cells) == 27
    assert [cell for cell in cells if not SAFE_CELL.fullmatch(cell)] == []


def test_text_of_others_in_an_export_is_no_formula(office: Office, told: Tell) -> None:
    bad_id = to_london("=HYPERLINK(0)").replace("+442071234567", UNKNOWN)
    office.put("calls.csv", calls_csv(bad_id, to_london("@c2").replace("+442071234567", UNKNOWN)))
    assert told(office.arguments()).code == 0
    exported = office.folder / "suspended.csv"
    words = ["suspended", "2020-01", "--warehouse", str(office.warehouse), "-o", str(exported)]
    assert told(words).code == 0
    rows = list(csv.DictReader(io.StringIO(exported.read_text(encoding="utf-8"))))
    assert [row["call_id"] for row in rows] == ["'=HYPERLINK(0)", "'@c2"]
    assert [row["raw_record"][:3] for row in rows] == ["'=H", "'@c"]
    assert {row["destination_number"] for row in rows} == {UNKNOWN}


def test_a_flow_run_keeps_no_number_in_its_log_or_state(office: Office, tmp_path: Path) -> None:
    """A contract that names a number twice is refused by name on the screen, and without it in the flow's records."""
    number = "+12125550177"
    header = "account_id,number,kind,charge_code,start_date,cancel_requested_on,billing_group\n"
    rows = f"A1,{number},two_way,did_two_way,2019-01-01,,\nB2,{number},two_way,did_two_way,2019-01-01,,\n"
    (office.contracts / "phone_numbers.csv").write_text(header + rows, encoding="utf-8")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from flows.flow_run import prepare_environment\n"
        "import os\n"
        "os.environ['PREFECT_LOGGING_LEVEL'] = 'INFO'\n"
        "prepare_environment(Path(sys.argv[1]))\n"
        "from flows.month_end import month_end\n"
        "state = month_end('2020-02', cdrs=Path(sys.argv[2]), contracts=Path(sys.argv[3]), "
        "rate_tables=Path(sys.argv[4]), warehouse=Path(sys.argv[5]), return_state=True)\n"
        "print(state.type, state.message)\n"
    )
    places = [office.folder / "inbox", office.contracts, office.rate_tables, office.warehouse]
    ended = run_child([str(tmp_path / "home"), *map(str, places)], program=program, timeout=180)
    assert "FAILED" in ended.out, ended.err
    assert number[1:] not in ended.out + ended.err
    assert "*******0177" in ended.out + ended.err
    told = run_child(office.arguments())
    assert told.code == 2 and number in told.err
