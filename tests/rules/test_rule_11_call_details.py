"""Chapter 11 of the billing rules: the billed call details CSV."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flows.cli import run
from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, number
from tests.rules.small_rates import international, plan, premium
from transforms.call_details import billable_minutes_text

TOLL_FREE = "+18005550100"
BOM = "\ufeff"
ENGLISH = (
    "Source Number,Destination Number,Start Time (UTC),End Time (UTC),Duration (Seconds),Billable Minutes,"
    "Total Cost,Rate,Call Type"
)
FRENCH = (
    "Numéro de la source,Numéro de destination,Heure de début (UTC),Heure de fin (UTC),Durée (secondes),"
    "Minutes facturables,Coût Total,Taux,Type d’appel"
)
PAIRS = (
    "Source Number,Destination Number,First Start,Last End,Calls,Duration,Billable Minutes,Total Cost,Rate,Call Type"
)
PAIRS_BEGIN_IN_FRENCH = "Numéro de la source,Numéro de destination,Premier début (UTC),Dernière fin (UTC),Appels,"


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """Every call type for A; FR reads French; QUIET has calls within its plan only."""
    inbound = {"direction": "inbound", "destination_number": TOLL_FREE}
    at = {"start_time": "2020-01-20T08:00:00Z"}
    return bill_once(
        accounts=[
            account(plan_id="one"),
            account("FR", language="fr"),
            account("QUIET", plan_id="one"),
            account("NEVER"),
            account("SPLIT", plan_id="pool60"),
        ],
        numbers=[
            number(TOLL_FREE, kind="toll_free"),
            number("+18335550100", kind="toll_free", account_id="FR"),
        ],
        calls=[
            call("c9", "+5511912345678", 33, start_time="2020-01-15T12:30:00.999999+02:00"),
            call("c8", "+442071234567", 60, start_time="2020-01-15T10:30:00Z"),
            call("c1", "+81312345678", 20, **at),
            call("c2", seconds=60, start_time="2020-01-01T00:00:00Z"),
            call("b10", seconds=119, start_time="2020-01-31T23:59:59Z"),
            call("b2", "2001", 60, start_time="2020-01-31T23:59:59Z", source_number="100"),
            call("c5", **inbound, source_number="", start_time="2020-01-16T00:00:00Z"),
            call("c6", "+17875550123", 1, start_time="2020-01-17T00:00:00Z"),
            call("f1", "+442071234567", account_id="FR"),
            call("f2", "+17875550123", account_id="FR", start_time="2020-01-11T12:00:00Z"),
            call("f3", account_id="FR", start_time="2020-01-12T12:00:00Z"),
            call("f4", "+18335550100", account_id="FR", direction="inbound") | {"start_time": "2020-01-13T12:00:00Z"},
            call("f5", "+442071234567", 120, account_id="FR", start_time="2020-01-09T12:00:00Z"),
            call("s1", seconds=3690, account_id="SPLIT"),
            call("q1", account_id="QUIET"),
        ],
        rates={
            "plans": [plan("one", "1"), plan("metered", "0"), plan("pool60", "60")],
            "premium_prefixes": [
                premium("787555", "1787555", "0.35", minimum_seconds=1, increment_seconds=1, rounding="up")
            ],
            "international_rates": [
                international("44", "0.01"),
                international("81", "0.01", connection_fee="0.05"),
                international("55119", "0.0185", minimum_seconds=30, increment_seconds=6, rounding="up"),
            ],
        },
    )


def details(month: SmallMonth, tmp_path: Path, *words: str) -> str:
    """What `tollbook details` writes."""
    output = tmp_path / "details.csv"
    code = run(["details", *words, "--warehouse", str(month.warehouse), "-o", str(output)])
    assert code == 0
    return output.read_bytes().decode()


def test_rule_11_1_the_csv_of_an_account_to_the_byte(month: SmallMonth) -> None:
    """By start time, then call id: b10 before b2. The call within the plan (c2) is not in it."""
    assert month.details() == BOM + "".join(
        f"{row}\r\n"
        for row in (
            ENGLISH,
            "+12125550100,+442071234567,2020-01-15 10:30:00,2020-01-15 10:31:00,60,1.00,0.010000,0.010000,"
            "International",
            "+12125550100,+5511912345678,2020-01-15 10:30:00,2020-01-15 10:30:33,33,0.60,0.011100,0.018500,"
            "International",
            ",+18005550100,2020-01-16 00:00:00,2020-01-16 00:01:00,60,1.00,0.019000,0.019000,Toll-Free Inbound",
            "+12125550100,+17875550123,2020-01-17 00:00:00,2020-01-17 00:00:01,1,0.0167,0.005833,0.350000,"
            "Domestic Metered",
            "+12125550100,+81312345678,2020-01-20 08:00:00,2020-01-20 08:00:20,20,0.00,0.050000,0.010000,International",
            "+12125550100,+12125550199,2020-01-31 23:59:59,2020-02-01 00:01:58,119,2.00,0.040000,0.020000,Overage",
            "100,2001,2020-01-31 23:59:59,2020-02-01 00:00:59,60,1.00,0.020000,0.020000,Overage",
        )
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00"),
        (1, "0.0167"),
        (2, "0.0333"),
        (3, "0.05"),
        (6, "0.10"),
        (35, "0.5833"),
        (36, "0.60"),
        (60, "1.00"),
        (61, "1.0167"),
        (3660, "61.00"),
        (59_999_999, "999999.9833"),
    ],
)
def test_rule_11_1_minutes_have_two_decimals_where_exact_else_four(seconds: int, text: str) -> None:
    calls = pl.DataFrame({"seconds": [seconds]})
    assert calls.select(billable_minutes_text(pl.col("seconds"))).item() == text


def test_rule_11_1_a_split_call_shows_its_overage_part_and_its_whole_duration(month: SmallMonth) -> None:
    """3,690 s are 62 minutes, of which 60 are in the plan."""
    assert month.details("SPLIT").split("\r\n")[1] == (
        "+12125550100,+12125550199,2020-01-10 12:00:00,2020-01-10 13:01:30,3690,2.00,0.040000,0.020000,Overage"
    )


def test_rule_11_2_the_costs_of_each_type_sum_to_the_exact_amount_of_its_line(month: SmallMonth) -> None:
    """International: 0.010000 + 0.011100 + 0.050000; overage: 0.04 + 0.02."""
    assert month.lines("category, exact_amount, amount", where="category not in ('phone_numbers')") == [
        ("included_minutes", "0.000000", "0.00"),
        ("domestic_premium", "0.005833", "0.01"),
        ("overage", "0.060000", "0.06"),
        ("toll_free", "0.019000", "0.02"),
        ("international", "0.071100", "0.07"),
    ]


def test_rule_11_2_the_call_types_in_french(month: SmallMonth) -> None:
    assert month.details("FR") == BOM + "".join(
        f"{row}\r\n"
        for row in (
            FRENCH,
            "+12125550100,+442071234567,2020-01-09 12:00:00,2020-01-09 12:02:00,120,2.00,0.020000,0.010000,"
            "International",
            "+12125550100,+442071234567,2020-01-10 12:00:00,2020-01-10 12:01:00,60,1.00,0.010000,0.010000,"
            "International",
            "+12125550100,+17875550123,2020-01-11 12:00:00,2020-01-11 12:01:00,60,1.00,0.350000,0.350000,"
            "National mesuré",
            "+12125550100,+12125550199,2020-01-12 12:00:00,2020-01-12 12:01:00,60,1.00,0.020000,0.020000,Excédent",
            "+12125550100,+18335550100,2020-01-13 12:00:00,2020-01-13 12:01:00,60,1.00,0.019000,0.019000,"
            "Appel entrant gratuit",
        )
    )


def test_rule_11_3_an_account_without_such_calls_has_no_file_and_details_gives_the_header(
    month: SmallMonth, tmp_path: Path
) -> None:
    published = sorted(path.name for path in (month.warehouse / "details" / "2020-01").iterdir())
    assert published == ["A.csv", "FR.csv", "SPLIT.csv"]
    assert details(month, tmp_path, "QUIET", "2020-01") == f"{BOM}{ENGLISH}\r\n"


def test_rule_11_3_details_in_another_language(month: SmallMonth, tmp_path: Path) -> None:
    assert details(month, tmp_path, "FR", "2020-01") == month.details("FR")
    assert details(month, tmp_path, "A", "2020-01") == month.details()
    french = details(month, tmp_path, "A", "2020-01", "--lang", "fr").split("\r\n")
    assert french[0] == BOM + FRENCH
    assert french[3].endswith(",Appel entrant gratuit")


def test_rule_11_3_the_pair_form_sums_by_source_destination_type_and_rate(month: SmallMonth, tmp_path: Path) -> None:
    written = details(month, tmp_path, "FR", "2020-01", "--lang", "en", "--by-pair")
    assert written == BOM + "".join(
        f"{row}\r\n"
        for row in (
            PAIRS,
            "+12125550100,+12125550199,2020-01-12 12:00:00,2020-01-12 12:01:00,1,60,1.00,0.020000,0.020000,Overage",
            "+12125550100,+17875550123,2020-01-11 12:00:00,2020-01-11 12:01:00,1,60,1.00,0.350000,0.350000,"
            "Domestic Metered",
            "+12125550100,+18335550100,2020-01-13 12:00:00,2020-01-13 12:01:00,1,60,1.00,0.019000,0.019000,"
            "Toll-Free Inbound",
            "+12125550100,+442071234567,2020-01-09 12:00:00,2020-01-10 12:01:00,2,180,3.00,0.030000,0.010000,"
            "International",
        )
    )
    french = details(month, tmp_path, "FR", "2020-01", "--by-pair")
    assert french.startswith(BOM + PAIRS_BEGIN_IN_FRENCH)
