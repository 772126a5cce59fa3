"""Chapter 5 of the billing rules: which calls are billed, and as what."""

from __future__ import annotations

import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, number
from tests.rules.small_rates import default_tables, international, plan, premium

TOLL_FREE = "+18005550100"
PREMIUM = {"account_id": "CAN", "source_number": "+14165550100"}
BRAZIL = {"account_id": "BRA", "source_number": "+551133334444"}
BRITAIN = {"account_id": "GBR", "source_number": "+442071234567"}


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """Calls of accounts in the United States, Canada, Brazil and Great Britain, all on plans in USD."""
    inbound = {"direction": "inbound", "source_number": "+12125550199"}
    early, late = {"start_time": "2020-01-05T12:00:00Z"}, {"start_time": "2020-01-31T12:00:00Z"}
    return bill_once(
        accounts=[
            account(),
            account("CAN", country="CA", region="ON", plan_id="unlimited"),
            account("BRA", country="BR", region="SP"),
            account("GBR", country="GB", region="", plan_id="takes-germany"),
            account("NEW", billing_start="2020-01-10"),
            account("GONE", cancel_requested_on="2019-12-21"),
            account("OWN", plan_id="own-premium"),
            account("USED", plan_id="two-minutes"),
            account("SECOND"),
        ],
        numbers=[
            number(TOLL_FREE, kind="toll_free"),
            number("+12125550100"),
            number("+18335550101", kind="toll_free", start_date="2020-01-10"),
            number("+18335550102", kind="toll_free", cancel_requested_on="2019-12-21"),
            number("+12015550123", account_id="SECOND"),
            number("+18335550103", kind="toll_free", account_id="GONE"),
            number("+18335550104", kind="toll_free", start_date="2020-01-01"),
        ],
        calls=[
            call("r1-busy", disposition="busy", seconds=30),
            call("r1-zero", disposition="answered", seconds=0),
            call("r1-before-r2", account_id="NEW", seconds=0, **early),
            call("r2-before", account_id="NEW", destination="*98", **early),
            call("r2-after", account_id="GONE", destination="911"),
            call("r3", TOLL_FREE, **inbound),
            call("r3-others", "+18335550103", **inbound),
            call("r4", "+12125550100", **inbound),
            call("r4-foreign", "+12125550100", direction="inbound", source_number="+442071234567"),
            call("r4-declared", "+442071234567", **inbound),
            call("r5-emergency", "911"),
            call("r5-feature", "*98"),
            call("r5-hash", "#31#"),
            call("r5-ca", "911", **PREMIUM),
            call("r5-internal", "911", direction="internal", source_number="2001"),
            call("r5-extension", "911", direction="", source_number="2001"),
            call("r5-gb", "999", **BRITAIN),
            call("r6-internal", "+442071234567", direction="internal"),
            call("r6-extension", "2001"),
            call("r7", "+17875550123"),
            call("r7-short", "+1787555012"),
            call("r7-own", "+17875550123", account_id="OWN"),
            call("r7-own-shorter", "+19005550100", account_id="OWN"),
            call("form-whole", "+17875560123"),
            call("form-code", "+17875570123"),
            call("form-national", "+55900123456", **BRAZIL),
            call("r7-other-country", "+17875550123", **PREMIUM),
            call("r7-before-r7a", "+19005550100"),
            call("r7-no-rate", "+19006660100"),
            call("r7-brazil", "03001234567", **BRAZIL),
            call("r7a-unknown", "+12995550100"),
            call("r7a-premium", "+19765550100"),
            call("r8", "+18005550199"),
            call("r8-ca", "+18335550199", **PREMIUM),
            call("r8-abroad", "+80012345678"),
            call("r8-abroad-dialled", "011 800 1234 5678"),
            call("r8-dialled", "1-800-555-0199"),
            call("r8-dialled-without-1", "(800) 555-0199"),
            call("r9", "+442071234567"),
            call("r9-free", "+33123456789"),
            call("r9-no-rate", "+81312345678"),
            call("r9-included", "+12125550199", **PREMIUM),
            call("r9-ca-own", "+14165550199", **PREMIUM),
            call("r9-satellite", "+870773123456"),
            call("r9-premium", "+44909123456"),
            call("r9-premium-included", "+49900123456", **BRITAIN),
            call("r9-germany-included", "+4930123456", **BRITAIN),
            call("r9-toll-free-abroad", "+18005550199", **BRAZIL),
            call("r10", "+12015550100"),
            call("r10-short", "411"),
            call("r10-pr", "+17875551234"),
            call("pr", "+17872345678"),
            call("vi", "+13402345678"),
            call("gu", "+16712345678"),
            call("as", "+16842345678"),
            call("mp", "+16702345678"),
            call("ca", "+14165550199"),
            call("bs", "+12425550199"),
            call("free-9", "+18335550101", **inbound, **{"start_time": "2020-01-09T23:59:59Z"}),
            call("free-10", "+18335550101", **inbound, **{"start_time": "2020-01-10T00:00:00Z"}),
            call("free-ended", "+18335550102", **inbound, **late),
            call("own-source", "+12015550123", account_id="", direction=""),
            call("own-self", TOLL_FREE, account_id="", direction=""),
            call("used-1", "+12015550100", 60, account_id="USED", **early),
            call("used-2", "2001", 120, account_id="USED"),
        ],
        rates={
            "plans": [
                plan("metered", "1000"),
                plan("unlimited", "", included_countries="US"),
                plan("takes-germany", "", included_countries="DE"),
                plan("own-premium", "0"),
                plan("two-minutes", "2"),
            ],
            "international_rates": [
                *default_tables()["international_rates"],
                international("33", "0.0000"),
            ],
            "premium_prefixes": [
                premium("787555", "1787555", "0.35"),
                premium("787555", "1787555", "0.05", plan_id="own-premium"),
                premium("9", "19", "9", plan_id="own-premium"),
                premium("1787556", "1787556", "1"),
                premium("787557", "1787557", "1"),
                premium("0900", "55900", "1", country="BR"),
                premium("900", "1900", "2"),
                premium("900666", "1900666", ""),
                premium("0300", "55300", "0.40", country="BR"),
            ],
            "toll_free_rates": [
                {"country": country, "currency": "USD", "origin_prefix": "", "rate_per_minute": "0.019"}
                for country in ("US", "CA", "BR", "GB")
            ],
        },
    )


