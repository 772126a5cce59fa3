"""Chapter 4 of the billing rules: categories, what a line holds, low usage, groups, dates of prices."""

from __future__ import annotations

import pytest

from schemas.categories import CATEGORIES
from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, number, one_time, returned
from tests.rules.small_rates import charge, fee, international, plan, tax

LABELS = """
service_charge | Service charge | Frais de service
phone_numbers | Standard phone numbers (DID) | Numéros de téléphone standard (DID)
prorated_charges | Prorated charges | Frais au prorata
included_minutes | Included minutes in plan | Minutes incluses dans le plan
domestic_premium | Domestic premium minutes not in plan | Minutes domestiques Premium hors plan
overage | Outbound minutes overages | Minutes sortantes excédentaires
toll_free | Toll-free phone numbers (DID) | Numéros d’appels gratuits (DID)
international | International phone numbers (DID) | Numéros de téléphone internationaux (DID)
contact_center | Contact center | Centre de contact
rentals | Rentals | Locations
one_time | One-time charges | Frais ponctuels
credits | Credits | Crédits
adjustments | Adjustments | Ajustements
slrrf | State and local regulatory recovery fee | Frais réglementaires locaux et d’État
rrf | Regulatory recovery fee | Frais réglementaires de recouvrement
usf | Universal service fee | Frais de service universel
tax | Taxes | Taxes
"""


def test_rule_4_the_categories_stand_in_the_order_of_the_invoice_with_their_labels() -> None:
    assert "\n" + "".join(f"{' | '.join(category)}\n" for category in CATEGORIES) == LABELS


@pytest.fixture(scope="module")
def everything(bill_once: Bill) -> SmallMonth:
    """One line of every category that has lines of its own; FR is an account that reads French."""
    return bill_once(
        accounts=[account(plan_id="pool60"), account("FR", plan_id="pool60", language="fr")],
        items=[
            item("i1"),
            item("i2", "seat"),
            item("i3", "router"),
            item("i4", "ata", start_date="2020-01-15"),
            item("i5", "ata", account_id="FR", start_date="2020-01-15"),
        ],
        numbers=[number("+18005550100", kind="toll_free")],
        one_time_charges=[one_time("o1"), one_time("o2", charge_code="goodwill", unit_price="-7")],
        equipment_returns=[returned("r1")],
        calls=[
            call("c1", seconds=3660),
            call("f1", seconds=3660, account_id="FR"),
            call("c2", "+17875550123"),
            call("c3", "+442071234567"),
            call("c4", "+18005550100", direction="inbound"),
        ],
        rates={
            "fees": [fee("slrrf", "flat", "1.00"), fee("rrf", "per_device", "0.50")],
            "usf_factors": [{"country": "US", "quarter": "2020Q1", "factor_percent": "21.2"}],
            "usf_shares": [
                {"country": "US", "category": "rentals", "interstate_share_percent": "100"},
            ],
            "taxes": [tax("state", "10")],
        },
    )


def test_rule_4_1_lines_stand_in_the_order_of_the_categories(everything: SmallMonth) -> None:
    assert everything.lines("line_number, category, charge_code") == [
        (1, "service_charge", "ata"),
        (2, "service_charge", "phone"),
        (3, "phone_numbers", "did"),
        (4, "prorated_charges", "ata"),
        (5, "included_minutes", "included_minutes"),
        (6, "domestic_premium", "domestic_premium"),
        (7, "overage", "overage"),
        (8, "toll_free", "toll_free"),
        (9, "international", "international"),
        (10, "contact_center", "seat"),
        (11, "rentals", "router"),
        (12, "one_time", "number_change"),
        (13, "credits", "goodwill"),
        (14, "credits", "r1"),
        (15, "slrrf", "slrrf"),
        (16, "rrf", "rrf"),
        (17, "usf", "usf"),
        (18, "tax", "state"),
    ]


