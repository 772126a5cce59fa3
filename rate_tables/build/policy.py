"""policy.csv: the numbers of the billing rules that are policy (rule 1.5)."""

from __future__ import annotations

COLUMNS = ["setting", "value", "unit", "source", "effective_from", "effective_to"]
FIRST_DAY = "2000-01-01"
_SETTINGS = (
    ("autopay_day", "10", "day of the month", "billing guide; rule 1.3"),
    ("cancellation_notice_days", "10", "days before the end of the month", "billing guide; rule 2.3"),
    ("dispute_days", "15", "days after the issue date", "billing guide; rule 1.3"),
    ("due_days", "15", "days after the issue date", "billing guide; rule 1.3"),
    ("issue_day_last", "7", "day of the month", "billing guide; rule 1.2"),
    ("low_usage_minimum_phones", "20", "phones", "billing guide; rule 4.2"),
    ("restocking_percent", "25", "percent of the price", "billing guide; rule 10.2"),
    ("return_window_days", "30", "days after shipping", "billing guide; rule 10.2"),
    ("start_day_billed", "false", "true or false", "billing guide; rules 3.2 and 3.4"),
)


def policy() -> list[dict[str, str]]:
    """One row a setting."""
    return [dict(zip(COLUMNS, (*setting, FIRST_DAY, ""), strict=True)) for setting in _SETTINGS]
