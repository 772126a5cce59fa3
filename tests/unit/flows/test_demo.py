import csv
import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from flows.demo import DemoSummary, make_demo
from flows.demo.call_files import shares_of
from flows.demo.calls import CANONICAL_COLUMNS
from flows.demo.clock import hour_lots
from flows.demo.contracts import COLUMNS
from flows.demo.customers import SHOWCASES, demo_customers
from flows.demo.other_parties import SLOTS, CallKind, number_patterns, slots_by_weight
from flows.demo.places import FOREIGN, PLANS_BY_COUNTRY, NumberRange
from flows.demo.services import number_rows
from flows.demo.splitmix import drawn_below, drawn_word, drawn_words, stream_key
from flows.demo.trouble import TROUBLES, TroublePlan, trouble_plan
from schemas.faults import InputRefusedError

Row = dict[str, str]


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def table(summary: DemoSummary, name: str) -> list[Row]:
    with (summary.contracts / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def usage(summary: DemoSummary) -> Path:
    return summary.inbox / "2020-01"


def plain_calls(summary: DemoSummary) -> list[Row]:
    with (usage(summary) / "calls-0001.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return make_demo(4000, 40, 7, tmp_path_factory.mktemp("demos") / "demo")


@pytest.fixture(scope="module")
def clean_demo(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return make_demo(4000, 12, 7, tmp_path_factory.mktemp("demos") / "clean", formats=False)


def test_the_first_words_of_splitmix64_are_the_published_ones() -> None:
    # Seed 1234567 of the reference implementation (Vigna, splitmix64.c).
    assert [drawn_word(1234567, place) for place in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_a_column_of_draws_is_the_same_as_the_draws_one_by_one() -> None:
    key = stream_key(-5, 3)
    places = pl.DataFrame({"place": [0, 1, 2**40]}, schema={"place": pl.UInt64})
    words = places.select(drawn_words(key, pl.col("place"))).to_series().to_list()
    assert words == [drawn_word(key, 0), drawn_word(key, 1), drawn_word(key, 2**40)]


def test_a_draw_is_below_its_limit() -> None:
    assert {drawn_below(9, place, 3) for place in range(100)} == {0, 1, 2}


def test_slots_follow_the_weights_and_leave_no_range_out() -> None:
    rare, common = NumberRange(1, 0, 1), NumberRange(2, 0, 255)
    assert Counter(slots_by_weight([rare, common])) == {rare: 1, common: 255}


def test_patterns_hold_a_row_for_every_home_kind_and_slot() -> None:
    assert number_patterns().height == 3 * len(CallKind) * SLOTS


def test_calls_go_to_about_forty_countries() -> None:
    assert len(FOREIGN) >= 40


def test_more_calls_start_at_noon_than_at_midnight() -> None:
    lots = Counter(hour % 24 for hour in hour_lots().to_list())
    assert lots[14] > 10 * lots[2]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = make_demo(1500, 15, 3, tmp_path / "first")
    again = make_demo(1500, 15, 3, tmp_path / "again")
    other = make_demo(1500, 15, 4, tmp_path / "other")
    assert digests(first.folder) == digests(again.folder)
    assert digests(first.inbox) != digests(other.inbox)


def sha256_start(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def test_bytes_of_a_seed_stay_the_same_from_release_to_release(tmp_path: Path) -> None:
    made = make_demo(1200, 12, 1, tmp_path / "demo", formats=False)
    assert sha256_start(usage(made) / "calls-0001.csv") == "d3d987d5242066b4"
    assert sha256_start(made.contracts / "accounts.csv") == "9fd3ac8e36bd8a4c"
    assert sha256_start(made.contracts / "account_items.csv") == "e4799630ec750975"


def test_plan_ids_are_the_eight_of_rate_version_2020_1() -> None:
    assert PLANS_BY_COUNTRY == {
        "US": ("us-essential", "us-team", "us-unlimited", "us-metered"),
        "CA": ("ca-team", "ca-unlimited"),
        "BR": ("br-equipe", "br-basico"),
    }


def test_a_million_rows_a_file_at_most_and_every_call_in_one_of_them() -> None:
    shares = shares_of(1000, has_formats=True)
    assert (shares.plain, shares.each_format, shares.asterisk) == (750, 50, 50)
    assert shares_of(999, has_formats=True) == (999, 0, 0)
    assert shares_of(10**7, has_formats=False) == (10**7, 0, 0)


def test_every_format_is_there_and_the_rows_add_up(demo: DemoSummary) -> None:
    folder = usage(demo)
    counts = {
        "calls-0001.csv": len((folder / "calls-0001.csv").read_bytes().splitlines()) - 1,
        "branch-east.csv.gz": len(gzip.decompress((folder / "branch-east.csv.gz").read_bytes()).splitlines()) - 1,
        "branch-north.csv.zst": pl.read_csv(folder / "branch-north.csv.zst", infer_schema=False).height,
        "branch-south.jsonl": len((folder / "branch-south.jsonl").read_bytes().splitlines()),
        "branch-west.parquet": pl.read_parquet(folder / "branch-west.parquet").height,
        "asterisk/Master.csv": len((folder / "asterisk/Master.csv").read_bytes().splitlines()),
    }
    assert {str(path.relative_to(folder)) for path in demo.files} == set(counts)
    assert sum(counts.values()) == demo.call_count == 4000
    assert counts["asterisk/Master.csv"] == 50


def test_json_lines_leave_empty_cells_out(demo: DemoSummary) -> None:
    lines = (usage(demo) / "branch-south.jsonl").read_text(encoding="utf-8").splitlines()
    calls = [json.loads(line) for line in lines]
    assert all(None not in call.values() for call in calls)
    assert {type(call["duration_seconds"]) for call in calls} == {int}


def test_the_gzip_file_holds_no_time_of_writing(demo: DemoSummary) -> None:
    assert (usage(demo) / "branch-east.csv.gz").read_bytes()[4:8] == b"\0\0\0\0"


def test_asterisk_rows_have_21_columns_a_known_account_and_numbers_with_a_plus(demo: DemoSummary) -> None:
    with (usage(demo) / "asterisk/Master.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    accounts = {row["account_id"] for row in table(demo, "accounts")}
    assert {len(row) for row in rows} == {21}
    assert {row[0] for row in rows} <= accounts
    assert {row[side][0] for row in rows for side in (1, 2)} == {"+"}
    assert {row[9][:8] for row in rows} == {"2020-01-"}


def test_every_kind_of_trouble_is_there_once_or_more(demo: DemoSummary) -> None:
    assert demo.troubled_count >= len(TROUBLES)
    text = (usage(demo) / "calls-0001.csv").read_text(encoding="utf-8")
    for mark in (
        "A-nobody",
        ",12345678,",
        "2020-01-32",
        ",-60,",
        "1m30",
        "sideways",
        "+1299",
        ',"+',
        "05001234567",
    ):
        assert mark in text


def test_the_same_call_id_comes_twice_for_a_duplicate_and_a_conflict(demo: DemoSummary) -> None:
    lines = (usage(demo) / "calls-0001.csv").read_text(encoding="utf-8").splitlines()
    sound = [line for line in lines[1:] if line.count(",") == 7 and not line.startswith(",")]
    by_id: dict[str, list[str]] = {}
    for line in sound:
        by_id.setdefault(line.split(",")[0], []).append(line)
    pairs = [found for found in by_id.values() if len(found) > 1]
    assert {len(found) for found in pairs} == {2}
    assert {first == second for first, second in pairs} == {True, False}


def test_trouble_is_one_call_of_five_hundred_in_a_large_month() -> None:
    plan = trouble_plan(1_000_000, demo_customers(12, 1))
    assert plan.spacing == 500
    assert plan.indexes(1000, 1000) == [1499, 1999]
    assert plan.count(1_000_000) == 2000
    assert TroublePlan(0).indexes(0, 10) == []


def test_a_plain_demo_is_one_clean_csv(clean_demo: DemoSummary) -> None:
    assert [path.name for path in clean_demo.files] == ["calls-0001.csv"]
    calls = pl.read_csv(clean_demo.files[0], infer_schema=False)
    assert tuple(calls.columns) == CANONICAL_COLUMNS
    assert calls.height == calls["call_id"].n_unique() == 4000
    assert clean_demo.troubled_count == 0


def test_calls_are_of_the_wanted_mix(clean_demo: DemoSummary) -> None:
    calls = plain_calls(clean_demo)
    destinations = [call["destination_number"] for call in calls]
    unanswered = sum(call["disposition"] in ("no_answer", "busy", "failed") for call in calls)
    assert 200 < unanswered < 440
    assert any(number.startswith("+1787555") for number in destinations)
    assert any(number.startswith("011") for number in destinations)
    assert any(number.startswith("0300") for number in destinations)
    assert {"411", "*98", "911"} <= set(destinations)
    assert any(call["source_number"] == "" for call in calls)
    assert {call["direction"] for call in calls} == {"inbound", "outbound", "internal", ""}
    assert any(call["start_time"].endswith("-05:00") for call in calls)


def test_rows_of_a_file_are_not_in_order_of_time(clean_demo: DemoSummary) -> None:
    times = [call["start_time"] for call in plain_calls(clean_demo)]
    assert times != sorted(times)


def test_every_call_of_a_plain_demo_starts_in_january(clean_demo: DemoSummary) -> None:
    times = pl.Series([call["start_time"] for call in plain_calls(clean_demo)])
    parsed = times.str.to_datetime("%Y-%m-%dT%H:%M:%S%#z", time_zone="UTC")
    assert parsed.dt.strftime("%Y-%m").unique().to_list() == ["2020-01"]


def test_each_account_has_phones_and_a_number_of_its_own(demo: DemoSummary) -> None:
    accounts = {row["account_id"] for row in table(demo, "accounts")}
    items, numbers = table(demo, "account_items"), table(demo, "phone_numbers")
    assert len(accounts) == 40
    assert {row["account_id"] for row in items if row["charge_code"] == "phone"} == accounts
    assert {row["account_id"] for row in numbers} == accounts
    assert len({row["number"] for row in numbers}) == len(numbers)


def test_numbers_of_different_accounts_never_meet() -> None:
    customers = demo_customers(3000, 2)
    numbers = [str(row["number"]) for customer in customers for row in number_rows(customer)]
    assert len(numbers) == len(set(numbers))
    assert {len(number) for number in numbers} <= {12, 13}


def test_plans_and_charge_codes_are_those_of_the_rate_tables(demo: DemoSummary) -> None:
    plans = {plan for offered in PLANS_BY_COUNTRY.values() for plan in offered}
    codes = {
        *("phone", "ata", "paging", "extension", "did", "toll_free_number", "inbound_number"),
        *("international_number", "contact_center_seat", "rental_phone", "rental_router", "number_change"),
        *("caller_id_change", "e911_change", "installation", "goodwill"),
    }
    used_plans = {row["plan_id"] for name in ("accounts", "account_plans") for row in table(demo, name)}
    priced = ("account_items", "phone_numbers", "one_time_charges")
    assert used_plans == plans
    assert {row["charge_code"] for name in priced for row in table(demo, name)} == codes


def test_twelve_accounts_show_every_kind_of_line(clean_demo: DemoSummary) -> None:
    accounts, items = table(clean_demo, "accounts"), table(clean_demo, "account_items")
    returns, charges = table(clean_demo, "equipment_returns"), table(clean_demo, "one_time_charges")
    phones: Counter[str] = Counter()
    for row in items:
        phones[row["account_id"]] += int(row["quantity"]) if row["charge_code"] == "phone" else 0
    flagged = {row["account_id"] for row in items if row["low_usage"] == "true"}
    assert any(phones[account] >= 20 for account in flagged)
    assert any(phones[account] == 19 for account in flagged)
    assert any(row["billing_group"] for row in items)
    assert any("2020-01-02" <= row["start_date"] <= "2020-01-30" for row in items)
    assert any(row["buyout_fee"] and row["cancel_requested_on"] <= "2020-01-21" for row in accounts)
    assert any(row["tax_exempt_from"] for row in accounts)
    assert {row["language"] for row in accounts} == {"en", "fr"}
    assert any(row["service_start"] == "2020-01-15" for row in accounts)
    assert any(row["free_months"] == "1" and not row["billing_start"] for row in accounts)
    assert any(row["invoice_recipients"].count(";") == 2 for row in accounts)
    assert {row["verified_on"] for row in returns} == {"2020-01-20", "2020-01-17", ""}
    assert any(row["unit_price"].startswith("-") for row in charges)
    assert {row["country"] for row in accounts} == {"US", "CA", "BR"}
    assert "PR" in {row["region"] for row in accounts}
    assert table(clean_demo, "account_plans")


def test_an_account_that_starts_in_mid_january_has_earlier_calls(tmp_path: Path) -> None:
    made = make_demo(300, 12, 1, tmp_path / "demo")
    late = [row["account_id"] for row in table(made, "accounts") if row["service_start"] == "2020-01-15"]
    calls = [call["start_time"] for call in plain_calls(made) if call["account_id"] in late]
    assert any(time < "2020-01-15" for time in calls)
    assert any(time >= "2020-01-15" for time in calls)


def test_contract_tables_have_the_columns_of_the_contract(demo: DemoSummary) -> None:
    for name, columns in COLUMNS.items():
        header = (demo.contracts / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        assert header == ",".join(columns)


def test_one_call_and_one_account_are_a_demo_too(tmp_path: Path) -> None:
    made = make_demo(1, 1, 0, tmp_path / "new" / "demo")
    assert len(plain_calls(made)) == 1
    assert len(table(made, "accounts")) == 1


def test_the_showcases_are_twelve() -> None:
    assert len(SHOWCASES) == 12


@pytest.mark.parametrize(("calls", "accounts"), [(0, 1), (1, 0), (-1, -1), (1, 375_001)])
def test_counts_out_of_range_are_refused(tmp_path: Path, calls: int, accounts: int) -> None:
    with pytest.raises(InputRefusedError, match="out of range"):
        make_demo(calls, accounts, 1, tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_demo_is_replaced_and_an_empty_folder_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    make_demo(20, 3, 1, folder)
    made = make_demo(10, 2, 1, folder)
    assert len(plain_calls(made)) == 10
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(InputRefusedError, match="not empty and holds no earlier demo"):
        make_demo(10, 2, 1, folder)
    assert (folder / "thesis.txt").read_text() == "mine"


def test_a_demo_with_other_files_beside_it_is_refused_by_name(tmp_path: Path) -> None:
    made = make_demo(10, 2, 1, tmp_path / "demo")
    (made.folder / "warehouse").mkdir()
    with pytest.raises(InputRefusedError, match="warehouse"):
        make_demo(10, 2, 2, made.folder)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(InputRefusedError, match="not a folder"):
        make_demo(10, 2, 1, tmp_path / "demo")


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("flows.demo.month.write_plain_files", broken)
    with pytest.raises(OSError, match="disk full"):
        make_demo(10, 2, 1, tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []
