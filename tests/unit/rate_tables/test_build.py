from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from rate_tables.build.amounts import money, times_hundredths
from rate_tables.build.metadata import NumberLabel
from rate_tables.build.number_patterns import after_digits, count_numbers, may_end, parse_pattern
from rate_tables.build.prefix_tree import expand_patterns
from rate_tables.build.version_folder import TABLES, write_version

ROOT = Path(__file__).resolve().parents[3]
VERSION = ROOT / "rate_tables" / "2020.1"
REFERENCE = ROOT.parent / "shared" / "reference"
Row = dict[str, str]

needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason="needs ../shared/reference")


def rows_of(name: str) -> list[Row]:
    with (VERSION / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def plan() -> dict[str, Row]:
    return {row["prefix"]: row for row in rows_of("numbering_plan.csv")}


@pytest.fixture(scope="module")
def deck() -> dict[str, Row]:
    """The USD deck as it is in force on 2019-06-01."""
    return {
        row["prefix"]: row
        for row in rows_of("international_rates.csv")
        if row["currency"] == "USD" and row["effective_from"] == "2019-01-01"
    }


def prefixes_of(digits: str) -> Iterator[str]:
    return (digits[:length] for length in range(len(digits), 0, -1))


def longest(table: dict[str, Row], digits: str) -> Row | None:
    return next((table[prefix] for prefix in prefixes_of(digits) if prefix in table), None)


# --- the version as a whole


def test_a_rebuilt_version_has_the_same_bytes_as_the_committed_one(tmp_path: Path) -> None:
    write_version(tmp_path)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in VERSION.iterdir()}
    assert sorted(built) == sorted(committed)
    assert [name for name in built if built[name] != committed[name]] == []


def test_the_manifest_freezes_every_file_with_its_rows_and_hash() -> None:
    manifest = tomllib.loads((VERSION / "manifest.toml").read_text(encoding="utf-8"))
    assert manifest["version"] == "2020.1"
    assert str(manifest["published_on"]) == "2020-01-01"
    assert "EXAMPLE" in manifest["note"]
    assert sorted(manifest["files"]) == sorted(TABLES)
    for name, stated in manifest["files"].items():
        assert stated["rows"] == len(rows_of(name)), name
        assert stated["sha256"] == sha256((VERSION / name).read_bytes()).hexdigest(), name


# --- numbering plan


@pytest.mark.parametrize(
    ("number", "country", "region", "kind"),
    [
        ("5511987654321", "BR", "", "mobile"),
        ("551132654321", "BR", "", "geographic"),
        ("558001234567", "BR", "", "toll_free"),
        ("555001234567", "BR", "", "premium"),
        ("17875551234", "US", "PR", "geographic"),
        ("13402345678", "US", "VI", "geographic"),
        ("16712345678", "US", "GU", "geographic"),
        ("16846331234", "US", "AS", "geographic"),
        ("16702345678", "US", "MP", "geographic"),
        ("12125551234", "US", "NY", "geographic"),
        ("14165551234", "CA", "ON", "geographic"),
        ("12423221234", "BS", "", "geographic"),
        ("12423591234", "BS", "", "mobile"),
        ("18005551234", "US", "", "toll_free"),
        ("19005551234", "US", "", "premium"),
        ("1411", "US", "", "special"),
        ("77123456789", "KZ", "", "geographic"),
        ("77012345678", "KZ", "", "mobile"),
        ("79161234567", "RU", "", "mobile"),
        ("74951234567", "RU", "", "geographic"),
        ("447400123456", "GB", "", "mobile"),
        ("447797712345", "JE", "", "mobile"),
        ("441481256789", "GG", "", "geographic"),
        ("441624756789", "IM", "", "geographic"),
        ("442071234567", "GB", "", "geographic"),
        ("33612345678", "FR", "", "mobile"),
        ("4779123456", "SJ", "", "geographic"),
        ("61891641234", "CX", "", "geographic"),
        ("212528812345", "EH", "", "geographic"),
        ("262269601234", "YT", "", "geographic"),
        ("358181234567", "AX", "", "geographic"),
        ("390669812345", "VA", "", "geographic"),
        ("5215512345678", "MX", "", "mobile"),
        ("56961234567", "CL", "", "mobile"),
        ("80012345678", "", "", "toll_free"),
        ("881612345678", "", "", "special"),
        ("979123456789", "", "", "premium"),
    ],
)
def test_a_number_is_of_the_country_and_kind_of_its_longest_prefix(
    plan: dict[str, Row], number: str, country: str, region: str, kind: str
) -> None:
    found = longest(plan, number)
    assert found is not None
    assert (found["country"], found["region"], found["kind"]) == (country, region, kind)


@pytest.mark.parametrize("number", ["12995551234", "19995551234", "18225551234", "2101234567", "9991234567"])
def test_a_number_that_nobody_has_planned_is_unknown(plan: dict[str, Row], number: str) -> None:
    assert longest(plan, number) is None


def test_example_numbers_of_every_country_are_of_that_country(plan: dict[str, Row]) -> None:
    import phonenumbers

    territories = {"PR", "VI", "GU", "AS", "MP"}
    wrong = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for number_type in phonenumbers.PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, number_type)
            if example is None or phonenumbers.format_number(example, 0) == "+13101234":  # dialled in Canada only
                continue
            found = longest(plan, phonenumbers.format_number(example, 0)[1:])
            owner = phonenumbers.region_code_for_number(example)
            expected = {"US"} if owner in territories else {owner, region}
            if found is None or found["country"] not in expected:
                wrong.append((region, example, found))
    assert wrong == []


def test_every_country_tells_fixed_and_mobile_apart_but_those_whose_numbers_do_not(
    plan: dict[str, Row], deck: dict[str, Row]
) -> None:
    countries = {row["country"] for row in plan.values()} - {""}
    lines = {country: {r["line_type"] for r in deck.values() if r["country"] == country} for country in countries}
    assert {country for country, types in lines.items() if "fixed" not in types} == set()
    shared_with_another_country = {"AX", "BL", "CC", "CX", "EH", "MF", "SJ", "VA"}
    assert {country for country, types in lines.items() if "mobile" not in types} == {
        "US",  # one range for both
        "CA",
        "TA",  # has no mobile numbers
        *shared_with_another_country,
    }


# --- dialing plans


def test_dialing_plans_of_the_three_home_countries() -> None:
    plans = {row["country"]: row for row in rows_of("dialing_plans.csv")}
    assert list(plans["US"].values()) == [
        "US", "1", "011", "1", "10", "0", "911;933", "211;311;411;511;611;711;811;988",
    ]  # fmt: skip
    assert plans["CA"]["emergency_numbers"] == "911"
    assert [plans["BR"][c] for c in ("international_prefix", "national_prefix", "national_lengths")] == [
        "00", "0", "10;11",
    ]  # fmt: skip
    assert plans["BR"]["carrier_code_digits"] == "2"
    assert [plans["RU"][c] for c in ("international_prefix", "national_prefix", "national_lengths")] == [
        "810", "8", "10",
    ]  # fmt: skip
    assert len(plans) >= 23


def test_every_calling_code_and_short_code_of_a_dialing_plan_is_planned(plan: dict[str, Row]) -> None:
    for row in rows_of("dialing_plans.csv"):
        code, country = row["calling_code"], row["country"]
        assert code == "1" or code in plan, country
        for short in filter(None, row["short_codes"].split(";")):
            assert longest(plan, code + short) is not None, (country, short)
        codes = set(row["emergency_numbers"].split(";")) & set(row["short_codes"].split(";")) - {""}
        assert codes == set(), country


# --- international deck


def test_the_deck_has_thousands_of_nested_prefixes_in_three_currencies(deck: dict[str, Row]) -> None:
    rows = rows_of("international_rates.csv")
    assert len({row["prefix"] for row in rows}) >= 5000
    assert {row["currency"] for row in rows} == {"USD", "CAD", "BRL"}
    for currency in ("CAD", "BRL"):
        assert {row["prefix"] for row in rows if row["currency"] == currency} == set(deck)
    nested = [prefix for prefix in deck if any(shorter in deck for shorter in prefixes_of(prefix[:-1]))]
    assert len(nested) > 5000


def test_every_planned_prefix_has_a_row_of_the_deck_for_its_country(plan: dict[str, Row], deck: dict[str, Row]) -> None:
    short = {"1211", "1311", "1411", "1511", "1611", "1711", "1811", "1988"}
    differing = []
    for prefix, planned in plan.items():
        reached = longest(deck, prefix)
        if prefix not in short and (reached is None or reached["country"] != planned["country"]):
            differing.append((prefix, planned, reached))
    assert differing == []


