"""What is out of the pattern of the months before: findings for a person to look at before invoices are issued.

Amounts, minutes and costs are whole micros (10⁻⁶ of the unit); every comparison is of integers, a product on each
side, so a month exactly at a threshold is a finding, and one a cent below it is none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, NamedTuple

import polars as pl

from transforms.money import MICROS_PER_CENT, MICROS_PER_UNIT

COMPARED_MONTHS = 3
"""How many months before are the pattern."""
SHOWN = Context(prec=60, rounding=ROUND_HALF_UP)
USUAL_PLACE, RATIO_PLACE, CENT = Decimal("1e-10"), Decimal("0.0001"), Decimal("0.01")
RATIO_LIMIT = 10**14
SCALE = 10_000
"""Thresholds have at most 4 decimals."""


class Thresholds(NamedTuple):
    """From where on something is a finding; amounts in the currency of the invoices.

    account_total, category_total, minutes: at least so many times the usual, or at most so many times less; and the
    difference from the usual is at least `…_minimum`. new_destination: at least this cost.
    """

    account_total: Decimal = Decimal(3)
    account_total_minimum: Decimal = Decimal(100)
    category_total: Decimal = Decimal(2)
    category_total_minimum: Decimal = Decimal(500)
    new_destination: Decimal = Decimal(100)
    minutes: Decimal = Decimal(3)
    minutes_minimum: Decimal = Decimal(600)


class Anomaly(NamedTuple):
    """One finding. `threshold`: the ratio that was met (below 1 for a fall), or the cost."""

    account_id: str | None
    check_name: str
    subject: str
    value: Decimal
    usual: Decimal | None
    ratio: Decimal | None
    threshold: Decimal
    unit: str
    message: str


AMOUNT_SCHEMA: dict[str, Any] = {
    "invoice_month": pl.Date,
    "account_id": pl.String,
    "currency": pl.String,
    "category": pl.String,
    "cents": pl.Int64,
    "minute_units": pl.Int64,
}
"""Invoiced amounts. Grain: invoice_month, account_id, category. minute_units: 10⁻⁴ minutes of usage lines."""
DESTINATION_SCHEMA: dict[str, Any] = {
    "account_id": pl.String,
    "destination": pl.String,
    "rate_prefix": pl.String,
    "call_count": pl.Int64,
    "cost_whole": pl.Int64,
    "cost_micros": pl.Int64,
}
ANOMALY_SCHEMA: dict[str, Any] = {
    "account_id": pl.String,
    "check_name": pl.String,
    "subject": pl.String,
    "value": pl.Decimal(38, 10),
    "usual": pl.Decimal(38, 10),
    "ratio": pl.Decimal(18, 4),
    "threshold": pl.Decimal(18, 4),
    "unit": pl.String,
    "message": pl.String,
}


def destination_totals(billed: pl.DataFrame) -> pl.DataFrame:
    """Calls that have a destination, summed. Grain: account_id, destination, rate_prefix. Rows of DESTINATION_SCHEMA.

    Costs are summed as whole units and micros apart, so that no month of the dearest calls overflows.
    """
    cost = pl.col("cost_micros")
    keys = ["account_id", "destination", "rate_prefix"]
    totals = (
        billed.lazy()
        .filter(pl.col("destination").is_not_null())
        .group_by(keys)
        .agg(
            pl.len().alias("call_count"),
            (cost // MICROS_PER_UNIT).sum().alias("cost_whole"),
            (cost % MICROS_PER_UNIT).sum().alias("cost_micros"),
        )
    )
    return totals.select(pl.col(name).cast(dtype) for name, dtype in DESTINATION_SCHEMA.items()).sort(keys).collect()


def dear_destinations(totals: pl.DataFrame, threshold: Decimal) -> pl.DataFrame:
    """The sums of accounts and destinations that cost at least the threshold, over all their prefixes."""
    cost = (pl.col("cost_whole").cast(pl.Int128) * MICROS_PER_UNIT + pl.col("cost_micros")).sum()
    is_dear = cost.over("account_id", "destination") >= int(threshold * MICROS_PER_UNIT)
    return totals.filter(is_dear)


def new_destinations(
    dear: pl.DataFrame, called: pl.DataFrame, currencies: pl.DataFrame, threshold: Decimal, month_count: int
) -> list[Anomaly]:
    """Dear destinations that their accounts did not call before: neither by this name nor by one of these prefixes.

    Needs: dear, of `dear_destinations`; called, pairs of destination and rate_prefix that accounts called in the
    `month_count` months before; currencies by account_id. A destination that was only renamed, or whose prefixes
    were only cut anew, is none.
    """
    pair = ["account_id", "destination"]
    known = [
        dear.join(called, on=["account_id", name], how="semi").select(pair) for name in ("destination", "rate_prefix")
    ]
    sums = (
        dear.join(pl.concat(known), on=pair, how="anti")
        .group_by(pair)
        .agg(pl.col("call_count", "cost_whole", "cost_micros").sum())
        .join(currencies, on="account_id", how="left", validate="m:1")
        .sort(pair)
    )
    return [
        _new_destination(row, threshold, "in the month" if month_count == 1 else f"in the {month_count} months")
        for row in sums.iter_rows(named=True)
    ]


def _new_destination(row: dict[str, Any], threshold: Decimal, before: str) -> Anomaly:
    cost = _units(row["cost_whole"] * MICROS_PER_UNIT + row["cost_micros"])
    calls = f"{row['call_count']:,} call{'' if row['call_count'] == 1 else 's'}"
    told = (
        f"{_shown(cost)} {row['currency']} for {calls} to {row['destination']}, which it did not call {before} before"
    )
    destination, currency = row["destination"], row["currency"]
    return Anomaly(row["account_id"], "new_destination", destination, cost, None, None, threshold, currency, told)


class Pattern(NamedTuple):
    """A check of values against what was usual: ratio and least difference that make a finding.

    told: what the value is, as in `12.00 USD invoiced`; `{}` stands for the subject.
    """

    check_name: str
    ratio: Decimal
    minimum: Decimal
    told: str


def is_out_of_pattern(pattern: Pattern) -> pl.Expr:
    """Whether a value is at least the ratio times the mean of the past, or at most as many times less.

    Needs: value_micros, past_micros (the sum over month_count months), Int128. Where the mean is 0 or less there is no
    ratio: the least difference alone decides.
    """
    value, past, ratio = pl.col("value_micros"), pl.col("past_micros"), int(pattern.ratio * SCALE)
    value_of_all = value * pl.col("month_count").cast(pl.Int128)
    minimum = int(pattern.minimum * MICROS_PER_UNIT) * pl.col("month_count").cast(pl.Int128)
    rises = (value_of_all > past) & (value_of_all * SCALE >= past * ratio)
    falls = (value_of_all < past) & (value_of_all * ratio <= past * SCALE)
    return ((value_of_all - past).abs() >= minimum) & ((past <= 0) | rises | falls)


def _findings(compared: pl.DataFrame, pattern: Pattern, *, is_of_account: bool) -> Iterator[Anomaly]:
    """The rows out of pattern. Needs beside `is_out_of_pattern`: subject, unit."""
    found = compared.filter(is_out_of_pattern(pattern)).sort("subject", "unit")
    for subject, unit, value, past, months in found.select(
        "subject", "unit", "value_micros", "past_micros", "month_count"
    ).iter_rows():
        ratio, told = _ratio(value * months, past), pattern.told.format(subject)
        is_rise = value * months > past
        threshold = pattern.ratio if is_rise else SHOWN.divide(Decimal(1), pattern.ratio)
        usual = SHOWN.divide(_units(past), Decimal(months)).quantize(USUAL_PLACE, context=SHOWN)
        yield Anomaly(
            subject if is_of_account else None,
            pattern.check_name,
            subject,
            _units(value),
            usual,
            ratio,
            threshold.quantize(RATIO_PLACE, context=SHOWN),
            unit,
            f"{_shown(_units(value))} {unit} {told}; {_beside(usual, months)}{_times(value * months, past)}",
        )


def _beside(usual: Decimal, months: int) -> str:
    return f"{_shown(usual)} {'in the month' if months == 1 else f'on average of {months} months'} before"


def _times(value: int, past: int) -> str:
    """A rise as times, a fall as percent; nothing where there is no ratio."""
    if _ratio(value, past) is None:
        return ""
    if value > past:
        return f": {_shown(SHOWN.divide(Decimal(value), Decimal(past)))} times the usual"
    return f": {_shown(SHOWN.divide(Decimal(value * 100), Decimal(past)))} % of the usual"


def _units(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6, context=SHOWN)


def _shown(amount: Decimal) -> str:
    """The amount to the hundredth, as people read it."""
    return f"{amount.quantize(CENT, context=SHOWN):,}"


def _ratio(value: int, past: int) -> Decimal | None:
    """Value divided by the past, to 4 decimals; None where there is none, or none that fits its column."""
    if past <= 0 or abs(value) >= past * RATIO_LIMIT:
        return None
    return SHOWN.divide(Decimal(value), Decimal(past)).quantize(RATIO_PLACE, context=SHOWN)


def _compared(now: pl.DataFrame, past: pl.DataFrame, keys: list[str], month_before: dt.date) -> pl.DataFrame:
    """Sums of this month beside those of the months before, by keys. What ended more than a month ago is left out.

    Adds: cents, minute_units (0 where there is nothing now), past_cents, past_minute_units, month_count (months with
    a row of the keys); null where there is nothing before.
    """
    amounts = ["cents", "minute_units"]
    sums_now = now.group_by(keys).agg(pl.col(amounts).cast(pl.Int128).sum(), is_now=pl.lit(value=True))
    sums_past = past.group_by(keys).agg(
        *(pl.col(name).cast(pl.Int128).sum().alias(f"past_{name}") for name in amounts),
        month_count=pl.col("invoice_month").n_unique().cast(pl.Int64),
        last_month=pl.col("invoice_month").max(),
    )
    both = sums_now.join(sums_past, on=keys, how="full", coalesce=True, validate="1:1")
    goes_on = pl.col("is_now").is_not_null() | (pl.col("last_month") == month_before)
    return both.filter(goes_on).with_columns(pl.col(amounts).fill_null(0))


def _as_values(compared: pl.DataFrame, name: str, micros: int) -> pl.DataFrame:
    return compared.with_columns(value_micros=pl.col(name) * micros, past_micros=pl.col(f"past_{name}") * micros)


def account_findings(
    now: pl.DataFrame, past: pl.DataFrame, thresholds: Thresholds, month_before: dt.date
) -> list[Anomaly]:
    """Accounts whose total or minutes are out of pattern.

    Needs: frames of AMOUNT_SCHEMA. An account is compared with those of the months before that it was invoiced in; one
    without any is not compared. One that has no invoice now is compared, as 0, if it had one in the month before.
    """
    compared = _compared(now, past, ["account_id", "currency"], month_before).drop_nulls("month_count")
    compared = compared.with_columns(subject="account_id", unit="currency")
    total = Pattern("account_total", thresholds.account_total, thresholds.account_total_minimum, "invoiced")
    minutes = Pattern("minutes", thresholds.minutes, thresholds.minutes_minimum, "of calls")
    by_minutes = compared.with_columns(unit=pl.lit("minutes"))
    return [
        *_findings(_as_values(compared, "cents", MICROS_PER_CENT), total, is_of_account=True),
        *_findings(_as_values(by_minutes, "minute_units", MICROS_PER_UNIT // SCALE), minutes, is_of_account=True),
    ]


def category_findings(
    now: pl.DataFrame, past: pl.DataFrame, thresholds: Thresholds, month_before: dt.date
) -> list[Anomaly]:
    """Categories whose sum in a currency is out of pattern.

    Needs: frames of AMOUNT_SCHEMA. A category is compared with all months before that have invoices in the currency:
    where it had no line it was 0.
    """
    months = past.group_by("currency").agg(month_count=pl.col("invoice_month").n_unique().cast(pl.Int64))
    compared = (
        _compared(now, past, ["category", "currency"], month_before)
        .drop("month_count")
        .join(months, on="currency", how="inner", validate="m:1")
        .with_columns(pl.col("past_cents").fill_null(0), subject="category", unit="currency")
    )
    told = "of {} on all invoices"
    pattern = Pattern("category_total", thresholds.category_total, thresholds.category_total_minimum, told)
    return list(_findings(_as_values(compared, "cents", MICROS_PER_CENT), pattern, is_of_account=False))


def anomaly_rows(findings: list[Anomaly], invoice_month: dt.date, run_id: str) -> pl.DataFrame:
    """The findings as the warehouse has them. Grain: one finding; ordered by check, account, subject and unit."""
    rows = pl.DataFrame(findings, schema=ANOMALY_SCHEMA, orient="row")
    named = rows.select(pl.lit(invoice_month).alias("invoice_month"), pl.lit(run_id).alias("run_id"), pl.all())
    return named.sort("check_name", "account_id", "subject", "unit", nulls_last=True)
