"""What lint finds in a few rows, rule by rule, and what it leaves alone."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl

from schemas.rate_files import INTERNATIONAL_RATES, NUMBERING_PLAN, PREMIUM_PREFIXES, TOLL_FREE_RATES
from schemas.text_tables import TableSpec, empty_table, read_csv_table
from transforms.nearest_prefix import longest_beginning
from transforms.rate_cover import called_findings, country_findings, swallowed_findings, unknown_findings
from transforms.rate_lint import free_findings, lost_findings, moved_findings, parent_findings
from transforms.rate_rows import PrefixTables, rate_rows

JANUARY = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
PLAN = """\
1201 US geographic|1800 US toll_free|1833 US toll_free|1900 US premium|33 FR geographic|337 FR mobile
44 GB geographic|447 GB mobile|44909 GB premium|49 DE geographic|800 - toll_free
"""
TEN, TWO = Fraction(10), Fraction(2)


def typed(spec: TableSpec, rows: list[dict[str, str]]) -> pl.DataFrame:
    lines = [",".join(row.get(name, "") for name in spec.column_names) for row in rows]
    content = "\n".join([",".join(spec.column_names), *lines]).encode()
    table = read_csv_table(content, spec, f"{spec.name}.csv")
    assert table.faults == []
    return table.rows


def plan() -> pl.DataFrame:
    cells = [entry.split() for line in PLAN.splitlines() for entry in line.split("|")]
    rows = [{"prefix": prefix, "country": country.strip("-"), "kind": kind} for prefix, country, kind in cells]
    return typed(NUMBERING_PLAN, rows)


def deck(*texts: str) -> pl.DataFrame:
    """Rows of the deck in USD: prefix, rate, and further cells as `name=value`."""
    rows = []
    for text in texts:
        prefix, rate, *cells = text.split()
        further = dict(cell.split("=") for cell in cells)
        rows.append({"currency": "USD", "prefix": prefix, "rate_per_minute": rate.strip("-"), **further})
    nothing = (empty_table(PREMIUM_PREFIXES), empty_table(TOLL_FREE_RATES))
    return rate_rows(PrefixTables(typed(INTERNATIONAL_RATES, rows), *nothing, plan()))


def found(findings: pl.DataFrame) -> list[tuple[int | None, str, str]]:
    return findings.select("line", "value", "finding").rows()


def test_a_child_far_dearer_or_cheaper_than_its_parent_is_told() -> None:
    far, _ = parent_findings(deck("44 0.01", "447 0.1", "4477 0.100001", "4478 0.0009", "33 5"), TEN)
    assert found(far) == [(5, "4478", "0.0009 a minute, and the shorter prefix 447 has 0.1 (line 3)")]
    far, _ = parent_findings(deck("44 0.01", "447 0.100001"), TEN)
    assert found(far) == [(3, "447", "0.100001 a minute, and the shorter prefix 44 has 0.01 (line 2)")]


def test_premium_and_satellite_numbers_may_cost_far_more_but_not_far_less() -> None:
    rows = deck(
        "44 0.1 line_type=fixed", "449 5 line_type=premium", "448 5 line_type=mobile", "447 0.001 line_type=premium"
    )
    assert [value for _, value, _ in found(parent_findings(rows, TEN)[0])] == ["448", "447"]


def test_a_price_of_0_or_none_is_not_compared_with_its_parent() -> None:
    far, _ = parent_findings(deck("44 0.01", "447 0", "448 -", "4487 0.9"), TEN)
    assert found(far) == []


def test_rows_that_are_never_in_force_together_are_not_compared() -> None:
    rows = deck("44 0.01 effective_to=2020-02-01", "44 1 effective_from=2020-02-01", "447 1 effective_from=2020-02-01")
    far, repeats = parent_findings(rows, TEN)
    assert found(far) == []
    assert found(repeats) == [(4, "447", "the same price as the shorter prefix 44 (line 3)")]


def test_a_child_repeats_its_parent_only_where_everything_that_prices_is_the_same() -> None:
    rows = deck("44 0.01", "447 0.01", "448 0.01 increment_seconds=6", "449 0.01 connection_fee=0.1", "4477 0.02")
    _, repeats = parent_findings(rows, TEN)
    assert found(repeats) == [(3, "447", "the same price as the shorter prefix 44 (line 2)")]
    dated = deck("44 0.01 effective_to=2020-02-01", "44 0.02 effective_from=2020-02-01", "447 0.01")
    assert found(parent_findings(dated, TEN)[1]) == []


def test_a_price_of_0_without_a_fee_is_told() -> None:
    assert found(free_findings(deck("44 0", "447 0 connection_fee=0.1", "448 -"))) == [
        (2, "44", "calls are billed at 0")
    ]


def test_a_price_that_moved_is_compared_with_the_longest_prefix_of_the_last_version() -> None:
    before = deck("44 0.01", "447 0.1")
    after = deck("44 0.02", "4477 0.21", "4478 0.05", "4479 0.04", "49 1")
    assert found(moved_findings(after, before, JANUARY, TWO)) == [
        (3, "4477", "0.21 a minute, before 0.1 (prefix 447)"),
        (5, "4479", "0.04 a minute, before 0.1 (prefix 447)"),
    ]


def test_a_price_of_the_future_is_compared_with_that_of_its_own_time() -> None:
    before = deck("44 0.01 effective_to=2020-02-01", "44 0.1 effective_from=2020-02-01")
    after = deck("44 0.01 effective_to=2020-02-01", "44 0.1 effective_from=2020-02-01")
    assert found(moved_findings(after, before, JANUARY, TWO)) == []
    over = deck("44 9 effective_to=2019-02-01", "44 0.01 effective_from=2019-02-01")
    assert found(moved_findings(over, before, JANUARY, TWO)) == []


def test_a_prefix_that_lost_its_price_is_told_with_why() -> None:
    after = deck("44 0.01", "447 -")
    assert found(lost_findings(after, deck("44 0.1", "4477 0.1", "49 0.1"), JANUARY)) == [
        (3, "4477", "4477 had 0.1 a minute (USD); now the row of prefix 447 has no rate"),
        (None, "49", "49 had 0.1 a minute (USD); now no row covers it"),
    ]


def test_a_prefix_that_no_numbering_plan_knows_is_told() -> None:
    rows = deck("44 1", "4412 1", "4 1", "969 1", "1809 1")
    assert [value for _, value, _ in found(unknown_findings(rows, plan()))] == ["969", "1809"]


def test_toll_free_and_premium_codes_that_a_country_s_default_swallows_are_told() -> None:
    rows = deck("1 0.01", "1800 - line_type=toll_free", "44 0.02 line_type=fixed", "44909 1 line_type=premium")
    assert sorted(found(swallowed_findings(rows, plan(), JANUARY))) == [
        (2, "1", "its price for any line (USD) also takes premium numbers: 1900"),
        (2, "1", "its price for any line (USD) also takes toll-free numbers: 1833"),
    ]


def test_codes_with_a_row_of_their_own_or_under_one_of_their_kind_are_not_swallowed() -> None:
    rows = deck("1800 0.01", "1833 0.01 line_type=fixed", "449 1 line_type=premium", "80 0.1 line_type=toll_free")
    assert found(swallowed_findings(rows, plan(), JANUARY)) == []


def test_a_country_without_any_price_is_told_and_one_with_some_is_information() -> None:
    rows = deck("1201 0.01", "336 0.1", "447 0.1", "49 0.1 effective_to=2019-12-31")
    none, part = country_findings(rows, plan(), JANUARY)
    assert found(none) == [(11, "DE", "no price in USD for any of its numbers (49)")]
    assert sorted(found(part)) == [
        (6, "FR", "no price in USD for 1 of its 2 prefixes (337)"),
        (8, "GB", "no price in USD for 1 of its 2 prefixes (44)"),
    ]


def test_numbers_that_were_called_and_have_no_price_are_told() -> None:
    called = pl.DataFrame(
        [
            ("suspended", "international_rates", "USD", "33712345678", 2, 60),
            ("suspended", "international_rates", "USD", "33798765432", 1, 30),
            ("suspended", "international_rates", "USD", "447700900000", 1, 30),
            ("suspended", None, "USD", "969123456", 3, 10),
            ("suspended", None, "USD", "491234567", 3, 10),
            ("billed", "international_rates", "USD", "49", 5, 300),
        ],
        schema=["what", "table", "currency", "digits", "calls", "seconds"],
        orient="row",
    )
    rows = deck("33 -", "447 0.1")
    assert sorted(found(called_findings(called, rows, plan(), JANUARY)), key=lambda row: row[1]) == [
        (None, "337", "3 calls, 90 seconds (suspended): numbers such as 33712345678, 33798765432 have no price in USD"),
        (None, "49", "5 calls, 300 seconds (billed): numbers such as 49 have no price in USD"),
        (None, "9691234", "3 calls, 10 seconds (suspended): numbers such as 969123456 are in no numbering plan"),
    ]


def test_the_longest_beginning_is_that_of_a_plain_search() -> None:
    known = ["", "4", "44", "447", "4477", "1", "123456789012345"]
    asked = ["4", "44", "4478", "44779", "1234", "123456789012345", "9"]
    prefixes, texts = pl.DataFrame({"prefix": asked}), pl.DataFrame({"prefix": known})
    plain = [max((one for one in known if text.startswith(one)), key=len) for text in asked]
    assert longest_beginning(prefixes, texts).to_list() == plain
    shorter = [max((one for one in known if text.startswith(one) and one != text), key=len) for text in asked]
    assert longest_beginning(prefixes, texts, itself=False).to_list() == shorter
