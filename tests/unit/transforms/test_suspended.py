"""Which prefix a suspended call waits for, and what stored numbers are."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.suspended import numbering_places, stored_number_kinds, with_missing_prefix

PLAN = pl.DataFrame({"prefix": ["1212", "1201", "44", "447", "870"], "country": ["US", "US", "GB", "GB", ""]})
DIALING_PLANS = pl.DataFrame(
    {
        "country": ["US"],
        "calling_code": ["1"],
        "international_prefix": ["011"],
        "national_prefix": ["1"],
        "national_lengths": [[10]],
        "carrier_code_digits": [0],
        "emergency_numbers": [["911"]],
        "short_codes": [["411"]],
    }
)


@pytest.mark.parametrize(
    ("digits", "known", "unknown"),
    [
        ("12125550100", "1212", "12125"),
        ("13125550100", None, "13"),
        ("12995550100", None, "129"),
        ("442071234567", "44", "442"),
        ("447700900000", "447", "4477"),
        ("99", None, "9"),
        ("121", None, None),
        ("", None, None),
    ],
)
def test_a_number_leaves_the_numbering_plan_where_no_prefix_goes_on(
    digits: str, known: str | None, unknown: str | None
) -> None:
    placed = numbering_places(pl.Series([digits]), PLAN)
    assert placed.select("known_prefix", "unknown_prefix").row(0) == (known, unknown)


def _missing(**cells: str | None) -> tuple[object, ...]:
    call = {
        "source_number": "+12125550100",
        "destination_number": "+447700900000",
        "call_type": "international",
        "reason": "no_rate",
        "rate_table": None,
        "rate_prefix": None,
        **cells,
    }
    calls = pl.DataFrame([call], schema=dict.fromkeys(call, pl.String))
    return with_missing_prefix(calls, PLAN).select("missing_prefix", "country", "lacking").row(0)


def test_a_call_without_a_row_waits_for_the_numbering_plans_longest_prefix() -> None:
    assert _missing() == ("447", "GB", "international: no row")


def test_a_call_whose_row_has_no_price_waits_for_that_row() -> None:
    row = {"rate_table": "international_rates", "rate_prefix": "44770"}
    assert _missing(**row) == ("44770", "GB", "international: no price")


def test_a_toll_free_call_waits_for_a_rate_of_its_source() -> None:
    assert _missing(call_type="toll_free") == ("1212", "US", "toll-free: no row")


@pytest.mark.parametrize("source", ["", "12125"])
def test_an_anonymous_or_an_extensions_toll_free_call_has_no_prefix(source: str) -> None:
    assert _missing(call_type="toll_free", source_number=source) == ("", None, "toll-free: no row")


def test_an_unknown_destination_waits_for_what_the_numbering_plan_lacks() -> None:
    cells = {"call_type": None, "reason": "unknown_destination", "destination_number": "+12995550100"}
    assert _missing(**cells) == ("129", None, "numbering plan")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+12125550100", "e164"),
        ("+1411", "short_code"),
        ("911", "emergency"),
        ("123", "extension"),
        ("*98", "feature_code"),
        ("", "anonymous"),
    ],
)
def test_a_stored_number_is_known_again(number: str, kind: str) -> None:
    numbers = pl.DataFrame({"country": ["US"], "number": [number]})
    assert stored_number_kinds(numbers, DIALING_PLANS).to_list() == [kind]
