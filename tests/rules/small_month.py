"""A month of a few literal rows, billed by the command line in process: what the rule tests look at."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import duckdb

from flows.cli import run
from schemas.contract_files import CONTRACT_TABLES
from schemas.source_spec import CANONICAL_COLUMNS
from tests.rules.small_rates import Row, table_text, write_rates

Cells = tuple[object, ...]
Calls = Sequence[Row]


def account(account_id: str = "A", **cells: object) -> Row:
    """An account in New York on `metered` (no minutes included), billed since 2019."""
    row = {"account_id": account_id, "name": f"Customer {account_id}", "country": "US", "region": "NY"}
    return {
        **row,
        "plan_id": "metered",
        "billing_start": "2019-01-01",
        "invoice_recipients": "billing@example.com",
        **cells,
    }


def item(item_id: str, charge_code: str = "phone", **cells: object) -> Row:
    """One unit of a device of account A since 2019."""
    row = {"account_id": "A", "item_id": item_id, "charge_code": charge_code, "quantity": 1}
    return {**row, "start_date": "2019-01-01", **cells}


def number(text: str, **cells: object) -> Row:
    """A two-way number of account A since 2019."""
    row = {"account_id": "A", "number": text, "kind": "two_way", "charge_code": "did"}
    return {**row, "start_date": "2019-01-01", **cells}


def call(call_id: str, destination: str = "+12125550199", seconds: object = 60, **cells: object) -> Row:
    """An outbound call of account A from New York on 10 January 2020 at noon."""
    row = {"call_id": call_id, "account_id": "A", "source_number": "+12125550100", "direction": "outbound"}
    return {
        **row,
        "destination_number": destination,
        "start_time": "2020-01-10T12:00:00Z",
        "duration_seconds": seconds,
        **cells,
    }


def one_time(charge_id: str, **cells: object) -> Row:
    """A number change of account A on 10 January 2020, at list price."""
    row = {"account_id": "A", "charge_id": charge_id, "charge_date": "2020-01-10"}
    return {**row, "charge_code": "number_change", "quantity": 1, **cells}


def returned(rma_id: str, **cells: object) -> Row:
    """Equipment of 100.00 that account A sent back within 30 days, verified in January 2020."""
    row = {"account_id": "A", "rma_id": rma_id, "price": "100.00", "shipped_on": "2019-12-20"}
    return {**row, "received_on": "2020-01-10", "verified_on": "2020-01-12", **cells}


@dataclass(frozen=True)
class SmallMonth:
    """What the command line made of a month: its exit code, what it said on stderr, and the warehouse."""

    folder: Path
    exit_code: int
    message: str

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The published database, opened once."""
        return duckdb.connect(str(self.warehouse / "tollbook.duckdb"), read_only=True)

    def rows(self, query: str) -> list[Cells]:
        """Rows of a query; decimals and dates as text."""
        return [tuple(_plain(cell) for cell in row) for row in self.connection.sql(query).fetchall()]

    def lines(self, columns: str, account_id: str = "A", where: str = "true") -> list[Cells]:
        """Columns of an account's invoice lines, in their order."""
        wanted = f"account_id = '{account_id}' and {where}"
        return self.rows(f"select {columns} from invoice_line_items where {wanted} order by line_number")

    def invoice(self, columns: str, account_id: str = "A") -> list[Cells]:
        """Columns of an account's invoice; no row without one."""
        return self.rows(f"select {columns} from invoices where account_id = '{account_id}'")

    def billed(self, columns: str = "call_type, billable_seconds, cost", where: str = "true") -> list[Cells]:
        """Columns of the billed calls by call id."""
        return self.rows(f"select {columns} from billed_calls where {where} order by call_id")

    def outcome(self, call_id: str) -> str:
        """Where a call ended: its call type, or the reason why it is not billed, or why it is set aside."""
        (found,) = self.rows(
            f"""
            select call_type from billed_calls where call_id = '{call_id}'
            union all select reason from unbilled_calls where call_id = '{call_id}'
            union all select reason from set_aside_records where raw_record like '{call_id},%'
            """
        )
        return str(found[0])

    def details(self, account_id: str = "A") -> str:
        """The published details CSV of January, decoded but for its byte order mark."""
        path = self.warehouse / "details" / "2020-01" / f"{account_id}.csv"
        return path.read_bytes().decode()


def _plain(cell: object) -> object:
    return str(cell) if isinstance(cell, Decimal | dt.date) else cell


def write_month(
    folder: Path,
    *,
    invoice_month: str,
    accounts: Sequence[Row] = (),
    account_plans: Sequence[Row] = (),
    items: Sequence[Row] = (),
    numbers: Sequence[Row] = (),
    one_time_charges: Sequence[Row] = (),
    equipment_returns: Sequence[Row] = (),
    calls: Sequence[Row] = (),
    call_files: Mapping[str, str] | None = None,
    rates: Mapping[str, Sequence[Row]] | None = None,
) -> None:
    """The inputs of a month: contracts, call records and a rate version of its own."""
    tables = {
        "accounts": accounts or [account()],
        "account_plans": account_plans,
        "account_items": items,
        "phone_numbers": numbers,
        "one_time_charges": one_time_charges,
        "equipment_returns": equipment_returns,
    }
    contracts = folder / "contracts"
    contracts.mkdir(parents=True)
    for spec in CONTRACT_TABLES:
        text = table_text([column.name for column in spec.columns], tables[spec.name])
        (contracts / f"{spec.name}.csv").write_text(text, encoding="utf-8")
    write_rates(folder / "rates", rates or {})
    year, month = (int(part) for part in invoice_month.split("-"))
    usage_month = f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"
    files = call_files or {"calls.csv": table_text(CANONICAL_COLUMNS, calls)}
    for name, text in files.items():
        path = folder / "inbox" / usage_month / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def bill_small_month(
    folder: Path, *, invoice_month: str = "2020-02", issue_date: str | None = None, **inputs: object
) -> SmallMonth:
    """The month of these rows, billed into the folder; see `write_month` for the inputs."""
    write_month(folder, invoice_month=invoice_month, **inputs)  # type: ignore[arg-type]
    words = ["bill", invoice_month]
    for flag, name in (("cdrs", "inbox"), ("contracts", "contracts"), ("rate-tables", "rates")):
        words += [f"--{flag}", str(folder / name)]
    words += ["--warehouse", str(folder / "warehouse")]
    if issue_date is not None:
        words += ["--issue-date", issue_date]
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run(words)
    return SmallMonth(folder, code, said.getvalue())