def test_rule_4_1_quantity_unit_and_unit_price_of_each_kind_of_line(everything: SmallMonth) -> None:
    assert everything.lines("category, quantity, unit, unit_price, amount") == [
        ("service_charge", "1.0000", "month", "10.000000", "10.00"),
        ("service_charge", "1.0000", "month", "24.950000", "24.95"),
        ("phone_numbers", "1.0000", "month", "5.000000", "5.00"),
        ("prorated_charges", "1.0000", "month", "10.000000", "5.16"),
        ("included_minutes", "60.0000", "minute", None, "0.00"),
        ("domestic_premium", "1.0000", "minute", None, "0.35"),
        ("overage", "1.0000", "minute", None, "0.02"),
        ("toll_free", "1.0000", "minute", None, "0.02"),
        ("international", "1.0000", "minute", None, "0.01"),
        ("contact_center", "1.0000", "month", "60.000000", "60.00"),
        ("rentals", "1.0000", "month", "4.000000", "4.00"),
        ("one_time", "1.0000", "each", "15.000000", "15.00"),
        ("credits", "1.0000", "each", "-7.000000", "-7.00"),
        ("credits", "1.0000", "each", "-75.000000", "-75.00"),
        ("slrrf", "1.0000", "each", None, "1.00"),
        ("rrf", "2.0000", "device", "0.500000", "1.00"),
        ("usf", "1.0000", "each", None, "0.84"),
        ("tax", "1.0000", "each", None, "4.54"),
    ]


def test_rule_4_1_periods_of_each_kind_of_line(everything: SmallMonth) -> None:
    february, january = ("2020-02-01", "2020-03-01"), ("2020-01-01", "2020-02-01")
    found = everything.lines("category, period_start, period_end", where="charge_code <> 'phone'")
    assert found == [
        ("service_charge", *february),
        ("phone_numbers", *february),
        ("prorated_charges", "2020-01-16", "2020-02-01"),
        ("included_minutes", *january),
        ("domestic_premium", *january),
        ("overage", *january),
        ("toll_free", *january),
        ("international", *january),
        ("contact_center", *february),
        ("rentals", *february),
        ("one_time", "2020-01-10", "2020-01-11"),
        ("credits", "2020-01-10", "2020-01-11"),
        ("credits", "2020-01-12", "2020-01-13"),
        ("slrrf", *february),
        ("rrf", *february),
        ("usf", *february),
        ("tax", *february),
    ]


def test_rule_4_1_the_base_category_is_the_category_but_for_prorated_lines(everything: SmallMonth) -> None:
    assert everything.lines("category, base_category", where="category <> base_category") == [
        ("prorated_charges", "service_charge")
    ]


def test_rule_4_1_the_share_of_a_prorated_line_is_in_its_description(everything: SmallMonth) -> None:
    assert everything.lines("description", where="category = 'prorated_charges'") == [("ata (16/31)",)]


def test_rule_4_a_french_account_reads_its_lines_in_french(everything: SmallMonth) -> None:
    assert everything.lines("description", "FR") == [
        ("ata (fr)",),
        ("ata (fr) (16/31)",),
        ("Minutes incluses dans le plan",),
        ("Minutes sortantes excédentaires",),
        ("Frais réglementaires locaux et d’État",),
        ("Frais réglementaires de recouvrement",),
        ("state (fr)",),
    ]


@pytest.fixture(scope="module")
def grouping(bill_once: Bill) -> SmallMonth:
    """Accounts whose items and charges fall into lines."""
    group = {"billing_group": "Sales"}
    return bill_once(
        accounts=[
            account(),
            account("GROUPS"),
            account("NOTHING"),
            account("CREDITS"),
            account("ORDER"),
            account("EXACT", plan_id="pool60"),
            account("FEE"),
        ],
        items=[
            item("i1", quantity=2),
            item("i2", quantity=3),
            item("i3", "ata"),
            item("i4", start_date="2020-01-15"),
            item("i5", start_date="2020-01-15", quantity=2),
            item("i6", start_date="2020-01-20"),
            item("i7", "ata", quantity=0),
            item("g1", account_id="GROUPS", **group),
            item("g2", account_id="GROUPS", billing_group="Accounting"),
            item("g3", account_id="GROUPS"),
            item("g4", "seat", account_id="GROUPS", **group),
            item("g5", "seat", account_id="GROUPS"),
            item("g6", "ata", account_id="GROUPS", start_date="2020-01-15", **group),
            item("g7", "ata", account_id="GROUPS", start_date="2020-01-15"),
        ],
        numbers=[
            number("+12125550101", account_id="GROUPS", **group),
            number("+12125550102", account_id="GROUPS"),
        ],
        one_time_charges=[
            one_time("o1", account_id="CREDITS", charge_code="goodwill", quantity=3, unit_price="-0.333333"),
            one_time("o2", account_id="CREDITS", quantity=-2),
            one_time("o3", account_id="CREDITS", charge_code="goodwill", unit_price="-0.004"),
            one_time("o4", account_id="CREDITS", unit_price="0"),
            one_time("c2", account_id="ORDER", unit_price="1", description="second"),
            one_time("c10", account_id="ORDER", unit_price="1", description="tenth"),
            one_time("C3", account_id="ORDER", unit_price="1", description="capital"),
            one_time("c2", account_id="EXACT", unit_price="1"),
            one_time("c10", account_id="EXACT", unit_price="1"),
            one_time("c1", account_id="EXACT", unit_price="3", description="dearest"),
            one_time("c0", account_id="EXACT", charge_date="2020-01-09", unit_price="0.5"),
            one_time("c3", account_id="EXACT", quantity=3, unit_price="0.335"),
        ],
        calls=[
            call("n1", "+442071234567", 20, account_id="NOTHING"),
            call("n2", seconds=29, account_id="NOTHING"),
            call("f1", "+81312345678", 20, account_id="FEE"),
        ],
        rates={
            "international_rates": [
                international("44", "0.01"),
                international("81", "0.01", connection_fee="0.05"),
            ]
        },
    )


