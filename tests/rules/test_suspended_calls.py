"""`tollbook suspended`: what is missing, and what the calls would cost under another version (rule 5.1).

January of two accounts. A has 60 minutes a month: 55 of them go to a local call at noon, and it calls London for a
minute. B has none. Six calls are suspended, each for another reason; the version `better` knows area code 299, has a
price for 44779 and another for 44, and lacks Japan as before.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from flows import suspended
from flows.cli import run
from flows.settings import Settings, parse_month
from flows.suspended import suspended_calls
from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, number
from tests.rules.small_rates import Row, international, numbering_rows, plan, premium, toll_free, write_rates

TOLL_FREE = "+18005550100"
DECK = [international("44", "0.01"), international("44779", "")]
SMALL = {
    "international_rates": DECK,
    "premium_prefixes": [premium("900", "1900", "2"), premium("900666", "1900666", "")],
    "toll_free_rates": [toll_free("1", "0.019")],
}
BETTER = {
    **SMALL,
    "international_rates": [international("44", "0.03"), international("44779", "0.16")],
    "numbering_plan": [*numbering_rows(), {"prefix": "1299", "country": "US", "region": "NY", "kind": "geographic"}],
}
EARLY = {"start_time": "2020-01-05T08:00:00Z"}
B = {"account_id": "B"}
SUSPENDED = [
    call("s1", "+12995550199", 600, **EARLY),  # 299 is in no numbering plan here
    call("s2", "+447790000000", 30),  # 44779 has an empty price
    call("s3", "+81312345678", 120, **B),  # the deck has no row for Japan
    call("s4", "+19765550100", 61, **B),  # a premium number that the premium table lacks
    call("s5", "+19006665550", 62, **B),  # a premium prefix with an empty price
    call("s6", TOLL_FREE, 63, **B, source_number="+442071234567", direction="inbound"),
]
BILLED = [call("l1", seconds=3300), call("l2", "+442071234567", 60)]


def make_version(folder: Path, name: str, tables: Mapping[str, Sequence[Row]]) -> None:
    """A rate version of that name beside the one the month was issued under."""
    write_rates(folder / "made", tables)
    version = folder / "rates" / name
    (folder / "made" / "small").rename(version)
    manifest = version / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('"small"', f'"{name}"'))


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """The month issued under `small`, with `better` beside it."""
    month = bill_once(
        accounts=[account(plan_id="pool60"), account("B")],
        numbers=[number(TOLL_FREE, account_id="B", kind="toll_free")],
        calls=[*SUSPENDED, *BILLED],
        rates=SMALL,
    )
    make_version(month.folder, "better", BETTER)
    return month


Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(month: SmallMonth, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs `tollbook suspended`; what it shows goes to no screen."""

    def asked(*flags: str, usage_month: str = "2020-01") -> tuple[int, str, str]:
        places = ["--warehouse", str(month.warehouse), "--rate-tables", str(month.folder / "rates")]
        code = run(["suspended", usage_month, *places, *flags])
        written = capsys.readouterr()
        return code, written.out, written.err

    return asked


def _rows(shown: str, title: str) -> list[list[str]]:
    """The cells of a table, by its title."""
    lines = shown.split(title, 1)[1].splitlines()[1:]
    begin = next(place for place, line in enumerate(lines) if "──" in line) + 1
    return [line.split() for line in lines[begin : lines.index("", begin)]]


def _plain(shown: str) -> str:
    return "\n".join(line.rstrip() for line in shown.splitlines())