@pytest.mark.parametrize(
    ("call_id", "outcome"),
    [
        ("r1-busy", "unanswered"),
        ("r1-zero", "unanswered"),
        ("r1-before-r2", "unanswered"),
        ("r2-before", "before_billing_start"),
        ("r2-after", "after_service_end"),
        ("r3", "toll_free"),
        ("r3-others", "inbound"),
        ("r4", "inbound"),
        ("r4-foreign", "inbound"),
        ("r4-declared", "inbound"),
        ("r5-emergency", "emergency"),
        ("r5-ca", "emergency"),
        ("r5-gb", "emergency"),
        ("r5-feature", "feature_code"),
        ("r5-hash", "feature_code"),
        ("r6-internal", "included"),
        ("r6-extension", "included"),
        ("r7", "domestic_premium"),
        ("r7-short", "domestic_premium"),
        ("r7-before-r7a", "domestic_premium"),
        ("r7-brazil", "domestic_premium"),
        ("r7-other-country", "included"),
        ("r7a-unknown", "unknown_destination"),
        ("r7a-premium", "no_rate"),
        ("r8", "toll_free_outbound"),
        ("r8-ca", "toll_free_outbound"),
        ("r8-abroad", "international"),
        ("r8-abroad-dialled", "international"),
        ("r8-dialled", "toll_free_outbound"),
        ("r8-dialled-without-1", "toll_free_outbound"),
        ("r9", "international"),
        ("r9-included", "included"),
        ("r9-ca-own", "included"),
        ("r9-satellite", "international"),
        ("r10", "included"),
        ("r10-short", "included"),
        ("r10-pr", "domestic_premium"),
    ],
)
def test_rule_5_the_first_rule_that_fits_decides(call_id: str, outcome: str, month: SmallMonth) -> None:
    assert month.outcome(call_id) == outcome


@pytest.mark.parametrize(
    ("call_id", "reason"),
    [
        ("r9-no-rate", "no_rate"),
        ("r7-no-rate", "no_rate"),
        ("r7a-premium", "no_rate"),
        ("r7a-unknown", "unknown_destination"),
        ("r9-toll-free-abroad", "no_rate"),
    ],
)
def test_rule_5_1_a_call_without_a_rate_is_suspended(call_id: str, reason: str, month: SmallMonth) -> None:
    """1900666 has an empty price: the shorter 1900 is not tried. No calling code 1 is in Brazil's deck."""
    where = f"raw_record like '{call_id},%'"
    assert month.rows(f"select outcome, reason from set_aside_records where {where}") == [("suspended", reason)]


def test_rule_5_1_a_run_with_suspended_calls_warns_with_their_count_and_seconds(month: SmallMonth) -> None:
    assert month.rows("select source_file, detail from warnings where kind = 'suspended_calls'") == [
        ("2020-01/calls.csv", "5 calls, 300 seconds")
    ]


@pytest.mark.parametrize("call_id", ["r9-premium", "r9-premium-included"])
def test_rule_5_1_premium_numbers_of_other_countries_are_international(call_id: str, month: SmallMonth) -> None:
    """Also where the plan includes Germany."""
    assert month.outcome(call_id) == "international"
    assert month.outcome("r9-germany-included") == "included"