def test_rule_4_1_a_full_month_line_a_charge_code_and_a_prorated_one_a_start_date(
    grouping: SmallMonth,
) -> None:
    assert grouping.lines("category, charge_code, quantity, period_start, amount") == [
        ("service_charge", "ata", "1.0000", "2020-02-01", "10.00"),
        ("service_charge", "phone", "9.0000", "2020-02-01", "224.55"),
        ("prorated_charges", "phone", "3.0000", "2020-01-16", "38.63"),
        ("prorated_charges", "phone", "1.0000", "2020-01-21", "8.85"),
    ]


def test_rule_4_1_a_line_of_nothing_is_left_out_but_its_calls_stand_in_the_csv(grouping: SmallMonth) -> None:
    assert grouping.invoice("invoice_id", "NOTHING") == []
    assert grouping.details("NOTHING").split("\r\n")[1:] == [
        "+12125550100,+442071234567,2020-01-10 12:00:00,2020-01-10 12:00:20,20,0.00,0.000000,0.010000,International",
        "",
    ]


def test_rule_4_1_a_connection_fee_without_minutes_is_a_line(grouping: SmallMonth) -> None:
    assert grouping.lines("category, quantity, exact_amount, amount", "FEE") == [
        ("international", "0.0000", "0.050000", "0.05")
    ]


def test_rule_4_1_a_credit_has_quantity_1_and_the_whole_sum_unrounded_as_its_price(
    grouping: SmallMonth,
) -> None:
    """The credit of 0.004 is 0.00 and left out; a charge of 0.00 is a line."""
    assert grouping.lines("category, charge_code, quantity, unit_price, amount", "CREDITS") == [
        ("one_time", "number_change", "1.0000", "0.000000", "0.00"),
        ("credits", "goodwill", "1.0000", "-0.999999", "-1.00"),
        ("credits", "number_change", "1.0000", "-30.000000", "-30.00"),
    ]


def test_rule_4_1_the_amount_is_rounded_half_up_from_the_exact_value(grouping: SmallMonth) -> None:
    """3 × 0.335 = 1.005 → 1.01."""
    assert grouping.lines("exact_amount, amount", "EXACT", "quantity = 3") == [("1.005000", "1.01")]


def test_rule_4_1_lines_of_a_code_are_ordered_by_day_then_dearer_first_then_item_id(
    grouping: SmallMonth,
) -> None:
    assert grouping.lines("period_start, unit_price, quantity", "EXACT") == [
        ("2020-01-09", "0.500000", "1.0000"),
        ("2020-01-10", "3.000000", "1.0000"),
        ("2020-01-10", "1.000000", "1.0000"),
        ("2020-01-10", "1.000000", "1.0000"),
        ("2020-01-10", "0.335000", "3.0000"),
    ]


def test_rule_4_1_text_is_ordered_by_code_points_so_c10_stands_before_c2(grouping: SmallMonth) -> None:
    assert grouping.lines("description", "ORDER") == [("capital",), ("tenth",), ("second",)]


