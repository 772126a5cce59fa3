"""Settings of the policy table in force on the day of what they decide (rule 1.5)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from schemas.faults import Fault, InputRefusedError
from schemas.policy_settings import POLICY_SETTINGS
from schemas.text_columns import MICROS

POLICY_FILE = "policy.csv"
SettingValue = int | bool
_KINDS = {setting.name: setting.kind for setting in POLICY_SETTINGS}
_DTYPES = {"whole_number": pl.Int64(), "percent": pl.Int64(), "boolean": pl.Boolean()}


def policy_value(policy: pl.DataFrame, setting: str, on: dt.date) -> str:
    """The text of the setting's row in force at the first moment of the day (UTC), or a refusal."""
    moment = dt.datetime.combine(on, dt.time(), dt.UTC)
    in_force = policy.filter((pl.col("setting") == setting) & _holds(pl.lit(moment)))
    if in_force.is_empty():
        raise InputRefusedError(_missing_row(setting, on))
    return str(in_force["value"][0])


def policy_whole_number(policy: pl.DataFrame, setting: str, on: dt.date) -> int:
    """A setting that counts (days, phones, a day of the month), in force on the day."""
    return int(policy_value(policy, setting, on))


def policy_percent_micros(policy: pl.DataFrame, setting: str, on: dt.date) -> int:
    """A percentage in 10⁻⁶ percent, in force on the day."""
    return _percent_micros(policy_value(policy, setting, on))


def policy_flag(policy: pl.DataFrame, setting: str, on: dt.date) -> bool:
    """A setting that is on or off, in force on the day."""
    return policy_value(policy, setting, on) == "true"


def with_setting(rows: pl.DataFrame, policy: pl.DataFrame, setting: str, day: str) -> pl.DataFrame:
    """Rows with the setting in force on each row's day, in a column of its name (percent: 10⁻⁶ percent).

    Grain: one row a row, order kept; a null day gives null. A day without a row in force is refused.
    """
    uncovered = rows.filter(has_no_setting(policy, setting, day))
    if not uncovered.is_empty():
        raise InputRefusedError(_missing_row(setting, uncovered[day].sort()[0]))
    return rows.with_columns(_setting_in_force(policy, setting, pl.col(day)).alias(setting))


def has_no_setting(policy: pl.DataFrame, setting: str, day: str) -> pl.Expr:
    """Whether the row's day is one on which no row of the setting is in force; a null day is none."""
    return pl.col(day).is_not_null() & _setting_in_force(policy, setting, pl.col(day)).is_null()


def _setting_in_force(policy: pl.DataFrame, setting: str, day: pl.Expr) -> pl.Expr:
    """The typed setting on a day, one branch a row of the setting; null where none is in force."""
    kind = _KINDS[setting]
    moment = day.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    branches = [
        pl.when(_within(moment, row["effective_from"], row["effective_to"])).then(
            pl.lit(_typed(kind, row["value"]), dtype=_DTYPES[kind])
        )
        for row in policy.filter(pl.col("setting") == setting).iter_rows(named=True)
    ]
    return pl.coalesce(*branches, pl.lit(None, dtype=_DTYPES[kind]))


def _within(moment: pl.Expr, begin: dt.datetime | None, end: dt.datetime | None) -> pl.Expr:
    after = moment >= begin if begin is not None else moment.is_not_null()
    return after & (moment < end) if end is not None else after


def _holds(moment: pl.Expr) -> pl.Expr:
    has_begun = pl.col("effective_from").is_null() | (pl.col("effective_from") <= moment)
    return has_begun & (pl.col("effective_to").is_null() | (moment < pl.col("effective_to")))


def _typed(kind: str, value: str) -> SettingValue:
    if kind == "boolean":
        return value == "true"
    return _percent_micros(value) if kind == "percent" else int(value)


def _percent_micros(value: str) -> int:
    whole, _, fraction = value.partition(".")
    return int(whole) * MICROS + int(fraction.ljust(6, "0"))


def _missing_row(setting: str, on: dt.date) -> Fault:
    problem = f"has no row of the setting in force on {on}"
    return Fault(POLICY_FILE, problem, "add one to another rate version (rule 1.5)", column=setting)
