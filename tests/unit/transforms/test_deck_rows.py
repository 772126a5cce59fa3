"""Carriers' sheets: prefixes, prices, steps and dates as they write them, every fault with its line and column."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.unit.decks import MAP, faults_of, read_deck

TWO_COLUMNS = MAP.replace('prefix = "Code"', 'prefix = ["Country", "Area"]')
STEPS = MAP.replace("[columns]", '[columns]\nintervals = "Steps"') + 'rounding = "up"\n'
DATES = MAP.replace("[columns]", '[columns]\neffective_from = "From"\neffective_to = "To"') + (
    '[time]\nformat = "%d/%m/%Y %H:%M"\nzone = "America/New_York"\n'
)


def prefixes(cell: str, text: str = MAP) -> list[str]:
    rows = read_deck(f'Code,Name,Price\n"{cell}",x,0.1\n', text)
    assert rows.faults == []
    return rows.rows["prefix"].to_list()


@pytest.mark.parametrize(
    ("cell", "expanded"),
    [
        ("44", ["44"]),
        ("+44", ["44"]),
        ("44 77", ["4477"]),
        ("'44", ["44"]),
        ("4477-4479", ["4477", "4478", "4479"]),
        ("4477 – 4479", ["4477", "4478", "4479"]),
        ("1242;1246", ["1242", "1246"]),
        ("1242, 1246;", ["1242", "1246"]),
        ("4498-4501", ["4498", "4499", "4500", "4501"]),
        ("44;4477-4478", ["44", "4477", "4478"]),
        ("123456789012345", ["123456789012345"]),
    ],
)
def test_a_cell_holds_a_prefix_a_list_or_a_range(cell: str, expanded: list[str]) -> None:
    assert prefixes(cell) == expanded


@pytest.mark.parametrize(
    ("country", "area", "expanded"),
    [
        ("44", "", ["44"]),
        ("44", "77-79;20", ["4420", "4477", "4478", "4479"]),
        ("44", "08-11", ["4408", "4409", "4410", "4411"]),
        ("+1", "242", ["1242"]),
    ],
)
def test_a_country_code_and_an_area_code_are_put_together(country: str, area: str, expanded: list[str]) -> None:
    rows = read_deck(f"Country,Area,Name,Price\n{country},{area},x,0.1\n", TWO_COLUMNS)
    assert rows.faults == []
    assert rows.rows["prefix"].to_list() == expanded


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("", "has no prefix"),
        ("44x", "is no prefix, list or range of prefixes"),
        ("4.47E+11", "is no prefix, list or range of prefixes"),
        ("4477-", "is no prefix, list or range of prefixes"),
        ("1-242", "is a range between prefixes of different lengths"),
        ("4479-4477", "is a range that ends before it begins"),
        ("10000-99999", "is a range of more than 10,000 prefixes"),
        ("1234567890123456", "is no prefix, list or range of prefixes"),
    ],
)
def test_a_cell_that_is_no_prefix_is_a_fault(cell: str, problem: str) -> None:
    assert faults_of(f'Code,Name,Price\n"{cell}",x,0.1\n') == [(2, "Code", problem)]


def test_a_prefix_that_begins_with_0_is_a_fault() -> None:
    [(line, column, _)] = faults_of("Code,Name,Price\n0044,x,0.1\n")
    assert (line, column) == (2, "Code")


def test_a_country_column_without_a_code_is_a_fault() -> None:
    found = faults_of("Country,Area,Name,Price\nUK,20,x,0.1\n,20,y,0.1\n", TWO_COLUMNS)
    assert found == [
        (2, "Country + Area", "is no code in digits"),
        (3, "Country + Area", "is no code in digits"),
    ]


@pytest.mark.parametrize(
    ("cell", "extra", "rate"),
    [
        ("0.0123", "", "0.0123"),
        (".05", "", "0.05"),
        ("1", "", "1"),
        ("0", "", "0"),
        ("0.1000000000", "", "0.1"),
        ("$0.0123", "", "0.0123"),
        ("US$ 0.5", "", "0.5"),
        ("0.5 USD", "", "0.5"),
        ("0.5 c/min", 'signs = ["c/min"]', "0.5"),
        ("0,0123", 'decimal = ","', "0.0123"),
        ("0.0002", 'per = "second"', "0.012"),
        ("0.00021666", 'per = "second"\nrounding = "up"', "0.013"),
        ("0.0123456", 'rounding = "up"', "0.012346"),
        ("0.03540000000000001", 'rounding = "up"', "0.035401"),
        ("0.0000000000000000001", 'rounding = "up"', "0.000001"),
        ("", "", ""),
        ("Blocked", 'blocked = ["blocked"]', ""),
        ("-", 'blocked = ["-"]', ""),
    ],
)
def test_a_price_is_read_exactly(cell: str, extra: str, rate: str) -> None:
    rows = read_deck(f'Code,Name,Price\n44,x,"{cell}"\n', f"{MAP}[price]\n{extra}\n")
    assert rows.faults == []
    assert rows.rows["rate_per_minute"].to_list() == [rate]


@pytest.mark.parametrize(
    ("cell", "extra", "problem"),
    [
        ("0.0123456", "", "has more than 6 decimals"),
        ("0.03540000000000001", "", "has more than 6 decimals"),
        ("0.00021666", 'per = "second"', "has more than 6 decimals a minute"),
        ("-0.01", "", "is a negative price"),
        ("(0.01)", "", "is a negative price"),
        ("1.5E-2", "", "is a price in scientific notation"),
        ("0,0123", "", "is no price below 100,000 with '.' before the decimals"),
        ("1.234,5", 'decimal = ","', "is no price below 100,000 with ',' before the decimals"),
        ("0.5 EUR", "", "is no price"),
        ("€0.5", "", "is no price"),
        ("Blocked", "", "is no price"),
        (".", "", "is no price"),
    ],
)
def test_a_price_that_cannot_be_taken_exactly_is_a_fault(cell: str, extra: str, problem: str) -> None:
    assert faults_of(f'Code,Name,Price\n44,x,"{cell}"\n', f"{MAP}[price]\n{extra}\n") == [(2, "Price", problem)]


def test_each_price_has_the_sign_of_its_own_row_s_currency() -> None:
    text = MAP.replace("[columns]", '[columns]\ncurrency = "Cur"').replace('currency = "USD"\n', "")
    sheet = "Code,Name,Price,Cur\n44,x,$0.1,USD\n44,x,€0.1,EUR\n447,y,€0.1,USD\n"
    assert faults_of(sheet, text) == [(4, "Price", "is no price")]


def test_a_price_of_10000_a_minute_is_a_fault_of_its_cell() -> None:
    assert [found[:2] for found in faults_of("Code,Name,Price\n44,x,10000\n")] == [(2, "Price")]


def test_rows_without_a_price_and_rows_that_were_rounded_are_told() -> None:
    rows = read_deck("Code,Name,Price\n44,x,\n447,y,0.0123456\n1242,z,0.1\n", f'{MAP}[price]\nrounding = "up"\n')
    assert rows.unpriced["prefix"].to_list() == ["44"]
    assert rows.rounded_up == 1


def test_a_status_column_can_block_a_price_and_skip_a_row() -> None:
    text = MAP + '[price]\nblocked_when = { Status = ["Blocked"] }\n[rows]\nskip = { Status = ["deleted"] }\n'
    rows = read_deck("Code,Name,Price,Status\n44,x,0.1,BLOCKED\n447,y,0.2,Deleted\n1242,z,0.3,ok\n", text)
    assert rows.rows.select("prefix", "rate_per_minute").rows() == [("44", ""), ("1242", "0.3")]
    assert rows.skipped == 1


@pytest.mark.parametrize(
    ("cell", "steps"), [("30/6", ("30", "6")), ("60 / 60", ("60", "60")), ("1-1", ("1", "1")), ("", ("", ""))]
)
def test_two_steps_stand_in_one_column(cell: str, steps: tuple[str, str]) -> None:
    rows = read_deck(f"Code,Name,Price,Steps\n44,x,0.1,{cell}\n", STEPS)
    assert rows.faults == []
    assert rows.rows.select("minimum_seconds", "increment_seconds", "rounding").rows() == [(*steps, "up")]


@pytest.mark.parametrize("cell", ["60", "30/6/6", "per minute"])
def test_steps_are_never_guessed(cell: str) -> None:
    assert faults_of(f"Code,Name,Price,Steps\n44,x,0.1,{cell}\n", STEPS) == [(2, "Steps", "is no two steps")]


def test_a_step_of_0_is_a_fault_of_the_sheet_s_column() -> None:
    assert [found[:2] for found in faults_of("Code,Name,Price,Steps\n44,x,0.1,30/0\n", STEPS)] == [(2, "Steps")]


def test_local_dates_become_utc_and_a_day_at_midnight_utc_is_a_date() -> None:
    rows = read_deck("Code,Name,Price,From,To\n44,x,0.1,01/02/2020 00:00,31/12/2020 19:00\n", DATES)
    assert rows.rows.select("effective_from", "effective_to").rows() == [("2020-02-01T05:00:00Z", "2021-01-01")]
    assert rows.typed["effective_from"].item() == dt.datetime(2020, 2, 1, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize("cell", ["2020-02-01", "31/02/2020 00:00", "08/03/2020 02:30", "01/11/2020 01:30", "x"])
def test_a_date_of_another_form_or_an_hour_that_is_not_one_instant_is_a_fault(cell: str) -> None:
    problem = "is no time as %d/%m/%Y %H:%M in America/New_York"
    assert faults_of(f"Code,Name,Price,From,To\n44,x,0.1,{cell},\n", DATES) == [(2, "From", problem)]


def test_parts_of_a_second_are_left_out_and_told() -> None:
    text = DATES.replace("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S%.f").replace("America/New_York", "UTC")
    rows = read_deck("Code,Name,Price,From,To\n44,x,0.1,2020-02-01 10:00:59.9,\n447,y,0.1,2020-02-01 10:00:59,\n", text)
    assert rows.rows["effective_from"].to_list() == ["2020-02-01T10:00:59Z"] * 2
    assert rows.cut_seconds == 1


def test_the_numbering_plan_says_country_and_line_type() -> None:
    sheet = "Code,Name,Price\n44,a,1\n4477,b,1\n12015,c,1\n47,d,1\n999,e,1\n5511999,f,1\n"
    rows = read_deck(sheet)
    assert rows.rows.select("prefix", "country", "line_type").rows() == [
        ("44", "GB", "fixed"),
        ("4477", "GB", "mobile"),
        ("12015", "US", "fixed"),
        ("47", "", "fixed"),  # Norway and Svalbard
        ("999", "", ""),
        ("5511999", "BR", "fixed"),
    ]
    assert rows.unknown.rows() == [(6, "999")]
    assert rows.mixed.rows() == [(5, "47")]


def test_what_the_sheet_or_the_map_says_goes_before_the_numbering_plan() -> None:
    text = MAP.replace("[columns]", '[columns]\ncountry = "Land"').replace(
        "[defaults]", '[defaults]\nline_type = "any"'
    )
    rows = read_deck("Code,Name,Price,Land\n4477,b,1,\n4478,b,1,IE\n", text)
    assert rows.rows.select("country", "line_type").rows() == [("GB", "any"), ("IE", "any")]


def test_lines_before_the_header_and_a_footer_are_passed_over_and_lines_are_counted_in_the_file() -> None:
    text = MAP + '[dialect]\nskip_lines = 2\nfooter_lines = 1\ndelimiter = ";"\n[price]\ndecimal = ","\n'
    sheet = 'Carrier "X" prices\nvalid; from 2020\nCode;Name;Price\n44;"two\nlines";0,1\n\n447;y;oops\nThank you;;\n'
    assert faults_of(sheet, text) == [(7, "Price", "is no price")]


def test_a_name_on_two_lines_becomes_one_line() -> None:
    assert read_deck('Code,Name,Price\n44,"United\r\n Kingdom",0.1\n').rows["destination"].to_list() == [
        "United Kingdom"
    ]


def test_a_sheet_without_a_header_has_its_columns_named_in_the_map() -> None:
    text = MAP + '[dialect]\ncolumns = ["Code", "Name", "Price"]\n'
    assert read_deck("44,x,0.1\n447,y,0.2\n", text).rows["line"].to_list() == [1, 2]


def test_a_sheet_in_another_encoding_is_read_as_the_map_says() -> None:
    text = MAP + '[dialect]\nencoding = "cp1252"\n'
    assert read_deck("Code,Name,Price\n44,Å,€0.1\n".encode("cp1252"), text.replace("USD", "EUR")).faults == []
    assert faults_of("Code,Name,Price\n44,Å,0.1\n".encode("cp1252")) == [(2, None, "is not utf-8")]


@pytest.mark.parametrize(
    ("sheet", "found"),
    [
        (b"", (1, None, "is empty")),
        ("Code,Name,Price\n44,x,0.1\n".encode("utf-16-le"), (1, None, "holds NUL characters")),
        (b"PK\x03\x04rest", (None, None, "is a spreadsheet or an archive")),
        ("Code,Price\n44,0.1\n", (1, "Name", "the column that the map names is missing")),
        ("Code,Name,Price,Price\n44,x,0.1,0.2\n", (1, "Price", "the column stands there twice")),
        ("Code,Name,Price\n44,x\n", (2, None, "has 2 fields and the header 3")),
    ],
)
def test_a_sheet_of_another_shape_is_a_fault(sheet: str | bytes, found: tuple[int | None, str | None, str]) -> None:
    assert faults_of(sheet) == [found]


def test_every_fault_of_every_kind_is_told_at_once() -> None:
    sheet = "Code,Name,Price\n44,x,free\n,y,0.1\n44-4,z,0.1234567\n447\n"
    assert sorted(faults_of(sheet), key=lambda found: (found[0] or 0, found[1] or "")) == [
        (2, "Price", "is no price"),
        (3, "Code", "has no prefix"),
        (4, "Code", "is a range between prefixes of different lengths"),
        (4, "Price", "has more than 6 decimals"),
        (5, None, "has 1 fields and the header 3"),
    ]


def test_a_toll_free_sheet_has_a_word_for_every_caller() -> None:
    text = """\
table = "toll_free_rates"
mode = "replace"
[columns]
prefix = "Origin"
rate_per_minute = "Price"
[defaults]
country = "US"
currency = "USD"
[prefix]
any = ["default"]
"""
    rows = read_deck("Origin,Price\nDefault,0.019\n1907,0.19\n", text)
    assert rows.faults == []
    assert rows.rows["origin_prefix"].to_list() == ["", "1907"]
    assert faults_of("Origin,Price\n,0.019\n", text) == [(2, "Origin", "has no prefix")]
