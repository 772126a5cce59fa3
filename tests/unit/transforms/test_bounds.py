"""No input that the schemas admit makes a figure leave its type: each step at its greatest, and one beyond refused."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from flows.invoicing import _beyond_faults
from flows.stored_calls import _refuse_too_many
from schemas import limits
from schemas.contract_files import ACCOUNT_ITEMS, ACCOUNTS, EQUIPMENT_RETURNS, ONE_TIME_CHARGES
from schemas.faults import InputRefusedError
from schemas.limits import HIGHEST_INVOICE_CENTS, MOST_CALLS_A_BUCKET
from schemas.rate_files import CHARGES, FEES, INTERNATIONAL_RATES, PLANS, TAXES, USF_FACTORS, USF_SHARES
from schemas.text_columns import Column
from schemas.text_tables import TableSpec, read_csv_table
from tests.bounds import (
    BILLABLE,
    BOUNDS,
    COST,
    DAYS,
    DURATION,
    FACTOR,
    FEE,
    FEE_AMOUNT,
    INCREMENT,
    LIMITS,
    MINIMUM,
    PERCENT,
    POOL_MINUTES,
    PRICE,
    QUANTITY,
    RATE,
    README,
    SHARE,
    UNIT_PRICE,
    UNITS_BILLED,
    Bound,
    readme_page,
)
from transforms.allowance import UNLIMITED_SECONDS, included_seconds, pool_seconds
from transforms.amount_limits import invoices_beyond
from transforms.charges import cost_micros
from transforms.durations import MAXIMUM_DURATION, duration_seconds
from transforms.fees import recovery_fee_lines, usf_lines
from transforms.increments import billable_seconds
from transforms.invoices import number_lines
from transforms.line_items import DRAFT_SCHEMA, UNITS, amount_cents, draft_lines, round_lines
from transforms.money import BEYOND, decimal_of_micros
from transforms.one_time import one_time_lines, return_lines
from transforms.prefixes import ENTRY_SCHEMA, SCOPES_PER_PART, build_prefix_index, match_rows, number_keys
from transforms.rate_calls import MOST_RANKS, _ranked, call_order
from transforms.recurring import recurring_lines
from transforms.taxes import tax_lines
from transforms.usage_lines import call_totals, usage_lines

FEBRUARY = dt.date(2020, 2, 1)
JANUARY = dt.date(2020, 1, 1)


def half_up(figure: Fraction) -> int:
    """Ties away from zero, by another way than the program's."""
    whole, rest = divmod(abs(figure.numerator), figure.denominator)
    rounded = whole + (2 * rest >= figure.denominator)
    return -rounded if figure < 0 else rounded


def ints(**values: int | None) -> pl.DataFrame:
    return pl.DataFrame({name: [value] for name, value in values.items()}, schema=dict.fromkeys(values, pl.Int64))


@pytest.mark.parametrize("bound", [pytest.param(bound, id=f"{bound.step}: {bound.formula}") for bound in BOUNDS])
def test_the_greatest_value_fits_its_type(bound: Bound) -> None:
    assert 0 < bound.greatest <= LIMITS[bound.type]


def test_the_page_of_the_transforms_has_the_table() -> None:
    assert README.read_text(encoding="utf-8") == readme_page(), "run `make docs`"