def test_rule_4_1_one_line_each_one_time_item(grouping: SmallMonth) -> None:
    assert grouping.rows("select count(*) from invoice_line_items where account_id = 'EXACT'") == [(5,)]


def test_rule_4_3_devices_numbers_and_prorated_charges_appear_once_a_group_and_once_for_the_rest(
    grouping: SmallMonth,
) -> None:
    assert grouping.lines("category, billing_group, charge_code, quantity", "GROUPS") == [
        ("service_charge", "Accounting", "phone", "1.0000"),
        ("service_charge", "Sales", "ata", "1.0000"),
        ("service_charge", "Sales", "phone", "1.0000"),
        ("service_charge", None, "ata", "1.0000"),
        ("service_charge", None, "phone", "1.0000"),
        ("phone_numbers", "Sales", "did", "1.0000"),
        ("phone_numbers", None, "did", "1.0000"),
        ("prorated_charges", "Sales", "ata", "1.0000"),
        ("prorated_charges", None, "ata", "1.0000"),
        ("contact_center", None, "seat", "2.0000"),
    ]


@pytest.fixture(scope="module")
def low_usage(bill_once: Bill) -> SmallMonth:
    """The low-usage discount of the plan is 12.5 %: a phone of 24.95 costs 21.83125."""
    flagged = {"low_usage": "true"}
    return bill_once(
        accounts=[
            account("TWENTY", low_usage_allowed="20"),
            account("NINETEEN", low_usage_allowed="19"),
            account("SPLIT", low_usage_allowed="3"),
            account("ATAS", low_usage_allowed="5"),
            account("OTHERS", low_usage_allowed="1"),
            account("PART", low_usage_allowed="1"),
            account("NONE-OFF", plan_id="no-discount", low_usage_allowed="1"),
        ],
        items=[
            item("i1", account_id="TWENTY", quantity=20, **flagged),
            item("i1", account_id="NINETEEN", quantity=19, **flagged),
            item("i2", account_id="NINETEEN", quantity=1, start_date="2020-02-02"),
            item("i10", account_id="SPLIT", quantity=2, **flagged),
            item("i2", account_id="SPLIT", quantity=2, **flagged),
            item("i3", account_id="SPLIT", quantity=16),
            item("i1", "ata", account_id="ATAS", quantity=20, **flagged),
            item("a1", "seat", account_id="OTHERS", **flagged),
            item("a2", account_id="OTHERS", cancel_requested_on="2019-12-01", **flagged),
            item("a3", account_id="OTHERS", quantity=20),
            item("a4", account_id="OTHERS", **flagged),
            item("p1", account_id="PART", start_date="2020-01-15", **flagged),
            item("p2", account_id="PART", quantity=19),
            item("n1", account_id="NONE-OFF", quantity=20, **flagged),
        ],
        rates={
            "plans": [plan("metered", "0", low_usage_discount_percent="12.5"), plan("no-discount", "0")],
        },
    )


def test_rule_4_2_20_phones_may_have_the_discount_and_its_price_is_not_rounded_before_it_is_multiplied(
    low_usage: SmallMonth,
) -> None:
    """20 × 21.83125 = 436.625 → 436.63; from a rounded price it would be 436.60."""
    assert low_usage.lines("quantity, unit_price, exact_amount, amount", "TWENTY") == [
        ("20.0000", "21.831250", "436.625000", "436.63")
    ]


def test_rule_4_2_with_19_phones_the_full_price_applies_and_a_warning_is_recorded(
    low_usage: SmallMonth,
) -> None:
    assert low_usage.lines("quantity, unit_price", "NINETEEN") == [("19.0000", "24.950000")]
    assert ("NINETEEN",) in low_usage.rows("select account_id from warnings where kind = 'low_usage_not_allowed'")


def test_rule_4_2_above_the_allowed_number_an_item_is_split_in_order_of_item_id(
    low_usage: SmallMonth,
) -> None:
    """i10 stands before i2: 2 units of i10 and 1 of i2 have the discount, 17 have not."""
    assert low_usage.lines("quantity, unit_price", "SPLIT") == [
        ("17.0000", "24.950000"),
        ("3.0000", "21.831250"),
    ]
    assert ("SPLIT", "1 units at the full price") in low_usage.rows(
        "select account_id, detail from warnings where kind = 'low_usage_not_allowed'"
    )


