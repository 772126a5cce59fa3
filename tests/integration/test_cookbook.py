"""Each query of the cookbook in data/README.md, asked of two months, with its answer checked against the tables."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.integration.demo_month import ROOT, Billed

pytestmark = pytest.mark.integration
PAGE = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^### (\d+)\. ([^\n]+)\n```sql\n(.*?)```\n([^\n]+)$", PAGE, re.DOTALL | re.MULTILINE)
QUERIES = {int(number): query.strip().rstrip(";") for number, _, query, _ in RECIPES}
FIRST = "invoice_month = '2020-02-01'"
LINES = "invoice_line_items join invoices using (invoice_id, invoice_month)"
CALLS = "billed_calls where usage_month = '2020-01-01'"
CHECKS: dict[int, tuple[str, str]] = {
    1: ("sum(invoices), sum(subtotal) + sum(tax), sum(total)", "select count(*), sum(total), sum(total) from invoices"),
    2: ("sum(amount)", f"select sum(amount) from {LINES} where {FIRST} and currency = 'USD'"),
    3: (
        "count(*), bool_and(difference = coalesce(total, 0) - coalesce(previous_total, 0)), max(abs(difference))",
        """select 10, true, max(abs(coalesce(m.total, 0) - coalesce(f.total, 0)))
        from (from invoices where invoice_month = '2020-03-01') as m
        full join (from invoices where invoice_month = '2020-02-01') as f using (account_id)""",
    ),
    4: (
        "count(*), max(cost)",
        f"""select 10, max(cost) from (
        select sum(cost) as cost from billed_calls join invoices on invoices.account_id = billed_calls.account_id
        and {FIRST} and usage_month = '2020-01-01' where call_type = 'international' group by currency, destination)""",
    ),
    5: (
        "sum(calls), sum(seconds), sum(cost)",
        """select sum(calls), sum(seconds), sum(cost) from (
        select count(*) as calls, sum(billable_seconds) as seconds, sum(cost) as cost
        from billed_calls where usage_month = '2020-01-01' and call_type = 'international'
        group by account_id order by cost desc limit 10)""",
    ),
    6: (
        "count(*), sum(used_minutes)",
        f"""select (select count(*) from plan_pools where usage_month = '2020-01-01'), sum(quantity)
        from invoice_line_items where {FIRST} and category = 'included_minutes'""",
    ),
    7: (
        "count(*), sum(overage_minutes), sum(overage_cost)",
        f"""select count(*), sum(quantity), sum(exact_amount)
        from invoice_line_items where {FIRST} and category = 'overage'""",
    ),
    8: (
        "sum(account_count), sum(margin - (service_amount - used_value))",
        "select count(*), 0 from plan_pools",
    ),
    9: ("sum(tax_amount)", f"select sum(tax_total) from invoices where {FIRST}"),
    10: (
        "count(*), bool_and(tax_exempt)",
        "select count(*), true from invoices anti join (from invoice_line_items where category = 'tax') "
        "using (invoice_id)",
    ),
    11: (
        "count(*), sum(amount), bool_and(rounding <= 0)",
        "select 1, sum(amount), true from invoice_line_items where category = 'usf'",
    ),
    12: (
        "sum(amount), sum(base_amount)",
        f"""select (select sum(amount) from {LINES} where country = 'US'
        and category not in ('adjustments', 'usf', 'tax')), base_amount from usf_by_quarter""",
    ),
    13: (
        "sum(taken_difference), sum(waiting_difference)",
        "select sum(amount), 0 from invoice_line_items where category = 'adjustments'",
    ),
    14: (
        "sum(waiting_count)",
        "select count(*) from suspended_calls anti join (from rerun_call_differences where cause = 'released') "
        "using (source, call_id)",
    ),
    15: (
        "sum(rounding) filter (where step <> 'total'), sum(invoiced) filter (where step = 'total')",
        "select sum(rounding) filter (where step = 'total'), (select sum(total) from invoices) from rounding_bridge",
    ),
    16: (
        "sum(cost)",
        f"select exact_amount from invoice_line_items where {FIRST} and account_id = 'A00001' "
        "and category = 'international'",
    ),
    17: ("sum(calls), count(*)", f"select count(*), count(distinct (start_time)::date) from {CALLS}"),
    18: (
        "sum(read), sum(billed + unbilled + suspended + duplicate + conflict + outside_month + rejected), sum(billed)",
        "select sum(rows_read), sum(rows_read), (select count(*) from billed_calls) from source_files",
    ),
}


def test_the_cookbook_has_at_least_fifteen_numbered_questions_each_with_what_one_sees() -> None:
    assert list(QUERIES) == list(range(1, len(QUERIES) + 1)) == sorted(CHECKS)
    assert len(QUERIES) >= 15
    assert [question for _, question, _, seen in RECIPES if not question.endswith("?") or len(seen) < 20] == []


@pytest.mark.parametrize("number", QUERIES)
def test_a_query_gives_rows_that_agree_with_the_tables(books: Billed, number: int) -> None:
    wanted, truth = CHECKS[number]
    found = books.ask(f"select {wanted} from ({QUERIES[number]}) as answer")
    assert found == books.ask(truth)
    assert found[0][0] not in (None, 0)


@pytest.mark.parametrize("number", QUERIES)
def test_no_query_of_the_cookbook_gives_a_binary_fraction(books: Billed, number: int) -> None:
    types = [row[1] for row in books.ask(f"describe {QUERIES[number]}")]
    assert [kind for kind in types if kind in ("DOUBLE", "FLOAT")] == []


def test_rows_come_in_the_order_that_the_page_says(books: Billed) -> None:
    costs = [row[-1] for row in books.ask(QUERIES[16])]
    assert costs == sorted(costs, reverse=True)
    shares = [row[5] or Decimal(-1) for row in books.ask(QUERIES[6])]
    assert shares == sorted(shares, reverse=True)
