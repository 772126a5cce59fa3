"""The views that answer what finance asks of the months together; their SQL is `transforms/sql/finance_views.sql`."""

from __future__ import annotations

from schemas.fields import MONEY_2, MONEY_6, Field
from schemas.view_columns import BIGINT, EXACT_6, WarehouseView, same

_MINUTES = "DECIMAL(18,4)"
_ONE_PLACE = "DECIMAL(18,1)"
_BASE = "DECIMAL(28,10)"
_CALLS = Field(BIGINT, "Calls")
_COST = Field(EXACT_6, "Sum of the exact costs of the calls")
_POOL_SECONDS = {
    "pool_seconds": Field(BIGINT, "Seconds that the plan includes in the month; NULL = unlimited"),
    "used_seconds": Field(BIGINT, "Seconds of the pool that calls used"),
    "unused_seconds": Field(BIGINT, "Seconds of the pool that no call used; NULL = unlimited"),
    "overage_seconds": Field(BIGINT, "Seconds beyond the pool"),
}
_POOL_VALUES = {
    "used_value": Field(EXACT_6, "What the used seconds would cost at the overage price; NULL = no such price"),
    "unused_value": Field(
        EXACT_6, "What the unused seconds would cost at the overage price; NULL = unlimited, or no such price"
    ),
    "overage_cost": Field(EXACT_6, "Sum of the exact costs of calls beyond the pool"),
}
_JURISDICTION = {
    "country": Field("VARCHAR", "Country of the account, ISO 3166"),
    "region": Field("VARCHAR", "State or province of the account; NULL = none"),
}
_QUARTER = Field("VARCHAR", "Quarter of the invoice month, like 2020Q1")
_FACTOR = Field(MONEY_6, "Contribution factor of the quarter, percent")