# What is read: the limit is taken, one beyond is refused with file, line and column.


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (INTERNATIONAL_RATES, "rate_per_minute"),
        (INTERNATIONAL_RATES, "connection_fee"),
        (INTERNATIONAL_RATES, "minimum_seconds"),
        (INTERNATIONAL_RATES, "increment_seconds"),
        (PLANS, "included_minutes"),
        (PLANS, "overage_rate"),
        (PLANS, "low_usage_discount_percent"),
        (CHARGES, "price"),
        (FEES, "amount"),
        (USF_FACTORS, "factor_percent"),
        (USF_SHARES, "interstate_share_percent"),
        (TAXES, "percent"),
        (ACCOUNTS, "buyout_fee"),
        (ACCOUNTS, "low_usage_allowed"),
        (ACCOUNT_ITEMS, "quantity"),
        (ONE_TIME_CHARGES, "quantity"),
        (ONE_TIME_CHARGES, "unit_price"),
        (EQUIPMENT_RETURNS, "price"),
        (EQUIPMENT_RETURNS, "provisioning_fee"),
        (EQUIPMENT_RETURNS, "missing_parts_fee"),
    ],
    ids=lambda value: value.name if isinstance(value, TableSpec) else value,
)
def test_a_cell_at_its_limit_is_taken_and_one_beyond_refused_by_name(spec: TableSpec, name: str) -> None:
    (column,) = (column for column in spec.columns if column.name == name)
    assert column.highest is not None
    read = read_csv_table(csv_of(spec, column, [column.highest, column.highest + 1]), spec, f"{spec.name}.csv")
    found = read.rows[column.typed_name].to_list()
    assert found == [column.highest, None]
    assert [(fault.file, fault.line, fault.column) for fault in read.faults if fault.column == name] == [
        (f"{spec.name}.csv", 3, name)
    ]


def csv_of(spec: TableSpec, asked: Column, values: list[int]) -> bytes:
    """A file whose other cells are empty: their faults are not looked at."""
    header = ",".join(column.name for column in spec.columns)
    rows = [",".join(cell_text(asked, value) if column is asked else "" for column in spec.columns) for value in values]
    return "\n".join([header, *rows, ""]).encode()


def cell_text(column: Column, value: int) -> str:
    return f"{value // 10**6}.{value % 10**6:06d}" if column.kind in ("money", "percent") else str(value)


def test_every_bounded_number_of_the_tables_has_both_limits() -> None:
    specs = (ACCOUNTS, ACCOUNT_ITEMS, ONE_TIME_CHARGES, EQUIPMENT_RETURNS, INTERNATIONAL_RATES, PLANS, CHARGES, FEES)
    numbers = [
        (spec.name, column.name, column.lowest, column.highest)
        for spec in (*specs, USF_FACTORS, USF_SHARES, TAXES)
        for column in spec.columns
        if column.kind in ("money", "percent", "whole_number")
    ]
    assert [number for number in numbers if None in number] == []


def test_a_duration_is_below_two_to_the_31() -> None:
    texts = pl.DataFrame({"text": [str(DURATION), str(MAXIMUM_DURATION), "9" * 10, "9" * 19]})
    assert texts.select(duration_seconds(pl.col("text"))).to_series().to_list() == [DURATION, None, None, None]


def test_a_table_with_too_many_rows_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_ROWS_A_TABLE", 2)
    lines = ["country,quarter,factor_percent,source", *(f"US,202{year}Q1,1," for year in range(3)), ""]
    read = read_csv_table("\n".join(lines).encode(), USF_FACTORS, "usf_factors.csv")
    assert [str(fault) for fault in read.faults] == [
        "usf_factors.csv: has 3 rows; a table has at most 2; keep the rows that are needed, or use several warehouses"
    ]
    monkeypatch.setattr(limits, "MOST_ROWS_A_TABLE", 3)
    assert read_csv_table("\n".join(lines).encode(), USF_FACTORS, "usf_factors.csv").faults == []


def test_an_account_with_too_many_calls_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pl.DataFrame({"account_id": ["B", "A", "A", "A"]})
    monkeypatch.setattr(limits, "MOST_CALLS_A_BUCKET", 4)
    _refuse_too_many(calls)
    monkeypatch.setattr(limits, "MOST_CALLS_A_BUCKET", 3)
    with pytest.raises(InputRefusedError, match="account A: has 3 calls in the month; at most 3 can be rated together"):
        _refuse_too_many(calls)


# One call.


