"""The field dictionary: one meaning for a column's name, wherever it stands (contract §5)."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """Type in DuckDB, and what the value means, with its unit."""

    type: str
    meaning: str


MONEY_6 = "DECIMAL(18,6)"
MONEY_2 = "DECIMAL(18,2)"

FIELDS: dict[str, Field] = {
    "account_id": Field("VARCHAR", "Customer account"),
    "adjusted_before": Field(MONEY_2, "Allowed already by earlier reruns of the invoice"),
    "adjustments": Field("VARCHAR", "Adjustments of reruns that the run took"),
    "allowed": Field("BOOLEAN", "Whether the difference may be billed (rule 12.4)"),
    "amount": Field(MONEY_2, "Amount of the line in the invoice's currency, rounded half up from the exact value"),
    "autopay_date": Field("DATE", "Day on which automatic payment is taken (rule 1.3)"),
    "base_category": Field(
        "VARCHAR",
        "Category that the charge belongs to; differs from category for prorated lines and adjustments",
    ),
    "billable_seconds": Field("BIGINT", "Seconds charged for after increments, of the whole call (rule 6.2)"),
    "billing_group": Field("VARCHAR", "Customer's group of devices and numbers; NULL = none"),
    "bytes": Field("BIGINT", "Size of the file in bytes"),
    "call_id": Field("VARCHAR", "Identifier of the call, unique within its source"),
    "call_type": Field("VARCHAR", "toll_free, international, domestic_premium, overage or included (rule 11.2)"),
    "category": Field("VARCHAR", "Category of the line (rule 4)"),
    "cause": Field("VARCHAR", "Why the rerun differs from the issued invoice (rule 12.3)"),
    "charge_code": Field("VARCHAR", "Code of the charge; the category where a line has none"),
    "column": Field("VARCHAR", "Column that differs"),
    "connection_fee": Field(MONEY_6, "Fee of the call, due also at 0 billable seconds"),
    "corrected_amount": Field(MONEY_2, "Amount by the rerun"),
    "corrected_value": Field("VARCHAR", "Value by the rerun"),
    "cost": Field(
        MONEY_6, "Exact cost of the call: fee + rate × charged seconds ÷ 60, half up to 6 decimals (rule 6.4)"
    ),
    "country": Field("VARCHAR", "Billing country of the account, ISO 3166"),
    "currency": Field("VARCHAR", "Currency of the invoice, ISO 4217"),
    "description": Field("VARCHAR", "Text of the line in the account's language"),
    "destination": Field("VARCHAR", "Destination as the rate row names it; NULL for plan and toll-free calls"),
    "destination_number": Field("VARCHAR", "Number called: E.164 with +, or as dialled"),
    "detail": Field("VARCHAR", "What it is about, for a person"),
    "difference": Field(MONEY_2, "Corrected minus issued"),
    "direction": Field("VARCHAR", "inbound, outbound or internal"),
    "disposition": Field("VARCHAR", "answered, no_answer, busy or failed"),
    "dispute_until": Field("DATE", "Last day on which a dispute can be opened, by UTC date (rule 1.3)"),
    "disputed_invoice_id": Field("VARCHAR", "Invoice that the rerun is about"),
    "due_date": Field("DATE", "Day on which the invoice is due (rule 1.3)"),
    "duration_seconds": Field("BIGINT", "Seconds as the switch counts them, answer to end"),
    "end_time": Field("TIMESTAMPTZ", "End of the call, UTC"),
    "exact_amount": Field("DECIMAL(24,6)", "Amount before rounding to the cent, to 6 decimals for show"),
    "finished_at": Field("TIMESTAMPTZ", "When the run was published, UTC"),
    "included_seconds": Field("BIGINT", "Part of the billable seconds within the plan's pool (rule 7.2)"),
    "invoice_id": Field("VARCHAR", "Account and month, like A-2020-02"),
    "invoice_month": Field("DATE", "Month on the invoice, its first day"),
    "invoice_recipients": Field("VARCHAR", "Addresses of the invoice, the first is the primary contact"),
    "issue_date": Field("DATE", "Day of issue (rule 1.2)"),
    "issued_amount": Field(MONEY_2, "Amount on the issued invoice"),
    "issued_value": Field("VARCHAR", "Value on the issued invoice"),
    "kind": Field("VARCHAR", "Kind of the row"),
    "language": Field("VARCHAR", "Language of the invoice: en or fr"),
    "line_number": Field("BIGINT", "Place of the line on its invoice, from 1"),
    "manifest": Field("JSON", "All that determined the run: hashes of inputs, rate version, program"),
    "name": Field("VARCHAR", "Name of the customer"),
    "note": Field("VARCHAR", "What lies behind it, for a person"),
    "outcome": Field("VARCHAR", "rejected, duplicate, conflict, suspended or outside_month (rule 13.1)"),
    "period_end": Field("DATE", "First day after the period"),
    "period_start": Field("DATE", "First day of the period"),
    "quantity": Field("DECIMAL(18,4)", "Quantity, in the line's unit"),
    "rate_per_minute": Field(MONEY_6, "Rate per minute"),
    "rate_prefix": Field("VARCHAR", "Prefix that won; NULL for plan calls"),
    "rate_table": Field("VARCHAR", "Rate file that priced the call, without .csv"),
    "rate_version": Field("VARCHAR", "Version of the rate tables"),
    "raw_record": Field("VARCHAR", "The record as it stands in its file"),
    "reason": Field("VARCHAR", "Why"),
    "receipt_recipient": Field("VARCHAR", "Address of receipts"),
    "region": Field("VARCHAR", "State or province of the account"),
    "rerun_id": Field("VARCHAR", "Run that found it"),
    "rows_billed": Field("BIGINT", "Rows billed or included"),
    "rows_conflict": Field("BIGINT", "Rows with the id of an earlier one and other contents"),
    "rows_duplicate": Field("BIGINT", "Rows equal to an earlier one of their id"),
    "rows_outside_month": Field("BIGINT", "Rows that start in another month"),
    "rows_read": Field("BIGINT", "Rows in the file"),
    "rows_rejected": Field("BIGINT", "Rows that are no call"),
    "rows_suspended": Field("BIGINT", "Calls that no rate covers"),
    "rows_unbilled": Field("BIGINT", "Calls that are not billed"),
    "run_id": Field("VARCHAR", "Run, named by the content that determines it"),
    "seconds_accounted": Field("BIGINT", "Seconds of the rows by where they ended"),
    "seconds_read": Field("BIGINT", "Seconds of the rows as read"),
    "sha256": Field("VARCHAR", "SHA-256 of the file"),
    "source": Field("VARCHAR", "Switch that wrote the record"),
    "source_file": Field("VARCHAR", "File of the record, like 2020-01/calls.csv"),
    "source_line": Field("BIGINT", "Line of the record in its file; row of a Parquet file"),
    "source_number": Field("VARCHAR", "Number calling: E.164 with +, or as dialled; empty = anonymous"),
    "start_time": Field("TIMESTAMPTZ", "Start of the call, UTC"),
    "started_at": Field("TIMESTAMPTZ", "When the run began, UTC"),
    "status": Field("VARCHAR", "published"),
    "subtotal": Field(MONEY_2, "Sum of the lines above tax"),
    "taken_by_invoice_id": Field("VARCHAR", "Invoice that took the adjustment; NULL = none yet"),
    "tax_exempt": Field("BOOLEAN", "Whether a tax exemption was in force on the issue date (rule 9.2)"),
    "tax_total": Field(MONEY_2, "Sum of the tax lines"),
    "total": Field(MONEY_2, "Subtotal and tax"),
    "unit": Field("VARCHAR", "month, minute, device or each"),
    "unit_price": Field(MONEY_6, "Price of a unit, rounded for show; NULL = does not apply"),
    "usage_month": Field("DATE", "Month of the calls, its first day"),
}