def test_rule_5_1_a_price_of_0_is_a_price(month: SmallMonth) -> None:
    assert month.billed(where="call_id = 'r9-free'") == [("international", 60, "0.000000")]


def test_rule_5_2_787555_is_in_puerto_rico_and_0300_in_brazil(month: SmallMonth) -> None:
    columns = "call_id, rate_table, rate_prefix, destination, rate_per_minute"
    assert month.billed(columns, "call_id in ('r7', 'r7-brazil')") == [
        ("r7", "premium_prefixes", "1787555", "premium 787555", "0.350000"),
        ("r7-brazil", "premium_prefixes", "55300", "premium 0300", "0.400000"),
    ]


def test_rule_5_2_a_plans_own_row_beats_the_star_at_equal_length_only(month: SmallMonth) -> None:
    columns = "call_id, rate_prefix, rate_per_minute"
    assert month.billed(columns, "call_id in ('r7', 'r7-own', 'r7-own-shorter')") == [
        ("r7", "1787555", "0.350000"),
        ("r7-own", "1787555", "0.050000"),
        ("r7-own-shorter", "1900", "2.000000"),
    ]


def test_rule_5_2_rows_whose_two_forms_disagree_are_refused(try_to_bill: Bill) -> None:
    rows = [
        premium("787555", "787555", "1"),
        premium("787555", "1787556", "1"),
        premium("0300", "300", "1", country="BR"),
        premium("0300", "5503", "1", country="BR"),
        premium("300", "5530", "1", country="BR"),
        premium("0909", "55909", "1", country="GB"),
        premium("0909", "44909", "1", country="GB"),
    ]
    month = try_to_bill(calls=[call("c1")], rates={"premium_prefixes": rows})
    assert month.exit_code == 2
    lines = [line for line in range(2, 9) if f"line {line}, column prefix" in month.message]
    assert lines == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("call_id", ["form-whole", "form-code", "form-national"])
def test_rule_5_2_the_three_forms_of_a_prefix_are_taken(call_id: str, month: SmallMonth) -> None:
    assert month.outcome(call_id) == "domestic_premium"


@pytest.mark.parametrize("call_id", ["pr", "vi", "gu", "as", "mp"])
def test_rule_5_3_puerto_rico_and_the_territories_are_domestic(call_id: str, month: SmallMonth) -> None:
    assert month.outcome(call_id) == "included"


@pytest.mark.parametrize("call_id", ["ca", "bs"])
def test_rule_5_3_the_other_countries_of_calling_code_1_are_foreign(call_id: str, month: SmallMonth) -> None:
    assert month.outcome(call_id) == "international"


def test_rule_5_3_an_account_in_a_territory_is_one_in_a_region_of_us(try_to_bill: Bill) -> None:
    territories = ["PR", "VI", "GU", "AS", "MP"]
    accounts = [account(name, country=name) for name in territories]
    month = try_to_bill(accounts=[*accounts, account(region="PR")], calls=[call("c1")])
    assert month.exit_code == 2
    lines = [line for line in range(2, 8) if f"accounts.csv, line {line}, column country" in month.message]
    assert lines == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("call_id", ["r8-abroad", "r8-abroad-dialled"])
def test_rule_5_international_freephone_is_priced_by_its_own_prefix(call_id: str, month: SmallMonth) -> None:
    priced = month.billed("rate_prefix, rate_per_minute, left(destination_number, 4)", f"call_id = '{call_id}'")
    assert priced == [("800", "0.200000", "+800")]


def test_rule_5_4_a_declared_direction_is_taken_as_it_is(month: SmallMonth) -> None:
    assert month.outcome("r4-declared") == "inbound"
    assert month.outcome("r6-internal") == "included"


@pytest.mark.parametrize("call_id", ["r5-internal", "r5-extension"])
def test_rule_5_4_emergency_numbers_are_never_extensions(call_id: str, month: SmallMonth) -> None:
    assert month.outcome(call_id) == "emergency"


def test_rule_5_4_a_call_between_two_customers_bills_the_source_and_warns(month: SmallMonth) -> None:
    """own-self, within one account, is no second party."""
    assert month.billed("account_id, call_type", "call_id = 'own-source'") == [("A", "included")]
    assert month.rows("select detail from warnings where kind = 'second_party'") == [("1 calls",)]


def test_rule_5_5_extension_calls_cost_the_overage_price_with_the_pool_used_up(month: SmallMonth) -> None:
    columns = "call_type, included_seconds, rate_per_minute, cost"
    assert month.billed(columns, "call_id = 'used-2'") == [("overage", 60, "0.020000", "0.020000")]


