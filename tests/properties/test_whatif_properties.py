"""A month under another version by `whatif` is that month billed under the version: every line and every call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.settings import Settings
from flows.whatif import WhatIf, what_if
from tests.properties.invoice_strategies import charges_and_fees, invoiced_months
from tests.properties.memory_month import INVOICE_MONTH, LiteralMonth
from tests.properties.month_strategies import CHANGE, COMMAND_LINE, RATES, Draw, call_rates, some
from tests.properties.published_month import bill
from tests.rules.small_month import SmallMonth
from tests.rules.small_rates import Row, numbering_rows, policy
from tests.rules.test_suspended_calls import make_version

pytestmark = pytest.mark.integration
OTHER = "other"
RATED = ("international_rates", "premium_prefixes", "toll_free_rates")
NUMBERING = (
    {"prefix": "1299", "country": "US", "region": "NY", "kind": "geographic"},
    {"prefix": "447700900", "country": "JE", "region": "", "kind": "mobile"},
    {"prefix": "14165550", "country": "US", "region": "NY", "kind": "geographic"},
    {"prefix": "3312", "country": "FR", "region": "", "kind": "premium"},
    {"prefix": "1787555", "country": "US", "region": "PR", "kind": "premium"},
)


@st.composite
def altered(draw: Draw, rows: Sequence[Row]) -> list[Row]:
    """The rows with other prices here and there, some gone, one cut in two at the change."""
    found: list[Row] = []
    for row in rows:
        kind = draw(some("same", "same", "price", "gone", "cut"))
        if kind == "price":
            found.append({**row, "rate_per_minute": draw(some(*RATES, ""))})
        elif kind == "cut" and not {"effective_from", "effective_to"} & row.keys():
            later = {**row, "effective_from": CHANGE, "rate_per_minute": draw(some(*RATES))}
            found += [{**row, "effective_to": CHANGE}, later]
        elif kind != "gone":
            found.append(row)
    return found


@st.composite
def another_version(draw: Draw, rates: dict[str, Any]) -> dict[str, Sequence[Row]]:
    """The tables with some of them altered or drawn anew."""
    redrawn, charged = draw(call_rates()), draw(charges_and_fees())
    other = dict(rates)
    for name in RATED:
        other[name] = draw(st.sampled_from((rates[name], draw(altered(rates[name])), redrawn[name])))
    if draw(some("same", "same", "new")) == "new":
        other["plans"] = redrawn["plans"]
    if draw(st.booleans()):
        other |= charged
    kept = [row for row in numbering_rows() if row["prefix"] not in draw(st.sets(some("44909", "1787", "33", "1900")))]
    added = draw(st.lists(st.sampled_from(NUMBERING), unique_by=lambda row: row["prefix"], max_size=2))
    other["numbering_plan"] = draw(st.sampled_from((numbering_rows(), [*kept, *added])))
    other["policy"] = policy(cancellation_notice_days=draw(some("10", "30", "3")))
    return other


def sums(rows: Sequence[tuple[Any, ...]], keys: int) -> dict[tuple[Any, ...], int]:
    """Amounts by their first cells, without those that are 0."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        found[row[:keys]] += row[keys]
    return {key: amount for key, amount in found.items() if amount}


LINES = """
select account_id, category, charge_code, (amount * 100)::bigint, (quantity * 10000)::bigint,
    (exact_amount * 1000000)::hugeint
from invoice_line_items order by all
"""
CALLS = """
select account_id, source, call_id, 'billed' as fate, call_type, (cost * 1000000)::bigint as cost from billed_calls
union all select account_id, source, call_id, 'unbilled', reason, 0 from unbilled_calls
union all select account_id, source, call_id, 'suspended', reason, 0 from suspended_calls
"""


def assert_lines(found: WhatIf, one: SmallMonth, other: SmallMonth) -> None:
    told = found.lines.select("account_id", "category", "charge_code", "old_cents", "new_cents").rows()
    assert sums([row[:4] for row in told], 3) == sums([row[:4] for row in one.rows(LINES)], 3)
    assert sums([(*row[:3], row[4]) for row in told], 3) == sums([row[:4] for row in other.rows(LINES)], 3)
    exact = pl.col("exact_numerator") * 2 + pl.col("exact_denominator")
    micros = exact // (pl.col("exact_denominator") * 2)
    usage = ("included_minutes", "domestic_premium", "overage", "toll_free", "international")
    columns = ("account_id", "category", "charge_code", "amount_cents", "quantity", micros.cast(pl.Int64))
    lines = found.priced.filter(pl.col("category").is_in(usage)).select(columns).rows()
    assert sorted(lines) == [row for row in other.rows(LINES) if row[1] in usage]
    assert len(found.priced) == len(other.rows(LINES))


def assert_calls(found: WhatIf, one: SmallMonth, other: SmallMonth) -> None:
    before, after = ({row[:3]: row[3:] for row in month.rows(CALLS)} for month in (one, other))
    assert before.keys() == after.keys()
    moved: Counter[tuple[Any, ...]] = Counter()
    differences: Counter[tuple[Any, ...]] = Counter()
    for key in before:
        change = (key[0], *before[key][:2], *after[key][:2])
        moved[change] += change[1:3] != change[3:5]
        differences[change] += after[key][2] - before[key][2]
    columns = ("account_id", "old_fate", "was", "new_fate", "becomes", "calls", "old_cost_micros", "new_cost_micros")
    rows = found.calls.select(columns).rows()
    assert sums([row[:6] for row in rows if row[1:3] != row[3:5]], 5) == {k: n for k, n in moved.items() if n}
    assert sums([(*row[:5], row[7] - row[6]) for row in rows], 5) == {k: d for k, d in differences.items() if d}
    assert found.accepted_count == len(before)


def what_if_of(month: SmallMonth, rates: dict[str, Sequence[Row]], accounts: Sequence[str] = ()) -> WhatIf:
    make_version(month.folder, OTHER, rates)
    places = {"rate_tables": month.folder / "rates", "warehouse": month.warehouse}
    return what_if(Settings(INVOICE_MONTH, rates=OTHER, **places), accounts)


@settings(COMMAND_LINE, max_examples=10)
@given(invoiced_months(), st.data())
def test_whatif_is_the_bill_under_the_other_version_beside_the_one_that_was_issued(
    tmp_path_factory: pytest.TempPathFactory, month: LiteralMonth, data: st.DataObject
) -> None:
    terms, calls = month
    rates = data.draw(another_version(dict(terms.rates)))
    files: dict[str, Any] = {}
    for call in calls:
        files.setdefault("a.csv" if call["source"] == "canonical" else "east/a.csv", []).append(call)
    one = bill(tmp_path_factory.mktemp("issued"), terms, files)
    other = bill(tmp_path_factory.mktemp("other"), replace(terms, rates=rates), files)
    found = what_if_of(one, rates)
    assert_lines(found, one, other)
    assert_calls(found, one, other)
