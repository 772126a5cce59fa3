"""`tollbook rates lint`: a version looked at before it can bill."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.warehouse import published
from rate_tables.versions import OpenVersion, RateTables, list_versions, open_version
from schemas.faults import Fault, InputRefusedError
from transforms.rate_cover import called_findings, country_findings, swallowed_findings, unknown_findings
from transforms.rate_findings import FINDING, fault_findings, sorted_findings
from transforms.rate_lint import free_findings, lost_findings, moved_findings, parent_findings
from transforms.rate_rows import PrefixTables, lasting, rate_rows

PARENT_RATIO, MOVE_RATIO = Fraction(10), Fraction(2)
# Of the calls of the last issued month: the suspended ones by number, the billed ones by the prefix that priced them.
_CALLED = """
with last as (
    select run_id, invoice_month from runs where kind = 'bill'
    qualify row_number() over (order by invoice_month desc, run_id) = 1
),
currencies as (select account_id, currency from invoices where run_id in (select run_id from last)),
called as (
    select
        account_id,
        'suspended' as what,
        case when reason <> 'unknown_destination' then case call_type
            when 'toll_free' then 'toll_free_rates'
            when 'domestic_premium' then 'premium_prefixes'
            else 'international_rates'
        end end as "table",
        case when call_type = 'toll_free' then source_number else destination_number end as number,
        duration_seconds
    from suspended_calls where run_id in (select run_id from last)
    union all
    select account_id, 'billed', rate_table, '+' || rate_prefix, duration_seconds
    from billed_calls
    where run_id in (select run_id from last) and rate_table <> 'plans'
)
select
    what,
    "table",
    currency,
    case when starts_with(number, '+') then number[2:] else '' end as digits,
    count(*)::bigint as calls,
    sum(duration_seconds)::bigint as seconds
from called join currencies using (account_id)
group by all
order by all
"""


class Lint(NamedTuple):
    """What was looked at, and what was found (FINDING), errors first."""

    version: str
    before: str | None
    has_calls: bool
    findings: pl.DataFrame

    def count(self, severity: str) -> int:
        """How many findings are of the severity."""
        return self.findings.filter(pl.col("severity") == severity).height


def lint_version(
    root: Path,
    name: str,
    *,
    against: str | None = None,
    warehouse: Path | None = None,
    parent_ratio: Fraction = PARENT_RATIO,
    move_ratio: Fraction = MOVE_RATIO,
) -> Lint:
    """The version's findings. Raises InputRefusedError where it, or the one it is compared with, cannot be opened."""
    version = open_version(root, name)
    before = _before(root, version, against)
    called = None if warehouse is None else _called(warehouse)
    tables = _prefix_tables(version.tables)
    rows, moment = rate_rows(tables), _midnight(version.manifest.published_on)
    still = lasting(rows, moment)
    parts = [
        fault_findings(version.faults),
        *parent_findings(still, parent_ratio),
        free_findings(still),
        unknown_findings(still, tables.numbering_plan),
        *country_findings(rows, tables.numbering_plan, moment),
        swallowed_findings(rows, tables.numbering_plan, moment),
    ]
    if before is not None:
        old = rate_rows(_prefix_tables(before.tables))
        parts += [moved_findings(rows, old, moment, move_ratio), lost_findings(rows, old, moment)]
    if called is not None:
        parts.append(called_findings(called, rows, tables.numbering_plan, moment))
    found = sorted_findings(part.cast(FINDING) for part in parts)
    return Lint(name, before.tables.version if before else None, called is not None, found)


def parse_ratio(text: str, flag: str) -> Fraction:
    """`2` or `1.5` as a ratio above 1. Raises InputRefusedError."""
    try:
        ratio = Fraction(text)
    except (ValueError, ZeroDivisionError):
        ratio = Fraction(0)
    if not 1 < ratio <= 1_000_000 or ratio.denominator > 1_000:
        raise InputRefusedError(Fault(flag, "is no ratio", "write a number above 1, such as 2 or 1.5", value=text))
    return ratio


def _before(root: Path, version: OpenVersion, against: str | None) -> OpenVersion | None:
    """The version named, or the newest frozen one that was published before; the faults of it are not told here."""
    if against is not None:
        return open_version(root, against)
    own = (version.manifest.published_on, version.tables.version)
    frozen = [one for one in list_versions(root) if one.is_frozen and (one.published_on, one.name) < own]
    return open_version(root, frozen[-1].name) if frozen else None


def _prefix_tables(tables: RateTables) -> PrefixTables:
    """The tables without what is told as an error already: prefixes of the plan that are bad or stand there twice."""
    plan = tables.numbering_plan.drop_nulls(["prefix", "country", "kind"])
    plan = plan.unique("prefix", keep="first", maintain_order=True)
    return PrefixTables(tables.international_rates, tables.premium_prefixes, tables.toll_free_rates, plan)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def _called(warehouse: Path) -> pl.DataFrame | None:
    """What was called in the last issued month; None where nothing was published."""
    with published(warehouse) as connection:
        return None if connection is None else connection.sql(_CALLED).pl()
