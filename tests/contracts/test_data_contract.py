"""The data contract, clause by clause: tables, columns, types, headers, flags, exit codes.

The month is a small demo month, billed once. What is expected stands in `contract_tables` as literals.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest

from flows.cli import run
from tests.contracts.contract_tables import RATE_COLUMNS, VIEWS, WAREHOUSE_COLUMNS

ROOT = Path(__file__).parents[2]
RATES = str(ROOT / "rate_tables")
ENGLISH = (
    "Source Number,Destination Number,Start Time (UTC),End Time (UTC),Duration (Seconds),Billable Minutes,"
    "Total Cost,Rate,Call Type"
)
FRENCH = (
    "Numéro de la source,Numéro de destination,Heure de début (UTC),Heure de fin (UTC),Durée (secondes),"
    "Minutes facturables,Coût Total,Taux,Type d’appel"
)
ENGLISH_PAIRS = (
    "Source Number,Destination Number,First Start,Last End,Calls,Duration,Billable Minutes,Total Cost,Rate,Call Type"
)
FRENCH_PAIRS = (
    "Numéro de la source,Numéro de destination,Premier début (UTC),Dernière fin (UTC),Appels,"
    "Durée (secondes),Minutes facturables,Coût Total,Taux,Type d’appel"
)

pytestmark = pytest.mark.integration


class Told(NamedTuple):
    """What a command line said and how it ended."""

    exit_code: int
    output: str
    errors: str


def told(*words: str) -> Told:
    """Runs a command line in this process."""
    output, errors = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        exit_code = run(words)
    output.flush()
    return Told(exit_code, output.buffer.getvalue().decode(), errors.getvalue())  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDRS", "CONTRACTS", "RATE_TABLES", "RATES", "WAREHOUSE", "ISSUE_DATE", "PREFECT"):
        monkeypatch.delenv(f"TOLLBOOK_{name}", raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo month of 300 calls and 12 accounts."""
    folder = tmp_path_factory.mktemp("contract")
    made = told("demo", "--calls", "300", "--accounts", "12", "--seed", "3", "-o", str(folder / "demo"))
    assert made.exit_code == 0, made.errors
    return folder / "demo"


def _flags(demo: Path, warehouse: Path) -> list[str]:
    inputs = ["--cdrs", str(demo / "inbox"), "--contracts", str(demo / "contracts"), "--rate-tables", RATES]
    return [*inputs, "--warehouse", str(warehouse)]


@pytest.fixture(scope="module")
def warehouse(demo: Path) -> Path:
    """The warehouse of the demo month billed, every flag of the contract named."""
    flags = _flags(demo, demo / "warehouse")
    billed = told("bill", "2020-02", *flags, "--rates", "2020.1", "--issue-date", "2020-02-03")
    assert billed.exit_code == 0, billed.errors
    return demo / "warehouse"