def test_rule_5_6_a_number_belongs_to_an_account_from_its_start_date_on(month: SmallMonth) -> None:
    assert month.outcome("free-9") == "inbound"
    assert month.outcome("free-10") == "toll_free"


def test_rule_5_6_a_number_cancelled_in_time_is_the_accounts_no_longer(month: SmallMonth) -> None:
    assert month.outcome("free-ended") == "inbound"


@pytest.fixture(scope="module")
def handed_on(bill_once: Bill) -> SmallMonth:
    """A toll-free number of an account that leaves with January, and then another's."""
    shared = {"kind": "toll_free"}
    return bill_once(
        invoice_month="2020-03",
        accounts=[account("LEAVES", cancel_requested_on="2020-01-21"), account("TAKES")],
        numbers=[
            number(TOLL_FREE, account_id="LEAVES", **shared),
            number(TOLL_FREE, account_id="TAKES", start_date="2020-02-10", **shared),
        ],
        calls=[
            call("c1", TOLL_FREE, account_id="", direction="", start_time="2020-02-09T23:59:59Z"),
            call("c2", TOLL_FREE, account_id="", direction="", start_time="2020-02-10T00:00:00Z"),
            call("c3", TOLL_FREE, account_id="", direction="", start_time="2020-02-09T20:00:00-05:00"),
        ],
    )


def test_rule_5_6_a_number_ends_with_its_account_and_is_the_next_owners_by_the_utc_date_of_the_call(
    handed_on: SmallMonth,
) -> None:
    assert handed_on.outcome("c1") == "unknown_account"
    assert handed_on.billed("call_id, account_id, direction") == [
        ("c2", "TAKES", "inbound"),
        ("c3", "TAKES", "inbound"),
    ]


def test_rule_5_1_suspended_and_unbilled_calls_take_no_plan_minutes(bill_whole: Bill) -> None:
    """The plan has one minute. An unknown number and an emergency come before the local call that takes it."""
    month = bill_whole(
        accounts=[account(plan_id="one")],
        calls=[
            call("c1", "+12995550100", start_time="2020-01-05T12:00:00Z"),
            call("c2", "911", start_time="2020-01-06T12:00:00Z"),
            call("c3", start_time="2020-01-07T12:00:00Z"),
            call("c4", start_time="2020-01-08T12:00:00Z"),
        ],
        rates={"plans": [plan("one", "1")]},
    )
    assert month.billed("call_id, call_type, included_seconds") == [("c3", "included", 60), ("c4", "overage", 0)]
    assert month.lines("category, quantity") == [("included_minutes", "1.0000"), ("overage", "1.0000")]


def test_rule_5_1_a_suspended_call_is_on_no_invoice(bill_whole: Bill) -> None:
    month = bill_whole(calls=[call("c1", "+12995550100")])
    assert month.rows("select reason from set_aside_records") == [("unknown_destination",)]
    assert month.rows("select * from invoices") == []


def test_rule_5_4_a_call_to_nobodys_number_has_no_second_party(bill_whole: Bill) -> None:
    """Found by its source, as the owner of the destination is by its own: one customer each."""
    month = bill_whole(
        numbers=[number("+12125550100")],
        calls=[
            call("out", "+12015550100", account_id="", direction=""),
            call("in", "+12125550100", account_id="", direction="", source_number="+12015550100"),
        ],
    )
    assert (month.outcome("out"), month.outcome("in")) == ("overage", "inbound")
    assert month.rows("select kind from warnings where kind = 'second_party'") == []


def test_rule_5_a_short_code_is_a_number_of_the_country_whose_dialing_plan_lists_it(bill_whole: Bill) -> None:
    """411 dialled in Canada becomes +1411, which the numbering plan has in the United States alone."""
    month = bill_whole(
        accounts=[account(country="CA", region="ON")],
        calls=[call("c1", "411", source_number="+14165550100")],
        rates={
            "dialing_plans": [
                {**row, "short_codes": "411"} if row["country"] == "CA" else row
                for row in default_tables()["dialing_plans"]
            ]
        },
    )
    assert month.billed("destination_number, call_type") == [("+1411", "overage")]


def test_rule_5_a_call_to_the_toll_free_number_of_another_account_is_inbound(bill_whole: Bill) -> None:
    """The record names A; the number is B's, that day too."""
    month = bill_whole(
        accounts=[account(), account("B")],
        numbers=[number(TOLL_FREE, account_id="B", kind="toll_free")],
        calls=[
            call("a", TOLL_FREE, direction="inbound", source_number="+12015550123"),
            call("b", TOLL_FREE, account_id="B", direction="inbound", source_number="+12015550123"),
        ],
    )
    assert (month.outcome("a"), month.outcome("b")) == ("inbound", "toll_free")