def test_mobile_numbers_in_brazil_are_30_6_up_and_all_others_the_nearest_minute() -> None:
    for row in rows_of("international_rates.csv"):
        increments = (row["minimum_seconds"], row["increment_seconds"], row["rounding"])
        is_brazil_mobile = (row["country"], row["line_type"]) == ("BR", "mobile")
        assert increments == (("30", "6", "up") if is_brazil_mobile else ("", "", "")), row


@pytest.mark.parametrize(
    ("number", "destination"),
    [
        ("5511987654321", "Brazil - Mobile"),
        ("447400123456", "United Kingdom - Mobile"),
        ("442071234567", "United Kingdom - London"),
        ("33144123456", "France - Paris"),
        ("12423221234", "Bahamas"),
        ("12125551234", "United States - NY"),
        ("881612345678", "Satellite - Iridium"),
    ],
)
def test_a_destination_has_a_name_that_a_customer_can_read(deck: dict[str, Row], number: str, destination: str) -> None:
    found = longest(deck, number)
    assert found is not None
    assert found["destination"].startswith(destination)


@pytest.mark.parametrize("number", ["18005551234", "18335551234", "19005551234", "979123456789"])
def test_toll_free_and_premium_numbers_have_no_rate_from_abroad(deck: dict[str, Row], number: str) -> None:
    found = longest(deck, number)
    assert found is not None
    assert found["rate_per_minute"] == ""


def test_a_changed_price_follows_the_old_one_without_a_gap() -> None:
    changed = [
        (row["rate_per_minute"], row["effective_from"], row["effective_to"])
        for row in rows_of("international_rates.csv")
        if (row["currency"], row["prefix"]) == ("USD", "55119")
    ]
    assert changed == [("0.1022", "2019-01-01", "2020-02-01"), ("0.11242", "2020-02-01", "")]


# --- other tables


def test_published_and_e164_premium_prefixes_are_the_same_number() -> None:
    dialing = {row["country"]: row for row in rows_of("dialing_plans.csv")}
    for row in rows_of("premium_prefixes.csv"):
        code, national = (dialing[row["country"]][c] for c in ("calling_code", "national_prefix"))
        published = row["published_prefix"]
        assert row["prefix"] in {published, code + published, code + published.removeprefix(national)}, row


def test_premium_lists_hold_787555_and_0300() -> None:
    rows = {(row["country"], row["published_prefix"]): row["prefix"] for row in rows_of("premium_prefixes.csv")}
    assert rows["US", "787555"] == "1787555"
    assert rows["BR", "0300"] == "55300"
    assert rows["CA", "900"] == "1900"


def test_guide_prices_are_shipped_as_they_are() -> None:
    prices = {(r["plan_id"], r["currency"], r["charge_code"]): r["price"] for r in rows_of("charges.csv")}
    assert prices["*", "USD", "phone"] == "24.95"
    assert prices["*", "USD", "number_change"] == "15.00"
    assert prices["*", "USD", "rma_late_return"] == "6.00"
    inbound = {(r["currency"], r["origin_prefix"]): r["rate_per_minute"] for r in rows_of("toll_free_rates.csv")}
    assert inbound["USD", ""] == "0.019"
    limited = [row for row in rows_of("plans.csv") if row["included_minutes"]]
    assert {row["overage_rate"] for row in limited} == {"0.02"}


def test_every_charge_code_has_a_price_row_in_each_currency() -> None:
    codes: dict[str, set[str]] = {}
    for row in rows_of("charges.csv"):
        if row["plan_id"] == "*":
            codes.setdefault(row["currency"], set()).add(row["charge_code"])
    assert codes["USD"] == codes["CAD"] == codes["BRL"]
    assert len(codes["USD"]) == 17


# --- the parts of the script


@pytest.mark.parametrize(
    ("pattern", "number", "matches"),
    [
        (r"(?:[14689][1-9]|2[12478])(?:7|9\d)\d{7}", "11987654321", True),
        (r"(?:[14689][1-9]|2[12478])(?:7|9\d)\d{7}", "1198765432", False),
        (r"80(?:0\d{2,3}|3)1?", "8031", True),
        (r"80(?:0\d{2,3}|3)1?", "800123", True),
        (r"80(?:0\d{2,3}|3)1?", "80012", True),
        (r"80(?:0\d{2,3}|3)1?", "8001", False),
    ],
)
def test_a_pattern_is_followed_digit_by_digit(pattern: str, number: str, matches: bool) -> None:
    assert may_end(after_digits(parse_pattern(pattern), number)) is matches