def test_rule_5_1_what_is_missing_is_listed_by_prefix(ask: Ask) -> None:
    code, shown, _ = ask()
    assert code == 0
    early, day = "2020-01-05", "2020-01-10"
    assert _rows(_plain(shown), "what small lacks") == [
        ["129", "-", "numbering", "plan", "1", "600", "1", early, early],
        ["81", "JP", "international:", "no", "row", "1", "120", "1", day, day],
        ["44", "GB", "toll-free:", "no", "row", "1", "63", "1", day, day],
        ["1900666", "US", "premium:", "no", "price", "1", "62", "1", day, day],
        ["1976", "US", "premium:", "no", "row", "1", "61", "1", day, day],
        ["44779", "GB", "international:", "no", "price", "1", "30", "1", day, day],
    ]
    assert "6 calls, 936 seconds, 2 accounts; they are on no invoice." in shown


def test_rule_5_1_the_list_fits_100_columns(ask: Ask) -> None:
    _, shown, _ = ask("--rates", "better")
    assert max(len(line.rstrip()) for line in shown.splitlines() if "`" not in line) <= 100


def test_rule_5_1_what_they_would_cost_under_another_version(ask: Ask) -> None:
    """s2: 30 s are a minute, 0.16. s1 is within the plan, so it is 0.00. The others stay suspended."""
    code, shown, _ = ask("--rates", "better")
    assert code == 0
    assert _rows(_plain(shown), "Under version better") == [
        ["44779", "GB", "international", "1", "60", "USD", "0.160000"],
        ["129", "-", "included", "1", "600", "USD", "0.000000"],
        ["1900666", "US", "suspended:", "no_rate", "1", "-", "-", "-"],
        ["1976", "US", "suspended:", "no_rate", "1", "-", "-", "-"],
        ["44", "GB", "suspended:", "no_rate", "1", "-", "-", "-"],
        ["81", "JP", "suspended:", "no_rate", "1", "-", "-", "-"],
    ]
    assert "2 of these calls would cost 0.160000 USD under better." in shown
    assert "4 would not be billed under it either." in shown


def test_rule_7_1_a_released_call_uses_up_plan_minutes_of_later_ones(ask: Ask) -> None:
    """10 minutes of s1 first, then 55 of l1: 5 minutes of overage at 0.02. London is 0.03 instead of 0.01."""
    _, shown, _ = ask("--rates", "better")
    assert "2 other calls of these accounts: +0.100000 USD, as released calls take plan minutes first." in shown
    assert "2 other calls of these accounts: +0.020000 USD, by other prices of that version." in shown


def test_rule_5_1_under_the_version_of_the_run_they_stay_suspended(ask: Ask) -> None:
    code, shown, _ = ask("--rates", "small")
    assert code == 0
    assert "6 would not be billed under it either." in shown
    assert "prices none of them: a new version needs their rows" in shown
    assert "bills them" not in shown
    assert "other calls of these accounts" not in shown


def test_rule_5_1_accounts_are_rated_a_group_at_a_time(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = ask("--rates", "better")
    monkeypatch.setattr(suspended, "CALLS_AT_A_TIME", 1)
    assert ask("--rates", "better") == at_once


def test_rule_4_4_a_version_without_the_plan_at_a_calls_start_is_refused(ask: Ask, month: SmallMonth) -> None:
    late = [plan("metered", "0"), plan("pool60", "60", effective_from="2020-01-08")]
    make_version(month.folder, "late", {**SMALL, "plans": late})
    code, _, message = ask("--rates", "late")
    assert code == 2
    assert "late/plans.csv" in message
    assert "when account A calls" in message


def test_rule_5_1_nothing_is_published_by_asking(ask: Ask, month: SmallMonth) -> None:
    before = {path: path.stat().st_mtime_ns for path in month.warehouse.rglob("*")}
    ask("--rates", "better")
    assert {path: path.stat().st_mtime_ns for path in month.warehouse.rglob("*")} == before


def test_rule_5_1_the_calls_are_exported_with_their_raw_records(ask: Ask, tmp_path: Path) -> None:
    code, shown, _ = ask("--rates", "better", "-o", str(tmp_path / "calls.csv"))
    assert (code, f"6 calls written to {tmp_path / 'calls.csv'}" in shown) == (0, True)
    text = (tmp_path / "calls.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    columns = ("call_id", "missing_prefix", "lacking", "would_be", "currency", "cost", "source_line")
    assert [tuple(row[name] for name in columns) for row in rows[:3]] == [
        ("s1", "129", "numbering plan", "included", "USD", "0.000000", "2"),
        ("s2", "44779", "international: no price", "international", "USD", "0.160000", "3"),
        ("s3", "81", "international: no row", "no_rate", "USD", "", "4"),
    ]
    assert rows[0]["start_time"] == "2020-01-05T08:00:00.000000Z"
    assert rows[0]["raw_record"].startswith("s1,A,outbound,+12125550100,+12995550199,2020-01-05T08:00:00Z")


def test_rule_5_1_an_analyst_finds_them_in_a_table(month: SmallMonth) -> None:
    assert month.rows("select call_id, reason, call_type, rate_prefix from suspended_calls order by call_id") == [
        ("s1", "unknown_destination", None, None),
        ("s2", "no_rate", "international", "44779"),
        ("s3", "no_rate", "international", None),
        ("s4", "no_rate", "domestic_premium", None),
        ("s5", "no_rate", "domestic_premium", "1900666"),
        ("s6", "no_rate", "toll_free", None),
    ]


def test_a_month_that_is_not_issued_is_refused(ask: Ask, tmp_path: Path) -> None:
    code, _, message = ask(usage_month="2020-02")
    assert code == 2
    assert message.startswith("tollbook: 2020-02: is not issued")
    assert "run `tollbook bill 2020-03` first" in message
    assert run(["suspended", "2020-01", "--warehouse", str(tmp_path / "none")]) == 2


def test_a_version_that_is_not_known_is_refused_and_the_known_ones_are_named(ask: Ask) -> None:
    code, shown, message = ask("--rates", "nowhere")
    assert (code, shown) == (2, "")
    assert "there is no such rate version ('nowhere')" in message
    assert "use one of: better, " in message


def test_a_month_without_suspended_calls_says_so(bill_whole: Bill, capsys: pytest.CaptureFixture[str]) -> None:
    month = bill_whole(calls=[call("c1")])
    for flags in ([], ["--rates", "small", "--rate-tables", str(month.folder / "rates")]):
        code = run(["suspended", "2020-01", "--warehouse", str(month.warehouse), *flags])
        assert (code, "2020-01 has no suspended calls" in capsys.readouterr().out) == (0, True)


def test_short_codes_and_emergency_numbers_are_known_again(bill_whole: Bill) -> None:
    """Of A's other calls none changes: 911 is no extension, 411 is no call abroad."""
    month = bill_whole(
        calls=[call("s", "+12995550199"), call("e", "911"), call("d", "411"), call("x", "123"), call("f", "*98")],
    )
    settings = Settings(
        parse_month("2020-02"), rate_tables=month.folder / "rates", rates="small", warehouse=month.warehouse
    )
    repriced = suspended_calls(settings).repriced
    assert repriced is not None
    assert [(calls, str(pool), str(rates)) for _, calls, pool, rates in repriced.others.iter_rows()] == [
        (2, "0.000000", "0.000000")
    ]


def test_a_warehouse_that_was_moved_still_lists_and_prices(
    bill_whole: Bill, capsys: pytest.CaptureFixture[str]
) -> None:
    month = bill_whole(calls=[call("s", "+12995550199")])
    moved = month.warehouse.rename(month.folder / "moved")
    rates = ["--rate-tables", str(month.folder / "rates"), "--rates", "small"]
    assert run(["suspended", "2020-01", "--warehouse", str(moved)]) == 0
    assert "numbering plan" in capsys.readouterr().out
    assert run(["suspended", "2020-01", "--warehouse", str(moved), *rates]) == 0
    assert "suspended: unknown_destination" in capsys.readouterr().out
