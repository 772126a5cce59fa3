"""Chapter 4 of the billing rules: categories, what a line holds, groups. Prices: test_rule_04_prices.py."""

from __future__ import annotations

import pytest

from schemas.categories import CATEGORIES
from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, number, one_time, returned
from tests.rules.small_rates import fee, international, tax

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
