"""Section 2 of the data contract: how call records are read, which are rejected, and what is a warning."""

from __future__ import annotations

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, number
from transforms.numbers import normalise_numbers
from transforms.timestamps import parse_instants

DIALING_PLANS = pl.DataFrame(
    {
        "country": ["US", "BR", "RU"],
        "calling_code": ["1", "55", "7"],
        "international_prefix": ["011", "00", "810"],
        "national_prefix": ["1", "0", "8"],
        "national_lengths": [[10], [10, 11], [10]],
        "carrier_code_digits": [0, 2, 0],
        "emergency_numbers": [["911"], ["190"], ["112"]],
        "short_codes": [["411"], ["100"], []],
    },
    schema_overrides={"short_codes": pl.List(pl.String)},
)


@pytest.mark.parametrize(
    ("country", "text", "stored", "kind"),
    [
        ("US", "+442071234567", "+442071234567", "e164"),
        ("US", "+1 (212) 555-0100", "+12125550100", "e164"),
        ("US", "212.555.0100", "+12125550100", "e164"),
        ("US", "12125550100", "+12125550100", "e164"),
        ("US", "011442071234567", "+442071234567", "e164"),
        ("US", "+1234567", "+1234567", "e164"),
        ("US", "+123456789012345", "+123456789012345", "e164"),
        ("US", "+1234567890123456", None, "bad"),
        ("US", "+123456", None, "bad"),
        ("US", "+0123456789", None, "bad"),
        ("US", "5550100", None, "bad"),
        ("US", "112125550100", None, "bad"),
        ("US", "911", "911", "emergency"),
        ("US", "411", "+1411", "short_code"),
        ("US", "190", "190", "extension"),
        ("US", "12", "12", "extension"),
        ("US", "123456", "123456", "extension"),
        ("US", "1", None, "bad"),
        ("US", "*98", "*98", "feature_code"),
        ("US", "#31#", "#31#", "feature_code"),
        ("US", "*", None, "bad"),
        ("US", "*9a", None, "bad"),
        ("US", "", "", "anonymous"),
        ("US", "anonymous", None, "bad"),
        ("BR", "190", "190", "emergency"),
        ("BR", "100", "+55100", "short_code"),
        ("BR", "1133334444", "+551133334444", "e164"),
        ("BR", "01133334444", "+551133334444", "e164"),
        ("BR", "0211133334444", "+551133334444", "e164"),
        ("BR", "02111912345678", "+5511912345678", "e164"),
        ("BR", "011912345678", "+5511912345678", "e164"),
        ("BR", "00211442071234567", "+1442071234567", "e164"),
        ("BR", "0021442071234567", "+442071234567", "e164"),
        ("BR", "03001234567", "+553001234567", "e164"),
        ("RU", "84951234567", "+74951234567", "e164"),
        ("RU", "810442071234567", "+442071234567", "e164"),
    ],
)
def test_contract_2_numbers_are_normalised_by_the_accounts_country(
    country: str, text: str, stored: str | None, kind: str
) -> None:
    read = normalise_numbers(pl.DataFrame({"country": [country], "text": [text]}), DIALING_PLANS)
    assert read["number_kind"].to_list() == [kind]
    if stored is not None:
        assert read["number"].to_list() == [stored]


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2020-01-10T12:00:00Z", "2020-01-10 12:00:00.000000"),
        ("2020-01-10 12:00:00Z", "2020-01-10 12:00:00.000000"),
        ("2020-01-10T12:00:00.5Z", "2020-01-10 12:00:00.500000"),
        ("2020-01-10T12:00:00.123456Z", "2020-01-10 12:00:00.123456"),
        ("2020-01-10T12:00:00+02", "2020-01-10 10:00:00.000000"),
        ("2020-01-10T12:00:00-05:30", "2020-01-10 17:30:00.000000"),
        ("2020-01-10T12:00:00+0530", "2020-01-10 06:30:00.000000"),
        ("2020-01-10T12:00:00", None),
        ("2020-01-10", None),
        ("2020-01-10T12:00:00.1234567Z", None),
        ("2020-01-10T12:00:00.Z", None),
        ("2020-02-30T12:00:00Z", None),
        ("2020-01-10T24:00:00Z", None),
        ("2020-01-10T12:00:60Z", None),
        ("10/01/2020 12:00", None),
        ("1578657600", None),
    ],
)
def test_contract_2_times_have_an_offset_and_are_kept_to_the_microsecond(text: str, micros: str | None) -> None:
    read = parse_instants(pl.Series([text])).to_frame("time")
    shown = read.select(pl.col("time").dt.replace_time_zone(None).dt.to_string("%Y-%m-%d %H:%M:%S%.6f"))
    assert shown.item() == micros