@pytest.mark.parametrize("rounding", ["up", "nearest"])
@pytest.mark.parametrize("minimum", [0, 1, MINIMUM])
@pytest.mark.parametrize("increment", [1, 7, INCREMENT - 1, INCREMENT])
def test_the_longest_call_has_its_seconds(rounding: str, minimum: int, increment: int) -> None:
    rows = ints(duration=DURATION, minimum=minimum, increment=increment).with_columns(rounding=pl.lit(rounding))
    names = ("duration", "minimum", "increment", "rounding")
    found = rows.select(billable_seconds(*(pl.col(name) for name in names))).item()
    beyond = -(-(DURATION - minimum) // increment) * increment
    nearest = max(minimum, half_up(Fraction(DURATION, increment)) * increment)
    assert found == (minimum + beyond if rounding == "up" else nearest)
    assert found <= BILLABLE


def test_the_longest_call_of_all_is_the_one_in_the_table() -> None:
    minimum = (DURATION - 1) % INCREMENT  # one second of the last increment is used
    rows = ints(duration=DURATION, minimum=minimum, increment=INCREMENT).with_columns(rounding=pl.lit("up"))
    names = ("duration", "minimum", "increment", "rounding")
    assert rows.select(billable_seconds(*(pl.col(name) for name in names))).item() == BILLABLE


@pytest.mark.parametrize("odd", range(60))
def test_the_dearest_call_costs_what_fractions_say(odd: int) -> None:
    rows = ints(fee=FEE, rate=RATE, seconds=BILLABLE - odd)
    found = rows.select(cost_micros(pl.col("fee"), pl.col("rate"), pl.col("seconds"))).item()
    assert found == FEE + half_up(Fraction(RATE * (BILLABLE - odd), 60))
    assert found <= COST


def test_the_dearest_call_is_published_exactly() -> None:
    found = ints(cost=COST).select(decimal_of_micros(pl.col("cost"))).item()
    assert found == Decimal(COST).scaleb(-6)


# Many calls.


def dearest(count: int, cost: int = COST) -> pl.DataFrame:
    return pl.select(
        account_id=pl.lit("A"),
        call_type=pl.lit("international"),
        billable_seconds=pl.lit(BILLABLE, dtype=pl.Int64),
        included_seconds=pl.lit(0, dtype=pl.Int64),
        cost_micros=pl.repeat(cost, count, dtype=pl.Int64),
    )


def test_costs_are_summed_exactly_however_dear() -> None:
    count = 30_000  # their micros are beyond Int64: 1.07e22
    totals = call_totals(dearest(count))
    whole, micros = totals.row(0, named=True)["cost_whole"], totals.row(0, named=True)["cost_micros"]
    assert whole * 10**6 + micros == count * COST


def test_a_sum_beyond_int64_is_not_wrapped_but_beyond() -> None:
    dearer = 2**62  # than any call, so that fewer are needed: 25.8 M of the dearest would do
    count = LIMITS["Int64"] // (dearer // 10**6) + 1
    totals = call_totals(dearest(count, dearer))
    assert totals["cost_whole"].to_list() == [BEYOND]
    lines = round_lines(usage_lines(totals, JANUARY))
    assert invoices_beyond(lines)["column"].to_list() == ["amount"]


def test_the_seconds_of_the_most_calls_do_not_wrap_and_are_too_many_for_a_line() -> None:
    seconds = MOST_CALLS_A_BUCKET * BILLABLE
    totals = pl.DataFrame(
        {
            "account_id": ["A"],
            "category": ["included_minutes"],
            "call_count": [MOST_CALLS_A_BUCKET],
            "charged_seconds": [seconds],
            "cost_whole": [0],
            "cost_micros": [0],
        }
    )
    lines = round_lines(usage_lines(totals, JANUARY))
    assert lines["quantity"].to_list() == [BEYOND]
    assert invoices_beyond(lines)["column"].to_list() == ["quantity"]


def test_the_pool_is_used_up_exactly_by_the_longest_calls() -> None:
    count = 5
    calls = pl.select(
        account_id=pl.lit("A"),
        billable_seconds=pl.repeat(MOST_CALLS_A_BUCKET * BILLABLE // count, count, dtype=pl.Int64),
        pool_seconds=pl.lit(UNLIMITED_SECONDS, dtype=pl.Int64),
    )
    found = calls.select(included_seconds(pl.col("billable_seconds"), pl.lit(value=True))).to_series()
    assert found.to_list() == calls["billable_seconds"].to_list()


@pytest.mark.parametrize("minutes", [0, 1, 59, POOL_MINUTES])
@pytest.mark.parametrize("devices", [0, 1, 15_000, QUANTITY, UNITS_BILLED])
def test_a_pool_is_its_product_or_unlimited(minutes: int, devices: int) -> None:
    rows = ints(minutes=minutes, devices=devices).with_columns(per=pl.lit("device"))
    found = rows.select(pool_seconds(pl.col("minutes"), pl.col("per"), pl.col("devices"))).item()
    product = minutes * 60 * devices
    assert found == product if product <= UNLIMITED_SECONDS else found > MOST_CALLS_A_BUCKET * BILLABLE
    assert 0 <= found <= UNLIMITED_SECONDS


def test_calls_of_the_last_account_that_can_be_ranked_are_in_order() -> None:
    last = dt.datetime(2020, 1, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)
    first = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    calls = pl.DataFrame({"start_time": [last, first, last], "call_id": ["c", "b", "a"], "source": ["s"] * 3})
    ranks = pl.Series([MOST_RANKS - 1, MOST_RANKS - 1, 0], dtype=pl.Int64)
    assert call_order(calls, ranks, JANUARY).to_list() == [2, 1, 0]


def test_more_accounts_than_can_be_ranked_are_those_that_call() -> None:
    accounts = pl.select(account_id=pl.int_range(MOST_RANKS + 1).cast(pl.String).str.pad_start(7, "0"))
    calls = accounts[[MOST_RANKS, 5, 5]]
    assert _ranked(calls, accounts)["account_id"].to_list() == ["0000005", str(MOST_RANKS)]
    with pytest.raises(OverflowError, match="2,097,153 accounts at a time; at most 2,097,152 can be ordered"):
        _ranked(accounts, accounts)


def test_the_highest_numbers_of_the_last_scope_are_found() -> None:
    scope = SCOPES_PER_PART - 1
    rows = [(scope, "9" * 15, 0, 2**40, 1, 0), (scope, "", 0, 2**40, 2, 0)]
    index = build_prefix_index(pl.DataFrame(rows, schema=ENTRY_SCHEMA, orient="row"))
    keys = number_keys(pl.Series(["+" + "9" * 15, "+" + "9" * 14]))
    scopes = pl.Series([scope, scope], dtype=pl.Int64)
    assert match_rows(index, scopes, keys, pl.Series([2**33, 0], dtype=pl.Int64)).to_list() == [1, 2]


# Lines and invoices.


def account(**terms: Any) -> pl.DataFrame:
    return pl.DataFrame({"account_id": ["A"], "country": ["US"], "region": ["NY"], "currency": ["USD"], **terms})


def items(count: int, days: int) -> pl.DataFrame:
    first = pl.lit(JANUARY)
    return pl.select(
        account_id=pl.lit("A"),
        item_id=pl.repeat("i", count),
        charge_code=pl.lit("seat"),
        category=pl.lit("service_charge"),
        label_en=pl.lit("Seat"),
        label_fr=pl.lit("Poste"),
        quantity=pl.lit(UNITS_BILLED // count, dtype=pl.Int64),
        price_micros=pl.lit(PRICE, dtype=pl.Int64),
        low_usage=pl.lit(value=False),
        low_usage_discount_percent_micros=pl.lit(0, dtype=pl.Int64),
        billing_group=pl.lit(None, dtype=pl.String),
        is_prorated=pl.lit(days > 1),
        start=first,
        period_start=first,
        period_end=pl.lit(FEBRUARY),
        days=pl.lit(days, dtype=pl.Int64),
        days_in_month=pl.lit(DAYS if days > 1 else 1, dtype=pl.Int64),
    )


@pytest.mark.parametrize("days", [1, DAYS - 1])
def test_recurring_lines_of_the_most_and_dearest_items_are_exact(days: int) -> None:
    no_discounts = pl.DataFrame(
        schema={"account_id": pl.String, "item_id": pl.String, "flagged": pl.Int64}
    ).with_columns(discounted=pl.lit(0, dtype=pl.Int64))
    drafts = draft_lines(recurring_lines(items(1000, days), no_discounts))
    line = drafts.row(0, named=True)
    share = Fraction(days, DAYS) if days > 1 else 1
    assert Fraction(line["exact_numerator"], line["exact_denominator"]) == PRICE * UNITS_BILLED * share
    assert line["quantity"] == UNITS_BILLED * UNITS
    assert drafts.select(amount_cents()).item() == BEYOND  # the refusal is below
    assert invoices_beyond(round_lines(drafts))["column"].to_list() == ["amount"]


def priced_charges(quantity: int) -> pl.DataFrame:
    return pl.DataFrame({"account_id": ["A"], "charge_id": ["c"], "charge_code": ["x"], "on": [JANUARY]}).with_columns(
        price_micros=pl.lit(UNIT_PRICE, dtype=pl.Int64),
        quantity=pl.lit(quantity, dtype=pl.Int64),
        category=pl.lit("one_time"),
        description=pl.lit("d"),
        label_en=pl.lit("x"),
        label_fr=pl.lit("x"),
    )


@pytest.mark.parametrize("quantity", [QUANTITY, -QUANTITY])
def test_the_dearest_one_time_charge_and_credit_are_exact(quantity: int) -> None:
    drafts = one_time_lines(priced_charges(quantity))
    total = UNIT_PRICE * quantity
    assert drafts["exact_numerator"].to_list() == [total]
    assert drafts.select(amount_cents()).item() == half_up(Fraction(total, 10_000))
    column = invoices_beyond(round_lines(drafts))["column"].to_list()
    assert column == ([] if quantity > 0 else ["unit_price"])  # a credit's price is its whole sum: 10¹³


def test_the_dearest_return_is_exact() -> None:
    returned = pl.DataFrame({"account_id": ["A"], "rma_id": ["r"], "description": [""], "verified_on": [JANUARY]})
    fees = ("price_micros", "provisioning_fee_micros", "missing_parts_fee_micros", "restocking_percent_micros")
    rows = pl.concat([returned, ints(**dict(zip(fees, (PRICE, 0, 0, 0), strict=True)))], how="horizontal")
    assert return_lines(rows).select(amount_cents()).item() == -half_up(Fraction(PRICE, 10_000))
    kept = pl.concat([returned, ints(**dict(zip(fees, (0, PRICE, PRICE, 10**8), strict=True)))], how="horizontal")
    assert return_lines(kept)["exact_numerator"].to_list() == [0]


def one_line(cents: int, **other: Any) -> pl.DataFrame:
    """An invoice's one line above fees, as high as it is admitted."""
    line = {
        "account_id": "A",
        "category": "service_charge",
        "base_category": "service_charge",
        "charge_code": "seat",
        "label_en": "Seat",
        "label_fr": "Poste",
        "period_start": JANUARY,
        "period_end": FEBRUARY,
        "quantity": UNITS,
        "unit": "month",
        "unit_denominator": 1,
        "exact_numerator": cents * 10_000,
        "exact_denominator": 1,
        "item_id": "i",
    }
    drafts = pl.DataFrame([{name: (line | other).get(name) for name in DRAFT_SCHEMA}], schema=DRAFT_SCHEMA)
    return round_lines(drafts)


def fee_row(basis: str) -> pl.DataFrame:
    row = {"fee": "rrf", "country": "US", "region": "*", "currency": "USD", "basis": basis}
    return pl.DataFrame([row]).with_columns(
        amount_micros=pl.lit(FEE_AMOUNT, dtype=pl.Int64), categories=pl.lit(["service_charge"])
    )


@pytest.mark.parametrize(
    ("basis", "exact"),
    [
        ("percent", Fraction(HIGHEST_INVOICE_CENTS * 10_000 * FEE_AMOUNT, 10**8)),
        ("per_device", Fraction(FEE_AMOUNT * UNITS_BILLED)),
        ("flat", Fraction(FEE_AMOUNT)),
    ],
)
def test_the_highest_fees_are_exact(basis: str, exact: Fraction) -> None:
    lines = one_line(HIGHEST_INVOICE_CENTS)
    devices = pl.DataFrame({"account_id": ["A"], "devices": [UNITS_BILLED]})
    found = recovery_fee_lines("rrf", account(), fee_row(basis), lines, devices, FEBRUARY)
    row = found.row(0, named=True)
    assert Fraction(row["exact_numerator"], row["exact_denominator"]) == exact
    assert row["amount_cents"] == min(half_up(exact / 10_000), BEYOND)


def test_the_highest_usf_and_tax_are_exact() -> None:
    lines = one_line(HIGHEST_INVOICE_CENTS)
    shares = account().select(
        "country", category=pl.lit("service_charge"), interstate_share_percent_micros=pl.lit(SHARE)
    )
    factors = account().select("country", factor_percent_micros=pl.lit(FACTOR))
    usf = usf_lines(account(), factors, shares, lines, FEBRUARY)
    assert usf["amount_cents"].to_list() == [HIGHEST_INVOICE_CENTS * 10]  # 1,000 % of 100 %
    taxes = (
        account()
        .select("country", region=pl.lit("*"), tax=pl.lit("t"), percent_micros=pl.lit(PERCENT))
        .with_columns(label_en=pl.lit("T"), label_fr=pl.lit("T"))
    )
    tax = tax_lines(account(is_exempt=[False]), taxes, lines, FEBRUARY)
    assert tax["amount_cents"].to_list() == [HIGHEST_INVOICE_CENTS * 10]
    assert Fraction(tax["exact_numerator"][0], tax["exact_denominator"][0]) == HIGHEST_INVOICE_CENTS * 10**5


def test_the_highest_invoice_is_published_exactly() -> None:
    line = one_line(HIGHEST_INVOICE_CENTS, quantity=10**16 - 1, unit_numerator=10**18 - 1)
    assert invoices_beyond(line).is_empty()
    row = number_lines(line, account(language=["en"]), FEBRUARY).row(0, named=True)
    assert row["amount"] == Decimal(HIGHEST_INVOICE_CENTS).scaleb(-2).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert row["exact_amount"] == row["amount"]
    assert row["quantity"] == Decimal("999999999999.9999")
    assert row["unit_price"] == Decimal("999999999999.999999")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            one_line(HIGHEST_INVOICE_CENTS + 1),
            "its line service_charge (seat) has more than 10,000,000,000,000 on one invoice",
        ),
        (
            one_line(-HIGHEST_INVOICE_CENTS - 1),
            "its line service_charge (seat) has more than 10,000,000,000,000 on one invoice",
        ),
        (
            one_line(1, quantity=10**16),
            "its line service_charge (seat) has a quantity of 1,000,000,000,000 or more",
        ),
        (
            one_line(1, unit_numerator=10**18),
            "its line service_charge (seat) has a unit price of 1,000,000,000,000 or more",
        ),
        (
            pl.concat([one_line(HIGHEST_INVOICE_CENTS), one_line(-1)]),
            "its lines together have more than 10,000,000,000,000 on one invoice",
        ),
    ],
)
def test_one_beyond_what_an_invoice_holds_is_refused_by_name(line: pl.DataFrame, sentence: str) -> None:
    (fault,) = _beyond_faults(line, FEBRUARY)
    assert str(fault).startswith(f"invoice A-2020-02, column {fault.column}: {sentence}; look for a wrong price")
