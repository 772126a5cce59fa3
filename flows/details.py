"""The billed call details of an account on request, in any language and form (rule 11)."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from flows.files import read_parquet
from flows.settings import month_text, parse_month
from flows.warehouse import calls_told, published
from schemas.contract_files import ACCOUNTS
from schemas.faults import Fault, InputRefusedError
from schemas.text_tables import read_csv_table, read_frame_table
from transforms.call_details import LINE_END, detail_rows, header, pair_rows
from transforms.timestamps import add_months

_CALLS = """
select source_number, destination_number, start_time, end_time, duration_seconds, billable_seconds, included_seconds,
    call_type, rate_per_minute, cost
from billed_calls
where account_id = $account and usage_month = $usage_month and call_type <> 'included'
    and run_id = $run_id
order by start_time, call_id, source
"""
_LANGUAGE = """
select language from invoices where account_id = $account
order by invoice_month = $month desc, invoice_month desc limit 1
"""


def _run_and_language(
    connection: duckdb.DuckDBPyConnection | None, warehouse: Path, account: str, usage_month: str
) -> tuple[str, str]:
    """The run that issued the month, and the account's language on its invoice (`en` without one)."""
    invoice_month = add_months(parse_month(usage_month), 1)
    missing = InputRefusedError(
        Fault(
            usage_month,
            "no invoices were published for the calls of this month",
            f"run `tollbook bill {month_text(invoice_month)}` first",
        )
    )
    if connection is None:
        raise missing
    runs = connection.sql(
        "select run_id from runs where invoice_month = $month and kind = 'bill'",
        params={"month": invoice_month},
    ).fetchall()
    if not runs:
        raise missing
    found = connection.sql(_LANGUAGE, params={"month": invoice_month, "account": account}).fetchall()
    if not found and (kept := kept_language(warehouse, str(runs[0][0]), account)) is not None:
        found = [(kept,)]
    if not found:
        raise InputRefusedError(
            Fault(
                "account",
                "no contract or invoice of this account is known",
                "look the id up in the table invoices",
                value=account,
            )
        )
    return str(runs[0][0]), str(found[0][0])


def kept_language(warehouse: Path, run_id: str, account: str) -> str | None:
    """The language of an account that the run knew from its contracts, though it had nothing to invoice."""
    folder = warehouse / "runs" / run_id / "contracts"
    if (folder / "accounts.csv").is_file():
        accounts = read_csv_table((folder / "accounts.csv").read_bytes(), ACCOUNTS, "accounts.csv").rows
    else:
        accounts = read_frame_table(read_parquet(folder / "accounts.parquet"), ACCOUNTS, "accounts.parquet").rows
    found = accounts.filter(pl.col("account_id") == account)
    return None if found.is_empty() else found["language"][0] or "en"


def _micros(name: str) -> pl.Expr:
    return (pl.col(name) * 1_000_000).cast(pl.Int64)


def account_details(warehouse: Path, account: str, usage_month: str, language: str | None, *, by_pair: bool) -> bytes:
    """The CSV of an account and usage month; the header alone where it has no such calls.

    Raises InputRefusedError where the month or the account was never billed.
    """
    with published(warehouse) as connection:
        run_id, own_language = _run_and_language(connection, warehouse, account, usage_month)
        chosen = language or own_language
        if connection is None:
            raise AssertionError("a run was found in a database that is not there")
        params = {"account": account, "usage_month": parse_month(usage_month), "run_id": run_id}
        with calls_told(warehouse, "the calls of the month"):
            calls = connection.sql(_CALLS, params=params).pl()
    calls = calls.with_columns(
        cost_micros=_micros("cost"),
        rate_per_minute_micros=_micros("rate_per_minute"),
        start_time=pl.col("start_time").dt.convert_time_zone("UTC"),
        end_time=pl.col("end_time").dt.convert_time_zone("UTC"),
    )
    is_french = pl.lit(value=chosen == "fr")
    rows = pair_rows(calls, is_french) if by_pair else detail_rows(calls, is_french)
    text = header(chosen, by_pair=by_pair) + "".join(row + LINE_END for row in rows.to_list())
    return text.encode()