GOOD = "A,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,,60,answered"
WRONG = {
    "missing_call_id": (0, ""),
    "unknown_direction": (2, "sideways"),
    "bad_start_time": (5, "yesterday"),
    "negative_duration": (7, "-60"),
    "bad_duration": (7, "sixty"),
    "bad_end_time": (6, "tomorrow"),
    "end_before_start": (6, "2020-01-10T11:59:59Z"),
    "unknown_disposition": (8, "maybe"),
    "unknown_account": (1, "ZZ"),
    "bad_number": (4, "nowhere"),
}
IN_ORDER = tuple(WRONG)


def record(reasons: tuple[str, ...]) -> str:
    """A row with these faults; of two for one cell the earlier of the order is not overwritten."""
    cells = ["c", *GOOD.split(",")]
    for reason in reversed(reasons):
        place, text = WRONG[reason]
        cells[place] = text
    return ",".join(cells)


@pytest.fixture(scope="module")
def rejected(bill_once: Bill) -> SmallMonth:
    """Line n + 2 has all faults of the order from its n-th on, and starts outside the month if it can."""
    header = (
        "call_id,account_id,direction,source_number,destination_number,start_time,end_time,"
        "duration_seconds,disposition\n"
    )
    rows = [record(IN_ORDER[place:]) for place in range(len(IN_ORDER))]
    rows.append("c,A,outbound,+12125550100,nowhere,2020-02-10T12:00:00Z,,60,answered")
    rows.append("c,A,outbound,+12125550100,+12125550199,2020-02-10T12:00:00Z,,60,answered")
    rows.append(",ZZ")
    rows.append(f"c,{GOOD},one field more")
    rows.append('c,A,outbound,+12125550100,"+12125550199,2020-01-10T12:00:00Z,,60,answered')
    rows.append("c,A,outbound,+1212\x005550100,+12125550199,2020-01-10T12:00:00Z,,60,answered")
    rows.append("")
    rows.append("d1,A,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,,2147483648,answered")
    rows.append("d2,A,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,,6.5,answered")
    rows.append("d3,A,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,,,answered")
    rows.append("d4,A,outbound,+12125550100,,2020-01-10T12:00:00Z,,60,answered")
    rows.append("d5,A,outbound,+12125550100,+12125550199,,,60,answered")
    rows.append(" e1 , A , outbound , +12125550100 , +12125550199 , 2020-01-10T12:00:00Z , , 60 , ANSWERED ")
    rows.append("e2,A,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,2020-01-10T12:00:00Z,60,")
    return bill_once(call_files={"calls.csv": header + "\n".join(rows) + "\n"})


def reason_of_line(month: SmallMonth, line: int) -> str:
    (found,) = month.rows(f"select reason from set_aside_records where source_line = {line}")
    return str(found[0])


@pytest.mark.parametrize(("line", "reason"), list(enumerate(IN_ORDER, start=2)))
def test_contract_2_the_first_reason_of_the_order_is_given(line: int, reason: str, rejected: SmallMonth) -> None:
    assert reason_of_line(rejected, line) == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (12, "bad_number"),
        (13, "outside_month"),
        (14, "malformed_row"),
        (15, "malformed_row"),
        (16, "malformed_row"),
        (17, "malformed_row"),
        (19, "bad_duration"),
        (20, "bad_duration"),
        (21, "bad_duration"),
        (22, "bad_number"),
        (23, "bad_start_time"),
    ],
)
def test_contract_2_malformed_rows_come_first_and_the_month_last(line: int, reason: str, rejected: SmallMonth) -> None:
    assert reason_of_line(rejected, line) == reason


def test_contract_2_a_blank_line_is_no_row_and_cells_are_trimmed(rejected: SmallMonth) -> None:
    assert rejected.rows("select rows_read, rows_billed, rows_rejected from source_files") == [(23, 2, 20)]
    assert rejected.billed("call_id, source_line, destination_number", "call_id = 'e1'") == [("e1", 24, "+12125550199")]


def test_contract_2_a_call_that_ends_as_it_starts_is_accepted(rejected: SmallMonth) -> None:
    assert rejected.outcome("e2") == "overage"


