"""What no single cell of a rate version shows: times in force, keys, columns that depend on each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import polars as pl

from schemas.faults import Fault
from schemas.policy_settings import POLICY_SETTINGS, is_policy_value
from schemas.rate_files import GAPLESS_TABLES, RATE_TABLES
from schemas.text_columns import MICROS
from schemas.text_tables import EFFECTIVE_FROM, EFFECTIVE_TO, TableSpec, repeated_key_faults

_CLOSED_REMEDY = "leave effective_to empty or set it after effective_from"


def version_faults(tables: Mapping[str, pl.DataFrame]) -> list[Fault]:
    """Every fault of the tables' contents. Cells that are null because they were bad are passed over."""
    faults: list[Fault] = []
    for spec in RATE_TABLES:
        rows = tables[spec.name]
        faults += time_faults(rows, spec, _file(spec.name)) if spec.is_dated else _undated_faults(rows, spec)
    faults += _plan_faults(tables["plans"])
    faults += _fee_faults(tables["fees"])
    faults += premium_faults(tables["premium_prefixes"], tables["dialing_plans"], _file("premium_prefixes"))
    faults += _policy_faults(tables["policy"])
    return faults


def _file(name: str) -> str:
    return f"{name}.csv"


def _undated_faults(rows: pl.DataFrame, spec: TableSpec) -> list[Fault]:
    return repeated_key_faults(rows, spec.key, _file(spec.name))


def time_faults(rows: pl.DataFrame, spec: TableSpec, file: str) -> list[Fault]:
    """Rows whose time is empty, or meets or misses that of an earlier row of their key (contract §4)."""
    is_empty = pl.col(EFFECTIVE_TO) <= pl.col(EFFECTIVE_FROM)
    faults = [
        Fault(file, "ends before it begins to be in force", _CLOSED_REMEDY, line, EFFECTIVE_TO, str(end))
        for line, end in rows.filter(is_empty).select("line", EFFECTIVE_TO).iter_rows()
    ]
    followed = _with_earlier_time(rows.filter(~is_empty.fill_null(value=False)), spec.key)
    begins = pl.col(EFFECTIVE_FROM)
    has_earlier = pl.col("earlier_line").is_not_null()
    meets = has_earlier & (pl.col("earlier_end").is_null() | begins.is_null() | (begins < pl.col("earlier_end")))
    for row in followed.filter(meets).iter_rows(named=True):
        problem = f"is in force together with line {row['earlier_line']} of the same key"
        remedy = "end the earlier row where this one begins"
        faults.append(Fault(file, problem, remedy, row["line"], EFFECTIVE_FROM, _key_text(row, spec)))
    if spec.name in GAPLESS_TABLES:
        for row in followed.filter(has_earlier & (begins > pl.col("earlier_end"))).iter_rows(named=True):
            problem = f"leaves a gap after line {row['earlier_line']} of the same key"
            remedy = "let it begin where that one ends, or add a row with an empty rate"
            faults.append(Fault(file, problem, remedy, row["line"], EFFECTIVE_FROM, _key_text(row, spec)))
    return faults