FINANCE_VIEWS: tuple[WarehouseView, ...] = (
    WarehouseView(
        "revenue_month_over_month",
        "One row an invoice month, currency and category, also the first month without it: the amount beside the "
        "month before.",
        same("invoice_month", "currency", "category")
        | {
            "previous_amount": Field(MONEY_2, "Amount of the month before; NULL = no line"),
            "amount": Field(MONEY_2, "Sum of the lines as invoiced; NULL = no line"),
            "difference": Field(MONEY_2, "This month minus the month before"),
            "change_percent": Field(
                _ONE_PLACE, "Difference in percent of the month before, half up; NULL = nothing above 0 before"
            ),
        },
    ),
    WarehouseView(
        "usage_by_day",
        "One row a usage month, UTC day of the start, currency and call type: billed and included calls, seconds "
        "and cost.",
        same("usage_month")
        | {"day": Field("DATE", "Day on which the calls start, UTC")}
        | {"currency": Field("VARCHAR", "Currency of the account's invoice; NULL = its calls led to no invoice")}
        | same("call_type")
        | {
            "call_count": _CALLS,
            "duration_seconds": Field(BIGINT, "Seconds as the switch counts them"),
            "billable_seconds": Field(BIGINT, "Seconds after increments, of whole calls"),
            "cost": _COST,
        },
    ),
    WarehouseView(
        "plan_pool_use",
        "One row an account and usage month with a pool: minutes included, used, unused and beyond it, and what they "
        "are worth at the plan's overage price. Months that an older program issued have no rows.",
        same("usage_month", "account_id", "plan_id", "currency")
        | {"call_count": Field(BIGINT, "Calls that take plan minutes")}
        | _POOL_SECONDS
        | {
            "pool_minutes": Field(_MINUTES, "Minutes that the plan includes in the month; NULL = unlimited"),
            "used_minutes": Field(_MINUTES, "Minutes of the pool that calls used, as the invoice shows them"),
            "unused_minutes": Field(_MINUTES, "Minutes of the pool that no call used; NULL = unlimited"),
            "overage_minutes": Field(_MINUTES, "Minutes beyond the pool, as the invoice shows them"),
            "used_percent": Field(_ONE_PLACE, "Used part of the pool, percent, half up; NULL = unlimited or empty"),
        }
        | _POOL_VALUES,
    ),
    WarehouseView(
        "plan_margin",
        "One row a usage month, plan and currency: the use of its pools beside what its devices were charged for "
        "that month.",
        same("usage_month", "plan_id", "currency")
        | {"account_count": Field(BIGINT, "Accounts with a pool of the plan")}
        | _POOL_SECONDS
        | _POOL_VALUES
        | {
            "service_amount": Field(
                MONEY_2,
                "Lines of base category service_charge whose period begins in the month, adjustments left out; "
                "NULL = the invoices of that month are not here",
            ),
            "margin": Field(EXACT_6, "Service amount minus used value: above 0 where the plan brought more"),
        },
    ),
    WarehouseView(
        "tax_by_jurisdiction",
        "One row an invoice month, country, region, currency, tax, percentage and exemption: invoices, their "
        "subtotals and the tax on them. Invoices without any tax line stand under tax NULL.",
        same("invoice_month")
        | _JURISDICTION
        | same("currency")
        | {
            "tax": Field("VARCHAR", "Code of the tax; NULL = invoices without a tax line"),
            "percent": Field(MONEY_6, "Percentage in force on the issue date; NULL = no tax line"),
            "tax_exempt": Field("BOOLEAN", "Whether a tax exemption was in force on the issue date (rule 9.2)"),
            "invoice_count": Field(BIGINT, "Invoices; one with two taxes stands in two rows"),
            "subtotal": Field(MONEY_2, "Sum of their subtotals, which the percentage is of (rule 9.1)"),
            "tax_amount": Field(MONEY_2, "Sum of the tax lines"),
        },
    ),
    WarehouseView(
        "usf_base_lines",
        "One row a line above the universal service fee, of invoices in countries that have it: its interstate "
        "share and its part of the base (rule 8.2).",
        same("invoice_id", "account_id", "invoice_month")
        | {"quarter": _QUARTER}
        | {"country": _JURISDICTION["country"]}
        | same("currency", "line_number", "base_category", "amount")
        | {
            "interstate_share_percent": Field(MONEY_6, "Interstate share of the base category, percent; 0 = no row"),
            "base_amount": Field(_BASE, "Amount × share, exact"),
        },
    ),
    WarehouseView(
        "usf_by_invoice",
        "One row an invoice in a country with the universal service fee: base, factor and fee (rule 8.2).",
        same("invoice_id", "account_id", "invoice_month")
        | {"quarter": _QUARTER}
        | {"country": _JURISDICTION["country"]}
        | same("currency")
        | {
            "factor_percent": _FACTOR,
            "base_amount": Field(_BASE, "Sum of amount × share of its lines, exact"),
            "exact_amount": Field(EXACT_6, "Factor × base, to 6 decimals for show; 0 where the base is below 0"),
            "amount": Field(MONEY_2, "Fee as invoiced, rounded down; 0 = no line"),
        },
    ),
    WarehouseView(
        "usf_by_quarter",
        "One row a quarter, country, currency and factor: base, and the universal service fee as it was invoiced.",
        {"quarter": _QUARTER, "country": _JURISDICTION["country"]}
        | same("currency")
        | {
            "factor_percent": _FACTOR,
            "invoice_count": Field(BIGINT, "Invoices, with those whose fee is 0"),
            "base_amount": Field(_BASE, "Sum of the bases, exact; with those below 0"),
            "exact_amount": Field(EXACT_6, "Sum of factor × base before rounding, of bases above 0"),
            "amount": Field(MONEY_2, "Sum of the fees as invoiced"),
            "rounding": Field(EXACT_6, "Amount minus exact amount: never above 0, for each fee is rounded down"),
        },
    ),
    WarehouseView(
        "adjustments_by_cause",
        "One row a disputed invoice month, currency, category and cause: what reruns found, and what became of it. "
        "A rerun that allows nothing is a comparison: made again, it counts again.",
        {"invoice_month": Field("DATE", "Month of the disputed invoices, its first day")}
        | same("currency")
        | {
            "base_category": Field("VARCHAR", "Category of the lines that differ"),
            "cause": Field("VARCHAR", "Why the rerun differs (rule 12.3); `;` between several"),
            "account_count": Field(BIGINT, "Accounts"),
            "difference": Field(MONEY_2, "Corrected minus issued, above tax"),
            "allowed_difference": Field(MONEY_2, "Allowed part of the difference (rule 12.4)"),
            "taken_difference": Field(MONEY_2, "Allowed part that an invoice has taken"),
            "waiting_difference": Field(MONEY_2, "Allowed part that no invoice has taken yet"),
        },
    ),
    WarehouseView(
        "suspended_value",
        "One row a usage month, currency, reason and call type of suspended calls: what a rerun has released, and an "
        "estimate of what still waits. Exact under a version: `tollbook suspended MONTH --rates VERSION`.",
        same("usage_month")
        | {
            "currency": Field("VARCHAR", "Currency of the account, ISO 4217; NULL = not known"),
            "reason": Field("VARCHAR", "unknown_destination (not in the numbering plan) or no_rate"),
            "call_type": Field("VARCHAR", "What they would be billed as; NULL where the destination is unknown"),
            "call_count": Field(BIGINT, "Suspended calls"),
            "duration_seconds": Field(BIGINT, "Their seconds as the switch counts them"),
            "released_count": Field(BIGINT, "Those that a rerun has released"),
            "released_cost": Field(EXACT_6, "Exact cost of the released ones by the last rerun"),
            "waiting_count": Field(BIGINT, "Those that still wait for a rate"),
            "waiting_seconds": Field(BIGINT, "Their seconds as the switch counts them"),
            "mean_rate_per_minute": Field(
                MONEY_6,
                "Mean price of a charged minute of the month's billed calls of the type (of an unknown destination: "
                "international), half up; NULL = there are none",
            ),
            "estimated_value": Field(EXACT_6, "Waiting seconds at the mean price: an estimate; NULL = no mean price"),
        },
    ),
)