def test_a_pattern_counts_its_numbers() -> None:
    assert count_numbers(parse_pattern(r"[1-3]\d(?:5|6)?")) == 3 * 10 * 3


def test_an_unknown_sign_in_a_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot read"):
        parse_pattern("12+")


def test_labels_are_told_apart_by_the_shortest_prefixes() -> None:
    fixed, mobile = NumberLabel("XX", "geographic"), NumberLabel("XX", "mobile")
    patterns = {fixed: parse_pattern(r"[1-5]\d{4}"), mobile: parse_pattern(r"(?:6|7[0-8])\d{3,4}")}
    assert expand_patterns(patterns, fixed).prefixes == (("6", mobile), ("7", mobile))


def test_a_rare_kind_is_an_exception_below_the_common_one() -> None:
    fixed, mobile = NumberLabel("XX", "geographic"), NumberLabel("XX", "mobile")
    premium = NumberLabel("XX", "premium")
    patterns = {
        fixed: parse_pattern(r"2\d{4}"),
        mobile: parse_pattern(r"9[0-8]\d{3}"),
        premium: parse_pattern(r"99\d{3}"),
    }
    assert expand_patterns(patterns, fixed).prefixes == (("9", mobile), ("99", premium))


@pytest.mark.parametrize(("micros", "text"), [(0, "0.00"), (19_000, "0.019"), (1_490_000, "1.49"), (None, "")])
def test_amounts_are_written_with_two_to_six_decimals(micros: int | None, text: str) -> None:
    assert money(micros) == text


def test_example_factors_round_half_up() -> None:
    assert times_hundredths(10, 405) == 41  # 40.5
    assert times_hundredths(None, 405) is None


# --- against facts of others


@pytest.mark.real
@needs_reference
def test_every_area_code_in_service_is_planned_for_its_country(plan: dict[str, Row]) -> None:
    with (REFERENCE / "nanp_npa_compact_2025-11-26.csv").open(encoding="utf-8", newline="") as file:
        reported = {row["npa"]: row for row in csv.DictReader(file) if row["in_service"] == "Y"}
    planned = {prefix[1:]: row for prefix, row in plan.items() if prefix[0] == "1" and len(prefix) == 4}
    short = {"211", "311", "411", "511", "611", "711", "811", "988"}
    assert set(planned) - short == set(reported)
    for code, row in reported.items():
        if row["country"] == "US" and row["use"] == "G":
            expected = "MP" if row["location"] == "CNMI" else row["location"]
            assert (planned[code]["country"], planned[code]["region"]) == ("US", expected)
        assert (row["country"] == "CANADA") == (planned[code]["country"] == "CA")


@pytest.mark.real
@needs_reference
def test_brazilian_mobile_ranges_are_mobile(plan: dict[str, Row]) -> None:
    lines = (REFERENCE / "libphonenumber_br_mobile_ranges.csv").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.split(";")] for line in lines[1:]]
    ranges = [row[0] for row in cells if row[2] == "MOBILE"]
    assert len(ranges) > 1000
    wrong = []
    for pattern in ranges:
        first = next(written_out(pattern))
        found = longest(plan, "55" + first)
        if found is None or found["kind"] != "mobile":
            wrong.append(pattern)
    assert wrong == []


@pytest.mark.real
@needs_reference
def test_every_calling_code_is_planned_with_its_main_country(plan: dict[str, Row]) -> None:
    lines = (REFERENCE / "libphonenumber_calling_codes.csv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        code, region = (cell.strip().strip('"') for cell in line.split(";")[:2])
        if code != "1":
            assert plan[code]["country"] == ("" if region == "001" else region), code


def written_out(pattern: str) -> Iterator[str]:
    """The numbers of a range such as 1[1-9]7, each digit class by its first digit."""
    digits, rest = "", pattern
    while rest:
        if rest[0] == "[":
            digits, rest = digits + rest[1], rest[rest.index("]") + 1 :]
        else:
            digits, rest = digits + ("0" if rest[0] == "x" else rest[0]), rest[1:]
    yield digits
