"""When the demo's calls start, and how a switch writes it down: January 2020, mostly in office hours."""

import datetime as dt

import polars as pl

USAGE_MONTH = "2020-01"
SECONDS_AN_HOUR = 3600
SECONDS_A_DAY = 86_400
FIRST_DAY = dt.date(2020, 1, 1)
MONTH_DAYS = 31
FIRST_SECOND_OF_EPOCH = 1_577_836_800  # 2020-01-01 00:00:00 UTC
BRAZIL_OFFSET_SECONDS = -3 * SECONDS_AN_HOUR
EASTERN_OFFSET_SECONDS = -5 * SECONDS_AN_HOUR

_WEIGHT_BY_HOUR = (1, 1, 1, 1, 1, 1, 2, 3, 4, 6, 8, 9, 10, 16, 20, 22, 22, 20, 20, 22, 21, 16, 9, 4)
_WEEKEND_DIVISOR = 5


def hour_lots() -> pl.Series:
    """Hours of the month, counted from its start, each as often as its weight: more by day than at night."""
    lots: list[int] = []
    for day in range(MONTH_DAYS):
        is_weekend = (FIRST_DAY + dt.timedelta(days=day)).weekday() >= 5
        for hour, weight in enumerate(_WEIGHT_BY_HOUR):
            shown = max(1, weight // _WEEKEND_DIVISOR) if is_weekend else weight
            lots += [day * 24 + hour] * shown
    return pl.Series("hour", lots, dtype=pl.UInt64)


def day_texts() -> pl.Series:
    """`2019-12-31T` and so on: one text a day from the day before the month, for times west of Greenwich."""
    days = (FIRST_DAY + dt.timedelta(days=day - 1) for day in range(MONTH_DAYS + 4))
    return pl.Series("day_text", [f"{day.isoformat()}T" for day in days])


def time_texts() -> pl.Series:
    """`00:00:00` to `23:59:59`: one text a second of the day."""
    return pl.Series(
        "time_text",
        [f"{second // SECONDS_AN_HOUR:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(SECONDS_A_DAY)],
    )


def clock_text(second: int, separator: str = "T") -> str:
    """One second of the month, counted from its start, as a date and a time in UTC."""
    start = dt.datetime.combine(FIRST_DAY, dt.time()) + dt.timedelta(seconds=second)
    return start.isoformat(sep=separator)