@pytest.fixture(scope="module")
def filled_in(bill_once: Bill) -> SmallMonth:
    """Records that leave to the contract what they do not say, and such as deserve a warning."""
    anyone, own = {"direction": ""}, "+12125550100"
    return bill_once(
        accounts=[account(), account("B")],
        numbers=[number(own), number("+12015550123", account_id="B")],
        calls=[
            call("in", own, source_number="+442071234567", **anyone),
            call("own-to-own", own, source_number=own, **anyone),
            call("extensions", "2002", source_number="2001", **anyone),
            call("emergency", "911", source_number="2001", **anyone),
            call("short", "411", source_number="2001", **anyone),
            call("out", "+442071234567", **anyone),
            call("others", "+12015550123", **anyone),
            call("empty-0", seconds=0),
            call("empty-1", seconds=1),
            call("Busy", seconds=5, disposition="BUSY"),
            call("silent", seconds=0, disposition="Answered"),
            call("mismatch", seconds=60, end_time="2020-01-10T12:01:00.000001Z"),
            call("long", seconds=86_400),
            call("not-long", seconds=86_399),
            call("source-first", "+12015550123", account_id="", **anyone),
            call("destination-then", own, source_number="+442071234567", account_id="", **anyone),
            call("without-plus", "12015550123", source_number="12125550100", account_id="", **anyone),
        ],
    )


def cells(month: SmallMonth, columns: str, call_id: str) -> object:
    (row,) = month.rows(
        f"""
        select {columns} from billed_calls where call_id = '{call_id}'
        union all select {columns} from unbilled_calls where call_id = '{call_id}'
        """
    )
    return row


@pytest.mark.parametrize(
    ("call_id", "direction"),
    [
        ("in", "inbound"),
        ("own-to-own", "inbound"),
        ("extensions", "internal"),
        ("emergency", "outbound"),
        ("short", "outbound"),
        ("out", "outbound"),
        ("others", "outbound"),
    ],
)
def test_contract_2_an_empty_direction_is_found(call_id: str, direction: str, filled_in: SmallMonth) -> None:
    assert cells(filled_in, "direction", call_id) == (direction,)


@pytest.mark.parametrize(
    ("call_id", "disposition"),
    [("empty-0", "no_answer"), ("empty-1", "answered"), ("Busy", "busy"), ("silent", "answered")],
)
def test_contract_2_an_empty_disposition_is_answered_with_seconds(
    call_id: str, disposition: str, filled_in: SmallMonth
) -> None:
    assert cells(filled_in, "disposition", call_id) == (disposition,)


def test_contract_2_an_empty_end_is_start_and_duration(filled_in: SmallMonth) -> None:
    assert cells(filled_in, "(end_time - start_time)::varchar", "out") == ("00:01:00",)


@pytest.mark.parametrize(("call_id", "account_id"), [("source-first", "A"), ("destination-then", "A"), ("others", "A")])
def test_contract_2_an_empty_account_is_the_numbers_owner_source_first(
    call_id: str, account_id: str, filled_in: SmallMonth
) -> None:
    assert cells(filled_in, "account_id", call_id) == (account_id,)


def test_contract_2_only_numbers_with_plus_are_looked_up(filled_in: SmallMonth) -> None:
    assert filled_in.outcome("without-plus") == "unknown_account"


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("duration_mismatch", "1 calls"),
        ("long_call", "1 calls"),
        ("unanswered_with_seconds", "1 calls"),
        ("answered_without_seconds", "1 calls"),
        ("second_party", "1 calls"),
    ],
)
def test_contract_2_warnings_count_calls_that_are_billed_as_they_stand(
    kind: str, detail: str, filled_in: SmallMonth
) -> None:
    assert filled_in.rows(f"select detail from warnings where kind = '{kind}'") == [(detail,)]


@pytest.mark.parametrize(
    ("end_time", "warned"),
    [
        ("2020-01-10T12:01:00Z", []),
        ("2020-01-10T12:01:00.000001Z", [("1 calls",)]),
        ("2020-01-10T12:00:59Z", [("1 calls",)]),
        ("", []),
    ],
)
def test_contract_2_a_minute_that_ends_a_minute_after_its_start_is_no_mismatch(
    end_time: str, warned: list[tuple[str]], bill_whole: Bill
) -> None:
    month = bill_whole(calls=[call("1", seconds=60, end_time=end_time)])
    assert month.rows("select detail from warnings where kind = 'duration_mismatch'") == warned


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("call_id,account_id,source_number,destination_number,start_time", "duration_seconds"),
        ("call_id,source_number,destination_number,start_time,duration_seconds,call_id", "call_id"),
    ],
)
def test_contract_2_a_file_without_a_required_column_or_with_one_twice_is_refused(
    header: str, named: str, try_to_bill: Bill
) -> None:
    month = try_to_bill(call_files={"calls.csv": f"{header}\n"})
    assert month.exit_code == 2
    assert "2020-01/calls.csv" in month.message
    assert named in month.message
