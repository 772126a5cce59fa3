"""Calendar arithmetic of rules 1 to 3."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

DAY = timedelta(days=1)


def first_of_month(text: str) -> date:
    """`2020-02` as 1 February 2020."""
    return date.fromisoformat(f"{text}-01")


def last_of_month(day: date) -> date:
    """The last day of the day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def next_month(day: date) -> date:
    """The 1st of the month after the day's."""
    return last_of_month(day) + DAY


def month_before(day: date) -> date:
    """The 1st of the month before the day's."""
    return (day.replace(day=1) - DAY).replace(day=1)


def months_later(day: date, months: int) -> date:
    """Rule 2.1: so many calendar months on; 31 January + 1 month is the last day of February."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    return first.replace(day=min(day.day, last_of_month(first).day))


def quarter_of(month: date) -> str:
    """`2020Q1`."""
    return f"{month.year}Q{(month.month + 2) // 3}"


def midnight(day: date) -> datetime:
    """00:00 UTC of the day: the moment that stands for a day in tables that apply from a time."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def end_of_notice(requested: date, notice_days: int) -> date:
    """Rule 2.3: the last day of service after a request to cancel.

    21 July, 10 days' notice: 31 July. 22 July: 31 August.
    """
    month_end = last_of_month(requested)
    if (month_end - requested).days >= notice_days:
        return month_end
    return last_of_month(month_end + DAY)


def prorated_days(start: date, start_day_billed: bool) -> int:
    """Rules 3.2 and 3.4: days billed of the month in which an item starts after the 1st."""
    return last_of_month(start).day - start.day + (1 if start_day_billed else 0)
