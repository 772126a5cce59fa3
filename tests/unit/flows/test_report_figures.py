"""Figures of the report as a reader sees them, and the axes of its charts."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from flows.report.charts import Series, axis_text, axis_ticks, paired_bars, stacked_bars
from flows.report.figures import (
    bar_width,
    cents,
    change,
    count,
    difference,
    exact,
    listed,
    minutes,
    number,
    number_or_text,
    share,
)
from flows.report.words import CALL_GROUPS, FATES, REVENUE_GROUPS, WARNINGS
from schemas.categories import CALL_TYPES, CATEGORY_CODES
from schemas.reasons import RECORD_WARNINGS, SUSPENDED_REASONS, UNBILLED_REASONS


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1234567.50", "1,234,567.50"),
        ("-700.00", "−700.00"),
        ("0.00", "0.00"),
        ("99999999999999999999999999999999999.99", "99,999,999,999,999,999,999,999,999,999,999,999.99"),
    ],
)
def test_money_keeps_all_its_digits(value: str, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(("cost", "shown"), [("0.005000", "0.01"), ("1.004999", "1.00"), ("1234.565000", "1,234.57")])
def test_a_cost_is_shown_to_the_cent_half_up(cost: str, shown: str) -> None:
    assert cents(cost) == shown


@pytest.mark.parametrize(
    ("value", "is_money", "shown"),
    [("1985.000000", False, "1,985"), ("22107.380000", True, "22,107.38"), ("238.007240", True, "238.007240")],
)
def test_a_side_of_a_control_is_exact(value: str, is_money: bool, shown: str) -> None:
    assert exact(value, is_money=is_money) == shown


@pytest.mark.parametrize(
    ("this", "last", "percent"),
    [
        ("110.00", "100.00", "+10.0"),
        ("100.05", "100.00", "+0.1"),
        ("99.99", "100.00", "0.0"),
        ("0.00", "-700.00", "+100.0"),
        ("-50.00", "100.00", "−150.0"),
    ],
)
def test_a_change_is_a_percentage_of_last_month(this: str, last: str, percent: str) -> None:
    assert change(this, last) == f"{percent}\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize("last", [None, "0.00"])
def test_without_a_last_month_there_is_no_percentage(last: str | None) -> None:
    assert change("5.00", last) is None


def test_a_difference_has_its_sign() -> None:
    assert [difference("5.00", last) for last in ("4.00", "5.00", "6.50", None)] == ["+1.00", "0.00", "−1.50", None]


def test_counts_are_words() -> None:
    assert [count(1, "invoice"), count(1200, "file"), count(2, "entry")] == ["1 invoice", "1,200 files", "2 entries"]
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]


def test_every_call_category_and_warning_has_its_place_on_the_page() -> None:
    fates = [fate for group in CALL_GROUPS for fate in group.members]
    assert sorted(fates) == sorted((*CALL_TYPES, *UNBILLED_REASONS, *SUSPENDED_REASONS))
    assert set(FATES) == set(fates)
    assert sorted(code for group in REVENUE_GROUPS for code in group.members) == sorted(CATEGORY_CODES)
    assert {*RECORD_WARNINGS, "conflict", "suspended_calls", "low_usage_not_allowed", "no_tax_rows"} == set(WARNINGS)


@pytest.mark.parametrize(("value", "shown"), [("1234.5", "1,234.5"), (3, "3"), (None, "–"), ("3 times", "3 times")])
def test_what_is_no_number_is_shown_as_it_is(value: str | int | None, shown: str) -> None:
    assert number_or_text(value) == shown


def test_shares_and_minutes_are_to_a_tenth() -> None:
    assert share(1, 3) == "33.3\N{NO-BREAK SPACE}%"
    assert share(0, 0) == ""
    assert [minutes(0), minutes(3), minutes(674_318)] == ["0.0", "0.1", "11,238.6"]


def test_a_bar_is_seen_where_there_is_anything() -> None:
    assert [bar_width(part, "1000.00") for part in ("1000.00", "500.00", "0.01", "0.00", "-5.00")] == [100, 50, 1, 0, 0]
    assert bar_width("0.00", "0.00") == 0


@pytest.mark.parametrize(
    ("lowest", "highest", "ticks"),
    [
        (0, 1, [0, 1]),
        (0, 221, [0, 50, 100, 150, 200, 250]),
        (-84, 11226, [0, 5000, 10000, 15000]),
        (-700, 900, [-500, 0, 500, 1000]),
        (-3, 1, [-3, -2, -1, 0, 1]),
    ],
)
def test_an_axis_has_round_values_and_few_of_them(lowest: int, highest: int, ticks: list[int]) -> None:
    assert axis_ticks(lowest, highest) == ticks


def test_an_axis_is_in_one_unit() -> None:
    assert [axis_text(value, 20_000) for value in (-5_000, 0, 5_000, 20_000)] == ["−5k", "0", "5k", "20k"]
    assert axis_text(1_000, 4_000) == "1,000"
    assert axis_text(2_000_000, 10_000_000) == "2M"


def test_a_chart_is_shapes_and_labels_alone_and_the_same_again() -> None:
    series = [Series("before", [Decimal("1.50"), Decimal("-2.00")]), Series("now", [Decimal(3), Decimal(4)])]
    svg = paired_bars(series, ["<a>", "b"], 'said "so" & <so>')
    assert set(re.findall(r"<([a-z]+)", svg)) == {"svg", "g", "path", "rect", "text"}
    assert not re.search(r"style=|<!--|script|\bid=|desc|http", svg)
    assert "&lt;a&gt;" in svg
    assert 'aria-label="said &quot;so&quot; &amp; &lt;so&gt;"' in svg
    assert svg == paired_bars(series, ["<a>", "b"], 'said "so" & <so>')


def test_stacked_bars_are_as_high_as_their_counts() -> None:
    svg = stacked_bars([Series("plan", [10, 0]), Series("charged", [30, 20])], ["0", ""], "calls")
    heights = {
        style: [float(text) for text in re.findall(r'height="([0-9.]+)"', part)]
        for style, part in re.findall(r'<g class="(plan|charged)">(.*?</g></g></g>)', svg)
    }
    assert len(heights["plan"]) == 1  # no shape where there is no call
    assert heights["charged"][0] == pytest.approx(3 * heights["plan"][0], abs=0.3)
