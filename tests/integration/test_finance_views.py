"""The views over two months agree with the invoices and calls that they sum, to the last decimal."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import pytest

from schemas.warehouse_views import WAREHOUSE_VIEWS
from tests.integration.demo_month import Billed

pytestmark = pytest.mark.integration
CENT = Decimal("0.01")
NAMES = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}


def test_every_view_is_what_its_schema_says_column_by_column(books: Billed) -> None:
    found = books.ask(
        "select table_name, column_name, data_type, columns.comment "
        "from duckdb_columns() as columns join duckdb_views() on view_name = table_name "
        "where not columns.internal and table_name not in ('billed_calls', 'unbilled_calls') "
        "order by table_name, column_index"
    )
    expected = [
        (view.name, name, field.type, field.meaning)
        for view in sorted(WAREHOUSE_VIEWS, key=lambda view: view.name)
        for name, field in view.columns.items()
    ]
    assert [(view, name, NAMES.get(kind, kind), comment) for view, name, kind, comment in found] == expected


def test_every_view_says_its_grain(books: Billed) -> None:
    grains = dict(books.ask("select view_name, comment from duckdb_views() where not internal"))
    assert {view.name: view.grain for view in WAREHOUSE_VIEWS}.items() <= grains.items()


def test_no_table_and_no_view_has_a_binary_fraction_or_an_integer_wider_than_readers_know(books: Billed) -> None:
    query = (
        "select table_name, column_name, data_type from duckdb_columns() where not internal "
        "and (data_type like '%DOUBLE%' or data_type like '%FLOAT%' or data_type like '%HUGEINT%')"
    )
    assert books.ask(query) == []


@pytest.mark.parametrize("view", [view.name for view in WAREHOUSE_VIEWS if view.name != "late_calls"])
def test_a_view_has_rows(books: Billed, view: str) -> None:
    assert books.ask(f"select count(*) > 0 from {view}") == [(True,)]


@pytest.mark.parametrize(
    ("view_sum", "true_sum"),
    [
        (
            "select invoice_month, currency, sum(amount) from revenue_month_over_month",
            "select invoice_month, currency, sum(total) from invoices",
        ),
        (
            "select invoice_month, currency, sum(tax_amount) from tax_by_jurisdiction",
            "select invoice_month, currency, sum(tax_total) from invoices",
        ),
        (
            "select invoice_month, currency, sum(amount) from usf_by_invoice where amount <> 0",
            "select invoice_month, currency, sum(amount) from invoice_line_items join invoices "
            "using (invoice_id, invoice_month) where category = 'usf'",
        ),
        (
            "select usage_month, call_type, sum(cost), sum(duration_seconds), sum(call_count) from usage_by_day",
            "select usage_month, call_type, sum(cost), sum(duration_seconds), count(*) from billed_calls",
        ),
        (
            "select account_id, (usage_month + interval 1 month)::date, sum(used_minutes) from plan_pool_use "
            "where used_minutes <> 0",
            "select account_id, invoice_month, sum(quantity) from invoice_line_items "
            "where category = 'included_minutes' and quantity <> 0",
        ),
        (
            "select account_id, (usage_month + interval 1 month)::date, sum(overage_minutes), sum(overage_cost) "
            "from plan_pool_use where overage_minutes <> 0",
            "select account_id, invoice_month, sum(quantity), sum(exact_amount) from invoice_line_items "
            "where category = 'overage'",
        ),
        (
            "select usage_month, plan_id, sum(used_seconds), sum(used_value), sum(account_count) from plan_margin",
            "select usage_month, plan_id, sum(used_seconds), sum(used_value), count(*) from plan_pool_use",
        ),
        (
            "select usage_month, sum(service_amount) from plan_margin where usage_month = '2020-02-01'",
            "select period_start - (day(period_start) - 1)::int, sum(amount) from invoice_line_items "
            "where base_category = 'service_charge' and category <> 'adjustments' "
            "and period_start between '2020-02-01' and '2020-02-29'",
        ),
        (
            "select invoice_month, sum(difference), sum(taken_difference) from adjustments_by_cause",
            "select date '2020-02-01', sum(difference), sum(difference) from adjustments",
        ),
        (
            "select usage_month, sum(call_count), sum(duration_seconds) from suspended_value",
            "select usage_month, count(*), sum(duration_seconds) from suspended_calls",
        ),
    ],
)
def test_a_view_sums_to_what_it_is_made_of(books: Billed, view_sum: str, true_sum: str) -> None:
    found, expected = (books.ask(f"{query} group by all order by all") for query in (view_sum, true_sum))
    assert found == expected
    assert found


def test_no_pool_is_overdrawn(books: Billed) -> None:
    assert books.ask("select * from plan_pool_use where unused_seconds < 0") == []


def test_each_invoice_s_usf_is_the_base_times_the_factor_rounded_down(books: Billed) -> None:
    rows = books.ask("select base_amount, factor_percent, amount from usf_by_invoice")
    fees = [(base * factor / 100).quantize(CENT, ROUND_FLOOR) for base, factor, _ in rows]
    assert fees == [amount for _, _, amount in rows]


def test_each_tax_of_a_region_is_its_percentage_of_the_subtotals(books: Billed) -> None:
    query = "select subtotal, percent, tax_amount from tax_by_jurisdiction where tax is not null and invoice_count = 1"
    rows = books.ask(query)
    assert len(rows) > 10
    taxes = [(subtotal * percent / 100).quantize(CENT, ROUND_HALF_UP) for subtotal, percent, _ in rows]
    assert taxes == [amount for _, _, amount in rows]


def test_a_rerun_adds_no_row_to_views_of_issued_months(books: Billed) -> None:
    runs = "select count(*) from runs where kind = 'rerun'"
    assert books.ask(runs) == [(1,)]
    assert books.ask("select count(distinct run_id) from plan_pools") == [(2,)]
    twice = "select account_id, usage_month from plan_pool_use group by all having count(*) > 1"
    assert books.ask(twice) == []