def test_rule_4_2_only_charges_that_are_phones_count_as_phones(low_usage: SmallMonth) -> None:
    assert low_usage.lines("quantity, unit_price", "ATAS") == [("20.0000", "10.000000")]


def test_rule_4_2_items_of_other_categories_or_without_a_line_take_nothing_from_the_allowance(
    low_usage: SmallMonth,
) -> None:
    assert low_usage.lines("charge_code, quantity, unit_price", "OTHERS") == [
        ("phone", "20.0000", "24.950000"),
        ("phone", "1.0000", "21.831250"),
        ("seat", "1.0000", "60.000000"),
    ]
    assert low_usage.rows("select * from warnings where account_id = 'OTHERS' and kind like 'low%'") == []


def test_rule_4_2_prorated_lines_follow(low_usage: SmallMonth) -> None:
    """21.83125 × 16/31 = 11.2677… → 11.27."""
    assert low_usage.lines("unit_price, amount", "PART", "category = 'prorated_charges'") == [("21.831250", "11.27")]


def test_rule_4_2_units_at_a_discount_of_0_percent_stand_in_the_line_of_the_others(
    low_usage: SmallMonth,
) -> None:
    assert low_usage.lines("quantity, unit_price", "NONE-OFF") == [("20.0000", "24.950000")]


@pytest.fixture(scope="module")
def dated_prices(bill_once: Bill) -> SmallMonth:
    """A month issued on 3 February 2020, in which every price changes on some day."""

    def until(day: str) -> dict[str, str]:
        return {"effective_to": day}

    def since(day: str) -> dict[str, str]:
        return {"effective_from": day}

    phone, change = {"is_phone": "true"}, "number_change"
    return bill_once(
        issue_date="2020-02-03",
        accounts=[
            account(plan_id="p"),
            account("FROM-16", plan_id="p", billing_start="2020-01-16"),
            account("CHANGES", plan_id="q"),
        ],
        account_plans=[
            {"account_id": "CHANGES", "plan_id": "p", "effective_from": "2020-01-01"},
            {"account_id": "CHANGES", "plan_id": "r", "effective_from": "2020-02-01"},
        ],
        items=[
            item("i1"),
            item("i2", start_date="2020-01-15"),
            item("i3", start_date="2020-01-20"),
            item("i4", account_id="CHANGES"),
            item("i5", account_id="CHANGES", start_date="2020-01-15"),
        ],
        one_time_charges=[
            one_time("o1", charge_date="2020-01-15"),
            one_time("o2", charge_date="2020-01-16"),
            one_time("o3", account_id="FROM-16", charge_date="2019-12-20"),
        ],
        calls=[
            call("c1", "+442071234567", start_time="2020-01-15T23:59:59.999999Z"),
            call("c2", "+442071234567", start_time="2020-01-16T00:00:00Z"),
            call("c3", "+14165550100", start_time="2020-01-15T12:00:00Z"),
            call("c4", "+14165550100", start_time="2020-01-17T12:00:00Z"),
            call("c5", seconds=900, start_time="2020-01-15T12:00:00Z"),
            call("c6", seconds=31, start_time="2020-01-17T12:00:00Z"),
            call("f1", account_id="FROM-16", seconds=1800, start_time="2020-01-17T12:00:00Z"),
        ],
        rates={
            "charges": [
                charge("phone", "20.00", **phone, **until("2020-01-16")),
                charge("phone", "24.95", **phone, **since("2020-01-16"), **until("2020-02-01")),
                charge("phone", "30.00", **phone, **since("2020-02-01")),
                charge("phone", "1.00", plan_id="r", **phone),
                charge(change, "15.00", "one_time", **until("2020-01-16")),
                charge(change, "18.00", "one_time", **since("2020-01-16")),
            ],
            "plans": [
                plan("p", "10", included_countries="CA", **until("2020-01-16")),
                plan(
                    "p",
                    "20",
                    overage_rate="0.03",
                    minimum_seconds="30",
                    increment_seconds="6",
                    rounding="up",
                    **since("2020-01-16"),
                ),
                plan("q", "0"),
                plan("r", "0"),
            ],
            "international_rates": [
                international("44", "0.01", **until("2020-01-16")),
                international("44", "0.02", **since("2020-01-16")),
                international("1416", "0.50"),
            ],
            "fees": [
                fee("rrf", "flat", "1.00", **until("2020-02-03")),
                fee("rrf", "flat", "2.00", **since("2020-02-03")),
            ],
            "taxes": [tax("state", "10", **until("2020-02-03")), tax("state", "0", **since("2020-02-03"))],
            "usf_factors": [
                {"country": "US", "quarter": "2019Q4", "factor_percent": "25"},
                {"country": "US", "quarter": "2020Q1", "factor_percent": "20"},
            ],
            "usf_shares": [
                {"country": "US", "category": "one_time", "interstate_share_percent": "0"}
                | {"effective_to": "2020-02-03"},
                {"country": "US", "category": "one_time", "interstate_share_percent": "100"}
                | {"effective_from": "2020-02-03"},
            ],
        },
    )


