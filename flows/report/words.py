"""What the report calls things: fates of calls, kinds of warnings, groups of categories."""

from __future__ import annotations

from typing import NamedTuple

from schemas.categories import CATEGORIES, FEE_CATEGORIES, RECURRING_CATEGORIES

CATEGORY_NAMES = {category.code: category.en for category in CATEGORIES}


class Group(NamedTuple):
    """Categories, or fates of calls, that are told of together; `style` is the style sheet's class of their bars."""

    name: str
    short: str
    members: tuple[str, ...]
    style: str = ""


REVENUE_GROUPS: tuple[Group, ...] = (
    Group("Recurring charges", "Recurring", (*RECURRING_CATEGORIES[:2], "prorated_charges", *RECURRING_CATEGORIES[2:])),
    Group("Usage", "Usage", ("included_minutes", "domestic_premium", "overage", "toll_free", "international")),
    Group("One-time charges, credits and adjustments", "One-time", ("one_time", "credits", "adjustments")),
    Group("Regulatory fees", "Fees", FEE_CATEGORIES),
    Group("Taxes", "Taxes", ("tax",)),
)
CALL_GROUPS: tuple[Group, ...] = (
    Group("Within plan minutes", "Plan minutes", ("included",), "plan"),
    Group("Charged", "Charged", ("international", "domestic_premium", "overage", "toll_free"), "charged"),
    Group(
        "Not billed",
        "Not billed",
        (
            *("unanswered", "inbound", "toll_free_outbound", "emergency", "feature_code"),
            *("before_billing_start", "after_service_end"),
        ),
        "unbilled",
    ),
    Group("Suspended", "Suspended", ("no_rate", "unknown_destination"), "suspended"),
)
FATES = {
    "included": "Within plan minutes",
    "international": "International",
    "domestic_premium": "Domestic premium",
    "overage": "Beyond plan minutes",
    "toll_free": "Toll-free, inbound",
    "unanswered": "Not answered",
    "inbound": "Inbound",
    "toll_free_outbound": "To toll-free numbers",
    "emergency": "Emergency",
    "feature_code": "Feature codes",
    "before_billing_start": "Before billing starts",
    "after_service_end": "After service ended",
    "no_rate": "No rate covers it",
    "unknown_destination": "Destination not in the numbering plan",
}
ROW_OUTCOMES = {
    "rows_billed": "Billed, or within plan minutes",
    "rows_unbilled": "Not billed",
    "rows_suspended": "Suspended",
    "rows_duplicate": "Duplicate",
    "rows_conflict": "Conflict",
    "rows_outside_month": "Of another month",
    "rows_rejected": "Rejected",
}
WARNINGS = {
    "answered_without_seconds": ("Answered calls of 0 seconds", "call"),
    "conflict": ("The same call id with other contents; the first is kept", "record"),
    "duration_mismatch": ("Duration differs from end minus start", "call"),
    "local_hour_never": ("Start in an hour that the clock change skips", "call"),
    "local_hour_twice": ("Start in an hour that the clock change repeats", "call"),
    "long_call": ("Calls of 24 hours or more", "call"),
    "low_usage_not_allowed": ("Low-usage devices billed at the full price", "unit"),
    "no_tax_rows": ("Invoices without a tax row for their region", "invoice"),
    "second_party": ("Both parties are customers; the caller’s account is billed", "call"),
    "suspended_calls": ("Calls that no rate covers", "call"),
    "unanswered_with_seconds": ("Unanswered calls with seconds", "call"),
}
CONTROL_ORDER: tuple[str, ...] = (
    "rows read = rows accounted for",
    "seconds read = seconds accounted for",
    "rows billed = billed calls stored",
    "rows unbilled = unbilled calls stored",
    "rows set aside = records kept",
    "calls = line before rounding",
    "lines = subtotal",
    "tax lines = tax total",
    "subtotal + tax = total",
    "adjustment lines = adjustments taken",
    "rerun lines - issued lines = adjustments",
    "usage of the rerun - issued usage = call differences",
)
"""From the rows of the files to the totals of the invoices."""