@pytest.fixture(scope="module")
def database(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, opened as an analyst opens it."""
    connection = duckdb.connect(str(warehouse / "tollbook.duckdb"), read_only=True)
    yield connection
    connection.close()


def _columns(database: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    query = "select column_name, data_type from duckdb_columns() where table_name = $table order by column_index"
    return database.sql(query, params={"table": table}).fetchall()


@pytest.mark.parametrize("table", WAREHOUSE_COLUMNS)
def test_a_table_has_the_columns_and_types_of_the_contract_in_order(
    database: duckdb.DuckDBPyConnection, table: str
) -> None:
    expected = WAREHOUSE_COLUMNS[table]
    assert _columns(database, table)[: len(expected)] == expected


@pytest.mark.parametrize("table", RATE_COLUMNS)
def test_a_rate_table_has_the_columns_of_its_file_and_its_version(
    database: duckdb.DuckDBPyConnection, table: str
) -> None:
    names = [name for name, _ in _columns(database, table)]
    assert names[: len(RATE_COLUMNS[table])] == RATE_COLUMNS[table]
    versions = database.sql(f"select distinct rate_version from {table}").fetchall()
    assert versions == [("2020.1",)]


@pytest.mark.parametrize("table", RATE_COLUMNS)
def test_a_rate_table_has_every_row_of_its_file(database: duckdb.DuckDBPyConnection, table: str) -> None:
    file = "international_rates" if table == "rates" else table
    rows = pl.read_csv(ROOT / "rate_tables" / "2020.1" / f"{file}.csv", infer_schema=False).height
    assert database.sql(f"select count(*) from {table}").fetchall() == [(rows,)]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_the_contract_can_be_queried(database: duckdb.DuckDBPyConnection, view: str) -> None:
    assert database.sql(f"select * from {view} limit 1").columns
    assert database.sql("select view_name from duckdb_views() where view_name = $view", params={"view": view})


def test_run_controls_show_both_sides_and_their_difference(database: duckdb.DuckDBPyConnection) -> None:
    columns = [name for name, _ in _columns(database, "run_controls")]
    assert columns == ["run_id", "control", "subject", "left_side", "right_side", "difference"]


def test_every_table_and_view_carries_a_comment(database: duckdb.DuckDBPyConnection) -> None:
    bare = database.sql(
        "select table_name from duckdb_tables() where coalesce(comment, '') = '' "
        "union all select view_name from duckdb_views() where not internal and coalesce(comment, '') = ''"
    )
    assert bare.fetchall() == []


def test_every_column_carries_a_comment(database: duckdb.DuckDBPyConnection) -> None:
    query = """
        select table_name, column_name from duckdb_columns()
        where not internal and (coalesce(comment, '') = '' or comment = column_name)
    """
    assert database.sql(query).fetchall() == []


def test_an_invoice_is_named_by_account_and_month(database: duckdb.DuckDBPyConnection) -> None:
    first = database.sql("select invoice_id, invoice_month::varchar from invoices limit 1").fetchall()
    assert first == [("A00001-2020-02", "2020-02-01")]


def test_the_published_file_is_a_link_to_a_file_that_nobody_writes(warehouse: Path) -> None:
    link = warehouse / "tollbook.duckdb"
    assert link.is_symlink()
    assert link.resolve().parent == warehouse.resolve()
    assert link.resolve().stat().st_mode & 0o222 == 0


def test_files_stand_where_the_contract_says(warehouse: Path, database: duckdb.DuckDBPyConnection) -> None:
    [(run_id,)] = database.sql("select run_id from runs").fetchall()
    assert (warehouse / "runs" / run_id / "manifest.json").is_file()
    assert (warehouse / "details" / "2020-01" / "A00001.csv").is_file()


def test_a_run_keeps_a_copy_of_the_contracts_it_read(
    demo: Path, warehouse: Path, database: duckdb.DuckDBPyConnection
) -> None:
    [(run_id,)] = database.sql("select run_id from runs").fetchall()
    kept = warehouse / "runs" / run_id / "contracts" / "accounts.csv"
    assert kept.read_bytes() == (demo / "contracts" / "accounts.csv").read_bytes()


@pytest.mark.parametrize(
    ("words", "header"),
    [
        (("--lang", "en"), ENGLISH),
        (("--lang", "fr"), FRENCH),
        (("--lang", "en", "--by-pair"), ENGLISH_PAIRS),
        (("--lang", "fr", "--by-pair"), FRENCH_PAIRS),
    ],
)
def test_details_have_the_header_of_their_language_and_form(
    warehouse: Path, words: tuple[str, ...], header: str
) -> None:
    asked = told("details", "A00001", "2020-01", *words, "--warehouse", str(warehouse))
    assert asked.output.split("\r\n")[0] == "\ufeff" + header


def test_every_setting_of_bill_may_come_from_the_environment(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "CDRS": demo / "inbox",
        "CONTRACTS": demo / "contracts",
        "RATE_TABLES": RATES,
        "RATES": "2020.1",
        "WAREHOUSE": tmp_path / "from-environment",
        "ISSUE_DATE": "2020-02-05",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"TOLLBOOK_{name}", str(value))
    billed = told("bill", "2020-02")
    assert billed.exit_code == 0, billed.errors
    with duckdb.connect(str(tmp_path / "from-environment" / "tollbook.duckdb"), read_only=True) as published:
        dates = published.sql("select distinct issue_date::varchar, due_date::varchar from invoices").fetchall()
    assert dates == [("2020-02-05", "2020-02-20")]


def test_a_month_billed_again_from_the_same_inputs_is_done(demo: Path, warehouse: Path) -> None:
    again = told("bill", "2020-02", *_flags(demo, warehouse), "--issue-date", "2020-02-03")
    assert again.exit_code == 0


def test_a_month_billed_again_from_other_inputs_is_refused_and_names_rerun(demo: Path, warehouse: Path) -> None:
    again = told("bill", "2020-02", *_flags(demo, warehouse), "--issue-date", "2020-02-04")
    assert again.exit_code == 2
    assert "tollbook rerun 2020-02" in again.errors


def _entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--cdrs", "nowhere"), "nowhere"),
        (("--contracts", "nowhere"), "nowhere"),
        (("--rate-tables", "nowhere"), "nowhere"),
        (("--rates", "1999.9"), "1999.9"),
        (("--issue-date", "2020-02-08"), "2020-02-08"),
        (("--issue-date", "soon"), "soon"),
    ],
)
def test_a_bill_on_wrong_input_ends_with_2_and_changes_nothing(
    demo: Path, tmp_path: Path, changed: tuple[str, str], said: str
) -> None:
    words = _flags(demo, tmp_path / "warehouse")
    flags = dict(zip(words[::2], words[1::2], strict=True)) | dict([changed])
    asked = told("bill", "2020-02", *(word for pair in flags.items() for word in pair))
    assert asked.exit_code == 2
    assert said in asked.errors.splitlines()[0]
    assert _entries(tmp_path / "warehouse") <= {".lock"}


@pytest.mark.parametrize(
    "words",
    [
        ("bill",),
        ("bill", "2020-13"),
        ("bill", "February"),
        ("bill", "2020-02", "--no-such-flag"),
        ("no-such-command",),
        ("details", "A00001"),
        ("details", "A00001", "2020-01", "--lang", "de"),
        ("demo", "--calls", "many"),
    ],
)
def test_wrong_use_ends_with_2_and_says_so_on_stderr(words: tuple[str, ...]) -> None:
    asked = told(*words)
    assert asked.exit_code == 2
    assert asked.errors.strip()
    assert not asked.output.strip()


def test_a_failed_control_ends_with_3_and_publishes_nothing(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.next_database

    true_tables = flows.next_database.small_tables

    def one_cent_more(month: Any) -> dict[str, pl.DataFrame]:
        tables = true_tables(month)
        cent = pl.lit("0.01").str.to_decimal(scale=2)
        return {**tables, "invoices": tables["invoices"].with_columns(pl.col("total") + cent)}

    monkeypatch.setattr(flows.next_database, "small_tables", one_cent_more)
    asked = told("bill", "2020-02", *_flags(demo, tmp_path / "warehouse"))
    assert asked.exit_code == 3
    assert "subtotal + tax = total" in asked.errors
    assert _entries(tmp_path / "warehouse").isdisjoint({"tollbook.duckdb", "details", "runs"})


def test_anything_unforeseen_ends_with_1(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("flows.runner.bill_month", broken)
    asked = told("bill", "2020-02", *_flags(demo, tmp_path / "warehouse"))
    assert asked.exit_code == 1
    assert "the disk is gone" in asked.errors.splitlines()[0]