def test_rule_4_4_a_full_month_costs_the_price_of_the_1st_of_the_month(dated_prices: SmallMonth) -> None:
    assert dated_prices.lines("quantity, unit_price", where="category = 'service_charge'") == [("3.0000", "30.000000")]


def test_rule_4_4_a_prorated_line_costs_the_price_of_the_items_start(dated_prices: SmallMonth) -> None:
    assert dated_prices.lines("period_start, unit_price", where="category = 'prorated_charges'") == [
        ("2020-01-16", "20.000000"),
        ("2020-01-21", "24.950000"),
    ]


def test_rule_4_4_one_time_charges_have_the_price_and_period_of_their_date_or_the_billing_start(
    dated_prices: SmallMonth,
) -> None:
    columns, only = "period_start, period_end, amount", "category = 'one_time'"
    assert dated_prices.lines(columns, where=only) == [
        ("2020-01-15", "2020-01-16", "15.00"),
        ("2020-01-16", "2020-01-17", "18.00"),
    ]
    assert dated_prices.lines(columns, "FROM-16", only) == [("2020-01-16", "2020-01-17", "18.00")]


def test_rule_4_4_the_pool_is_that_of_the_1st_of_the_usage_month_or_the_billing_start(
    dated_prices: SmallMonth,
) -> None:
    """A has 10 minutes, those of 1 January; FROM-16 has 20, those of 16 January."""
    pools = "select account_id, sum(included_seconds)::int from billed_calls group by 1 order by 1"
    assert dated_prices.rows(pools) == [("A", 600), ("FROM-16", 1200)]


def test_rule_4_4_call_rates_are_those_of_the_calls_start(dated_prices: SmallMonth) -> None:
    assert dated_prices.billed("call_id, cost", "destination = 'to 44'") == [
        ("c1", "0.010000"),
        ("c2", "0.020000"),
    ]


def test_rule_4_4_included_countries_are_those_of_the_calls_start(dated_prices: SmallMonth) -> None:
    assert dated_prices.outcome("c3") == "included"
    assert dated_prices.outcome("c4") == "international"


def test_rule_4_4_plan_increments_and_overage_price_are_those_of_the_calls_start(
    dated_prices: SmallMonth,
) -> None:
    """900 s to the nearest minute at 0.02; 31 s on 30/6 are 36 s at 0.03."""
    columns = "call_id, billable_seconds, rate_per_minute"
    assert dated_prices.billed(columns, "call_id in ('c5', 'c6')") == [
        ("c5", 900, "0.020000"),
        ("c6", 36, "0.030000"),
    ]


def test_rule_4_4_fees_shares_and_taxes_are_those_of_the_issue_date_and_the_usf_factor_of_the_quarter(
    dated_prices: SmallMonth,
) -> None:
    """USF: 15.00 + 18.00 one-time, whole, at 20 %."""
    assert dated_prices.lines("category, amount", where="category in ('rrf', 'usf', 'tax')") == [
        ("rrf", "2.00"),
        ("usf", "6.60"),
    ]


def test_rule_4_4_the_plan_is_found_by_the_same_dates(dated_prices: SmallMonth) -> None:
    """CHANGES has plan r from 1 February: the full month costs its price, the part of January that of p."""
    assert dated_prices.lines("category, unit_price", "CHANGES", "category <> 'rrf'") == [
        ("service_charge", "1.000000"),
        ("prorated_charges", "20.000000"),
    ]