def _with_earlier_time(rows: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Rows of keys with several, by key and begin; the row of the key before, the last end (null = open)."""
    far = pl.lit(2**62)
    end = pl.col(EFFECTIVE_TO).cast(pl.Int64).fill_null(far)
    earlier_end = end.cum_max().shift(1).over(key)
    return (
        rows.drop_nulls(key)
        .filter(pl.struct(key).is_duplicated())  # most have one row, and to group them takes time
        .sort(*key, EFFECTIVE_FROM, "line", nulls_last=False)
        .with_columns(
            earlier_line=pl.col("line").shift(1).over(key),
            earlier_end=pl.when(earlier_end < far).then(earlier_end).cast(pl.Datetime("us", "UTC")),
        )
    )


def _key_text(row: dict[str, object], spec: TableSpec) -> str:
    return " ".join(str(row[name]) for name in spec.key)


def _plan_faults(plans: pl.DataFrame) -> list[Fault]:
    """Limited minutes without an overage price (rule 7.3); a currency that changes (rule 9.4)."""
    file = _file("plans")
    is_limited = pl.col("included_minutes").is_not_null() & pl.col("overage_rate_micros").is_null()
    remedy = "give the price, or leave included_minutes empty for unlimited minutes"
    faults = [
        Fault(file, "limits the minutes but has no overage price", remedy, line, "overage_rate", plan)
        for line, plan in plans.filter(is_limited).select("line", "plan_id").iter_rows()
    ]
    first = pl.col("currency").sort_by("line").first().over("plan_id")
    changed = plans.drop_nulls(["plan_id", "currency"]).with_columns(first=first)
    for row in changed.filter(pl.col("currency") != pl.col("first")).iter_rows(named=True):
        problem = f"changes the currency of plan {row['plan_id']} from {row['first']}"
        faults.append(Fault(file, problem, "make it another plan (rule 9.4)", row["line"], "currency", row["currency"]))
    return faults


def _fee_faults(fees: pl.DataFrame) -> list[Fault]:
    """A percentage needs its base and bounds; a fee a device or invoice has no base (rule 8.1)."""
    file = _file("fees")
    is_percent = pl.col("basis") == "percent"
    has_base = pl.col("categories").list.len() > 0
    faults = [
        Fault(file, "is a percentage of nothing", "list the base categories", line, "categories")
        for line in fees.filter(is_percent & ~has_base)["line"]
    ]
    too_high = fees.filter(is_percent & (pl.col("amount_micros") > 1_000 * MICROS))
    faults += [
        Fault(file, "is more than 1000 percent", "give at most 1000", line, "amount") for line in too_high["line"]
    ]
    return faults


def premium_faults(premium: pl.DataFrame, dialing_plans: pl.DataFrame, file: str) -> list[Fault]:
    """Rows whose published prefix and prefix are not the same numbers (rule 5.2)."""
    plans = {
        country: (code, national)
        for country, code, national in dialing_plans.select("country", "calling_code", "national_prefix").iter_rows()
    }
    columns = ("country", "prefix", "published_prefix")
    faults: list[Fault] = []
    for line, *cells in premium.select("line", *columns).drop_nulls(columns).iter_rows():
        country, prefix, published = cells
        faults += _premium_row_faults(file, line, prefix, published, plans.get(country))
    return faults


def _premium_row_faults(
    file: str, line: int, prefix: str, published: str, dialing_plan: tuple[str | None, str | None] | None
) -> Iterator[Fault]:
    code, national_prefix = dialing_plan or (None, None)
    if code is None:
        yield Fault(file, "its country has no dialing plan", "add it to dialing_plans.csv", line, "country")
        return
    digits = re.sub(r"[^0-9]", "", published)
    forms = {digits, code + digits}
    if national_prefix:
        forms.add(code + digits.removeprefix(national_prefix))
    expected = sorted(form for form in forms if form.startswith(code))
    if prefix not in expected:
        problem = f"disagrees with the published prefix {published}"
        yield Fault(file, problem, f"write {' or '.join(expected)} (rule 5.2)", line, "prefix", prefix)


def _policy_faults(policy: pl.DataFrame) -> list[Fault]:
    """Settings without a row, and values of the wrong type (rule 1.5)."""
    file = _file("policy")
    faults: list[Fault] = []
    for setting in POLICY_SETTINGS:
        rows = policy.filter(pl.col("setting") == setting.name)
        if rows.is_empty():
            remedy = f"add its row, {setting.words} (rule {setting.rule})"
            faults.append(Fault(file, "the setting is missing", remedy, column="setting", value=setting.name))
        for line, value in rows.select("line", "value").drop_nulls().iter_rows():
            if not is_policy_value(setting, value):
                problem = f"is not a value of {setting.name}"
                faults.append(Fault(file, problem, f"write {setting.words}", line, "value", value))
    return faults
