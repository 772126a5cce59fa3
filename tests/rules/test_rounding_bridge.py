"""The view `rounding_bridge`: from the calls to the total of an invoice, every rounding by itself (rules 4.1, 6.4, 9).

Two phones at 24.95, one of them since 15 January, two minutes to London at 0.0125, tax of 8.25 %:

    calls 0.012500 + 0.012500 = 0.025000 -> line 0.03           rounding  0.005000
    24.95 × 16/31 = 12.877419 -> line 12.88                     rounding  0.002581
    2 × 24.95 = 49.90 -> line 49.90                             rounding  0
    subtotal 49.90 + 12.88 + 0.03 = 62.81, exact 62.802419      rounding  0.007581
    tax 62.81 × 8.25 % = 5.181825 -> 5.18                       rounding -0.001825
    total 62.81 + 5.18 = 67.99, exact 67.984244                 rounding  0.005756
"""

from __future__ import annotations

import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, call, item
from tests.rules.small_rates import international, tax

LONDON = "+442071234567"


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    return bill_once(
        items=[item("i1"), item("i2", start_date="2020-01-15")],
        calls=[call("c1", LONDON), call("c2", LONDON), call("c3", LONDON, 0)],
        rates={"international_rates": [international("44", "0.0125")], "taxes": [tax("sales", "8.25")]},
    )


def test_rule_9_3_each_step_from_calls_to_total_shows_its_rounding(month: SmallMonth) -> None:
    columns = "step, category, call_count, calls_cost, calls_difference, exact_amount, amount, rounding"
    nothing = (None, None, None)
    assert month.rows(f"select {columns} from rounding_bridge") == [
        ("line", "service_charge", *nothing, "49.900000", "49.90", "0.000000"),
        ("line", "prorated_charges", *nothing, "12.877419", "12.88", "0.002581"),
        ("line", "international", 2, "0.025000", "0.000000", "0.025000", "0.03", "0.005000"),
        ("subtotal", None, *nothing, "62.802419", "62.81", "0.007581"),
        ("tax", "tax", *nothing, "5.181825", "5.18", "-0.001825"),
        ("tax total", None, *nothing, "5.181825", "5.18", "-0.001825"),
        ("total", None, *nothing, "67.984244", "67.99", "0.005756"),
    ]


def test_every_column_of_the_bridge_has_a_comment(month: SmallMonth) -> None:
    comments = month.rows("select column_name, comment from duckdb_columns() where table_name = 'rounding_bridge'")
    assert len(comments) == 15
    assert [name for name, comment in comments if not comment] == []
