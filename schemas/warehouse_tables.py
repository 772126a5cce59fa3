"""The tables that analysts open: grain, columns, order of rows (contract §5)."""

from __future__ import annotations

from typing import NamedTuple

from schemas.fields import FIELDS, MONEY_2, Field


class WarehouseTable(NamedTuple):
    """A table of `tollbook.duckdb`: its grain, its columns in order, and what its rows are sorted by."""

    name: str
    grain: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    overrides: dict[str, Field] = {}  # noqa: RUF012 - a NamedTuple's default; never changed

    def field(self, column: str) -> Field:
        """Type and meaning of a column of this table."""
        return self.overrides.get(column, FIELDS[column])


CALL_COLUMNS: tuple[str, ...] = (
    "usage_month",
    "account_id",
    "call_id",
    "source",
    "source_file",
    "source_line",
    "direction",
    "disposition",
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
)
_LINE = [
    "invoice_id",
    "account_id",
    "invoice_month",
    "line_number",
    "category",
    "base_category",
    "charge_code",
    "billing_group",
    "description",
    "period_start",
    "period_end",
    "quantity",
    "unit",
    "unit_price",
    "exact_amount",
    "amount",
]
_COUNTS = ["billed", "unbilled", "duplicate", "conflict", "suspended", "outside_month", "rejected"]

CALL_TABLES: tuple[WarehouseTable, ...] = (
    WarehouseTable(
        "billed_calls",
        "One row a call that took plan minutes or money.",
        (
            *CALL_COLUMNS,
            *[
                "billable_seconds",
                "included_seconds",
                "call_type",
                "rate_table",
                "rate_prefix",
                "destination",
            ],
            *["connection_fee", "rate_per_minute", "cost", "run_id"],
        ),
        (),
    ),
    WarehouseTable(
        "unbilled_calls",
        "One row a call that is not billed, with the reason.",
        (*CALL_COLUMNS, "reason", "run_id"),
        (),
    ),
)

SMALL_TABLES: tuple[WarehouseTable, ...] = (
    WarehouseTable(
        "invoices",
        "One row an account and invoice month.",
        tuple(
            [
                "invoice_id",
                "account_id",
                "invoice_month",
                "issue_date",
                "due_date",
                "autopay_date",
                "dispute_until",
                "currency",
                "subtotal",
                "tax_total",
                "total",
                "tax_exempt",
                "rate_version",
                "run_id",
                "name",
                "country",
                "region",
                "language",
                "invoice_recipients",
                "receipt_recipient",
            ]
        ),
        ("invoice_month", "account_id"),
    ),
    WarehouseTable(
        "invoice_line_items",
        "One row a line of an invoice.",
        tuple(_LINE),
        ("invoice_month", "account_id", "line_number"),
    ),
    WarehouseTable(
        "set_aside_records",
        "One row an input row that was not accepted, or a suspended call.",
        tuple(
            [
                "usage_month",
                "source",
                "source_file",
                "source_line",
                "outcome",
                "reason",
                "detail",
                "raw_record",
                "run_id",
            ]
        ),
        ("usage_month", "source_file", "source_line"),
    ),
    WarehouseTable(
        "suspended_calls",
        "One row a call that is suspended: accepted, but no rate covers it (rule 5.1).",
        (*CALL_COLUMNS, "reason", "call_type", "rate_table", "rate_prefix", "run_id"),
        ("usage_month", "source_file", "source_line"),
        {
            "reason": Field("VARCHAR", "unknown_destination (not in the numbering plan) or no_rate"),
            "call_type": Field("VARCHAR", "What it would be billed as; NULL where the destination is unknown"),
            "rate_table": Field("VARCHAR", "Rate file whose row covers it, but without a price; NULL where none does"),
            "rate_prefix": Field("VARCHAR", "Prefix of the row without a price"),
        },
    ),
    WarehouseTable(
        "plan_pools",
        "One row an account that is billed on a day of the usage month: its plan, and the pool of minutes (rule 7.1).",
        (
            *["usage_month", "account_id", "plan_id", "currency", "included_minutes", "included_per", "device_count"],
            *["pool_seconds", "overage_rate", "run_id"],
        ),
        ("usage_month", "account_id"),
        {"currency": Field("VARCHAR", "Currency of the plan, ISO 4217")},
    ),
    WarehouseTable(
        "source_files",
        "One row an input file of a run.",
        (
            *["usage_month", "source_file", "sha256", "bytes", "rows_read"],
            *(f"rows_{name}" for name in _COUNTS),
            *["seconds_read", "seconds_accounted", "run_id"],
        ),
        ("usage_month", "source_file"),
    ),
    WarehouseTable(
        "warnings",
        "One row a file or account and kind of warning, with the count in detail.",
        tuple(["run_id", "kind", "account_id", "source_file", "source_line", "detail"]),
        ("run_id", "kind", "account_id", "source_file", "source_line"),
    ),
    WarehouseTable(
        "runs",
        "One row a published run.",
        tuple(
            [
                "run_id",
                "invoice_month",
                "kind",
                "started_at",
                "finished_at",
                "status",
                "rate_version",
                "reason",
                "manifest",
            ]
        ),
        ("invoice_month", "kind", "run_id"),
        {"kind": Field("VARCHAR", "bill or rerun")},
    ),
    WarehouseTable(
        "rerun_line_items",
        "One row a line of a rerun.",
        (*_LINE, "rerun_id"),
        ("rerun_id", "account_id", "line_number"),
    ),
    WarehouseTable(
        "rerun_call_differences",
        "One row a column of a call that differs in a rerun.",
        tuple(
            [
                "rerun_id",
                "account_id",
                "source",
                "call_id",
                "cause",
                "column",
                "issued_value",
                "corrected_value",
                "note",
            ]
        ),
        ("rerun_id", "account_id", "source", "call_id", "column"),
    ),
    WarehouseTable(
        "adjustments",
        "One row an account and category of a rerun; released calls have their own.",
        tuple(
            [
                "rerun_id",
                "disputed_invoice_id",
                "account_id",
                "base_category",
                "issued_amount",
                "corrected_amount",
                "difference",
                "cause",
                "allowed",
                "taken_by_invoice_id",
                "note",
                "adjusted_before",
            ]
        ),
        ("rerun_id", "account_id", "base_category", "cause"),
        {
            "base_category": Field("VARCHAR", "Category of the lines that differ"),
            "cause": Field("VARCHAR", "Why the rerun differs (rule 12.3); `;` between several"),
            "issued_amount": Field(MONEY_2, "Amount on the issued invoice; of released calls: without them"),
            "corrected_amount": Field(MONEY_2, "Amount by the rerun; beside a row of released calls: without them"),
            "difference": Field(MONEY_2, "Corrected minus issued minus adjusted_before"),
        },
    ),
    WarehouseTable(
        "anomalies",
        "One row a finding about a month that is out of the pattern of the months before; nothing is changed by it.",
        tuple(
            [
                "invoice_month",
                "run_id",
                "account_id",
                "check_name",
                "subject",
                "value",
                "usual",
                "ratio",
                "threshold",
                "unit",
                "message",
            ]
        ),
        ("invoice_month", "check_name", "account_id", "subject", "unit"),
        {
            "account_id": Field("VARCHAR", "Customer account; NULL = the finding is about all accounts"),
            "subject": Field("VARCHAR", "What is out of pattern: the account, the category or the destination"),
            "unit": Field("VARCHAR", "Unit of value and usual: the currency, or minutes"),
        },
    ),
)
