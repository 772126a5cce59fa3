"""The views that analysts begin with: grain, and the type and meaning of every column (contract §5).

Their SQL stands in `transforms/sql`. A test holds both together; comments and the data dictionary come from here.
"""

from __future__ import annotations

from schemas.fields import FIELDS, MONEY_2, MONEY_6, Field
from schemas.finance_views import FINANCE_VIEWS
from schemas.rate_files import RATE_TABLES
from schemas.view_columns import BIGINT, EXACT_6, WarehouseView, same

_TYPES = {"money": MONEY_6, "whole_number": BIGINT, "instant": "TIMESTAMPTZ"}


def _deck_columns() -> dict[str, Field]:
    """Columns of the international deck as the warehouse has them."""
    [deck] = [spec for spec in RATE_TABLES if spec.name == "international_rates"]
    columns = {column.name: Field(_TYPES.get(column.kind, "VARCHAR"), column.description) for column in deck.columns}
    return columns | same("rate_version")


_SET_ASIDE = same(
    *("usage_month", "source", "source_file", "source_line"),
    *("outcome", "reason", "detail", "raw_record", "run_id"),
)
_ISSUED_MONTH = {
    "issued_invoice_month": Field("DATE", "Invoice month that the record belongs to, issued already; NULL = not yet")
}
_DIFFERENCE = Field(MONEY_2, "This month minus the month before")

WAREHOUSE_VIEWS: tuple[WarehouseView, ...] = (
    WarehouseView(
        "revenue_by_category",
        "One row an invoice month, currency and category: what was invoiced.",
        same("invoice_month", "currency", "category")
        | {
            "line_count": Field(BIGINT, "Lines"),
            "amount": Field(MONEY_2, "Sum of the lines as invoiced"),
        },
    ),
    WarehouseView(
        "month_over_month",
        "One row an account and invoice month, also the first month without it: its total beside the month before.",
        same("account_id", "invoice_month", "currency")
        | {
            "previous_total": Field(MONEY_2, "Total of the month before; NULL = no invoice"),
            "total": Field(MONEY_2, "Subtotal and tax; NULL = no invoice"),
            "difference": _DIFFERENCE,
        },
    ),
    WarehouseView(
        "top_destinations",
        "One row a usage month, currency, call type and destination: calls and cost, dearest first.",
        same("usage_month", "currency", "call_type")
        | {
            "destination": Field("VARCHAR", "Destination as the rate row names it; (none) where it names none"),
            "call_count": Field(BIGINT, "Calls"),
            "billable_seconds": Field(BIGINT, "Seconds charged for"),
            "cost": Field(EXACT_6, "Sum of the exact costs of the calls"),
        },
    ),
    WarehouseView(
        "outside_month_records",
        "Records that start in another month than the one they came with: late or early, whether their own month is "
        "issued, whether it read the same file, and which rerun of it billed the record.",
        _SET_ASIDE
        | same("sha256", "start_time")
        | {
            "own_month": Field("DATE", "Month that the record starts in, its first day"),
            "arrival": Field("VARCHAR", "late (it came with a later month) or early"),
        }
        | _ISSUED_MONTH
        | {
            "is_read_there": Field(
                "BOOLEAN", "Whether its own month was issued with a file of the same bytes, so with this record"
            ),
            "billed_by_rerun_id": Field(
                "VARCHAR", "Rerun of its own month that added its call, in time to be billed; NULL = none"
            ),
        },
    ),
    WarehouseView(
        "late_calls",
        "Records that came with a later month though they start in one that was issued already (rule 12.6), without "
        "this file, and that no rerun has billed yet. A rerun brings them to the customer.",
        _SET_ASIDE | same("start_time") | _ISSUED_MONTH,
    ),
    WarehouseView(
        "rounding_bridge",
        "From calls to total, one row an invoice line and one each for subtotal, tax total and total: the sum of the "
        "calls, the exact amount, the amount as invoiced, and the rounding between them. The rounding of a subtotal "
        "is the sum of its lines' roundings.",
        same("invoice_id", "account_id", "invoice_month", "currency")
        | {
            "step_number": Field(BIGINT, "Place of the step: line 1, subtotal 2, tax 3, tax total 4, total 5"),
            "step": Field("VARCHAR", "line, subtotal, tax, tax total or total"),
        }
        | same("line_number", "category", "charge_code")
        | {
            "call_count": Field(BIGINT, "Calls of a usage line; NULL = a line without priced calls"),
            "calls_cost": Field(
                EXACT_6, "Sum of the exact costs of the calls in a usage line; NULL = a line without priced calls"
            ),
            "calls_difference": Field(EXACT_6, "Exact amount minus the sum of the calls, which is 0"),
        }
        | same("exact_amount", "amount")
        | {"rounding": Field(EXACT_6, "Amount minus exact amount")},
    ),
    WarehouseView(
        "rerun_summary",
        "One row a rerun and account that it differs for: the difference above tax, what of it is allowed, and what "
        "no invoice has taken yet (rule 12).",
        same("rerun_id", "invoice_month", "disputed_invoice_id", "account_id")
        | {
            "difference": Field(MONEY_2, "Corrected minus issued, above tax"),
            "allowed_difference": Field(MONEY_2, "Allowed part of the difference (rule 12.4)"),
            "waiting_difference": Field(MONEY_2, "Allowed part that no invoice has taken yet"),
            "taken_by_invoice_id": Field("VARCHAR", "Invoices that took it, `;` between; NULL = none yet"),
        },
    ),
    WarehouseView(
        "run_controls",
        "One row a run, control and subject: both sides and the difference, which is 0 (rule 13).",
        {
            "run_id": FIELDS["run_id"],
            "control": Field("VARCHAR", "What must be equal"),
            "subject": Field("VARCHAR", "File, invoice, or account and category"),
            "left_side": Field(EXACT_6, "First side of the control"),
            "right_side": Field(EXACT_6, "Second side of the control"),
            "difference": Field(EXACT_6, "First minus second"),
        },
    ),
    WarehouseView(
        "international_rates",
        "The same rows as rates, under the name of their file.",
        _deck_columns(),
    ),
    *FINANCE_VIEWS,
)
