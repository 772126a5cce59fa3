"""`tollbook explain`: every number is derived again by the transforms that billed it, and cannot disagree."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from flows.cli import run
from flows.explain_call import open_recorded_month
from flows.explain_line import explained_line, open_invoice, the_invoice
from flows.explain_matches import matchings, rate_line
from flows.explain_rating import COMPARED, RatedAccount, cell, file_row, rate_account, recomputed
from flows.explain_steps import arithmetic, increments, pool
from flows.issued import issued_runs
from flows.published_calls import PublishedCalls
from flows.settings import Settings, parse_month
from flows.suspended import account_calls
from flows.warehouse import published
from tests.golden.test_golden import HERE, bill_case, read_case
from tests.integration.demo_month import ROOT, Billed, bill, make_demo, no_settings_from_outside
from tests.integration.small_office import Office, Outcome, calls_csv, to_london
from tests.rules.dispute import Dispute
from tests.rules.small_month import call, item
from tests.rules.small_rates import international, tax

pytestmark = pytest.mark.integration
Json = dict[str, Any]
Tell = Callable[[list[str]], Outcome]
EXPLAIN_PAGE = ROOT / "schemas" / "EXPLAIN.md"


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """January 2020: 900 calls of 12 accounts, billed on 1 February."""
    folder = tmp_path_factory.mktemp("explained")
    return bill(Billed(make_demo(folder / "demo", calls=900), folder / "warehouse"))


def settings_of(billed: Billed) -> Settings:
    return Settings(
        parse_month("2020-02"), billed.inputs / "inbox", rate_tables=ROOT / "rate_tables", warehouse=billed.warehouse
    )


def explained(billed: Billed, tell: Tell, *words: str) -> Json:
    """The JSON of `tollbook explain`."""
    outcome = tell(["explain", *words, "--json", *places(billed)])
    assert outcome.code == 0, outcome.err
    found: Json = json.loads(outcome.out)
    return found


def places(billed: Billed) -> list[str]:
    flags = {
        "--cdrs": billed.inputs / "inbox",
        "--rate-tables": ROOT / "rate_tables",
        "--warehouse": billed.warehouse,
    }
    return [str(word) for pair in flags.items() for word in pair]


def half_up(value: Fraction, places: str) -> Decimal:
    """The value rounded half up, by decimal and not by the program."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(places), ROUND_HALF_UP)


def seconds_by_hand(row: Json) -> int:
    """Rule 6.2, written once more."""
    seconds, minimum, step = row["duration_seconds"], row["minimum_seconds"], row["increment_seconds"]
    if row["rounding"] == "nearest":
        return max(minimum, int(half_up(Fraction(seconds, step), "1")) * step)
    return 0 if seconds == 0 else minimum + -(-max(seconds - minimum, 0) // step) * step


def check_call(rated: RatedAccount, call: Json, issued: Json) -> None:
    """What is shown of a billed call is what was published, and adds up by hand."""
    assert {name: cell(value) for name, value in recomputed(rated, call).items()} == issued
    steps, seconds = arithmetic(call, "USD"), increments(call)
    assert seconds["billable_seconds"] == issued["billable_seconds"] == seconds_by_hand(seconds)
    rate, fee = Fraction(steps["rate_per_minute"]), Fraction(steps["connection_fee"])
    charged = issued["billable_seconds"] - issued["included_seconds"]
    assert half_up(fee + rate * charged / 60, "0.000001") == Decimal(steps["cost"]) == Decimal(issued["cost"])
    table, line = rate_line(rated, call) or ("", 0)
    row = file_row(rated.month.rates, table, line)
    assert table == issued["rate_table"]
    price = row.get("rate_per_minute", row.get("overage_rate"))
    assert issued["call_type"] == "included" or price == issued["rate_per_minute"]
    for matched in matchings(rated, call, str(call["outcome"])):
        in_force = [row for row in matched["rows"] if row["in_force"]]
        lengths = [len(row["prefix"]) for row in matched["rows"]]
        assert lengths == sorted(lengths, reverse=True)
        if matched["file"].endswith(f"{table}.csv"):
            assert [row["line"] for row in in_force if row["taken"]] == [line] == [in_force[0]["line"]]
            assert in_force[0]["prefix"] == issued["rate_prefix"]


def check_pools(rated: RatedAccount) -> None:
    """The pool goes from call to call: what one left is what the next has before it."""
    shown = [pool(rated, call) for call in rated.billed.with_row_index("place").to_dicts()]
    takers = [taker for taker in shown if taker is not None]
    assert [taker["order"] for taker in takers] == list(range(1, len(takers) + 1))
    if takers and takers[0]["pool_seconds"] is not None:
        assert takers[0]["before_seconds"] == takers[0]["pool_seconds"]
        assert takers[0]["pool_seconds"] == takers[0]["included_minutes"] * 60 * (takers[0]["devices"] or 1)
        for taker in takers:
            assert taker["after_seconds"] == taker["before_seconds"] - taker["taken_seconds"] >= 0
        for first, second in itertools.pairwise(takers):
            assert second["before_seconds"] == first["after_seconds"]


def test_every_billed_call_of_a_demo_month_is_derived_again_as_it_was_published(demo: Billed) -> None:
    columns = ", ".join(f'"{name}"' for name in COMPARED)
    issued = {
        (account, file, line): dict(zip(COMPARED, map(cell, values), strict=True))
        for account, file, line, *values in demo.ask(
            f"select account_id, source_file, source_line, {columns} from billed_calls"
        )
    }
    accounts = sorted({account for account, _, _ in issued})
    seen = set()
    with published(demo.warehouse) as connection:
        assert connection is not None
        (published_run,) = issued_runs(connection).values()
        _, month = open_recorded_month(settings_of(demo), published_run)
        for account in accounts:
            calls = account_calls(connection, month, PublishedCalls(demo.warehouse, published_run), [account]).drop(
                "cost"
            )
            rated = rate_account(month, account, calls)
            check_pools(rated)
            for call in rated.billed.with_row_index("place").to_dicts():
                key = (account, str(call["source_file"]), call["source_line"])
                check_call(rated, call, issued[key])
                seen.add(key)
    assert seen == set(issued)
    assert len(accounts) > 8 and {row["call_type"] for row in issued.values()} >= {"included", "international"}


def explained_lines(inputs: Settings) -> Iterator[Json]:
    """Every line of every published invoice, explained; each account is rated once."""
    with published(inputs.warehouse) as connection:
        assert connection is not None
        (published_run,) = issued_runs(connection).values()
        _, month = open_recorded_month(inputs, published_run)
        ids = connection.sql("select invoice_id from invoices order by invoice_id").fetchall()
        for (invoice_id,) in ids:
            opened = open_invoice(connection, published_run, month, *the_invoice(connection, invoice_id))
            for number in range(1, len(opened.lines) + 1):
                yield explained_line(connection, opened, number)


@pytest.mark.parametrize("case", ["twelve_accounts", "rule_04_low_usage", "rule_10_one_time", "rule_08_fees"])
def test_every_invoice_line_of_a_golden_month_is_derived_again_as_it_was_published(case: str, tmp_path: Path) -> None:
    golden = read_case(HERE / case)
    bill_case(golden, tmp_path / "warehouse")
    inputs = Settings(
        parse_month("2020-02"),
        golden.folder / "inbox",
        rate_tables=golden.rate_version[0],
        warehouse=tmp_path / "warehouse",
    )
    lines = Billed(golden.folder, tmp_path / "warehouse").ask(
        "select invoice_id, line_number, category, exact_amount, amount from invoice_line_items order by all"
    )
    shown_lines = list(explained_lines(inputs))
    assert len(shown_lines) == len(lines) > 0
    for (invoice_id, line_number, category, exact_amount, amount), found in zip(lines, shown_lines, strict=True):
        assert (found["invoice"]["invoice_id"], found["line"]["line_number"]) == (invoice_id, line_number)
        assert found["agreement"] == {"is_same": True, "differences": []}, (invoice_id, line_number)
        exact = Fraction(found["rounding"]["exact_micros"]) / 1_000_000
        assert half_up(exact, "0.000001") == exact_amount
        rounded = int(exact * 100) if category == "usf" else half_up(exact * 100, "1")
        assert Decimal(rounded).scaleb(-2) == amount == Decimal(found["rounding"]["amount"])
        shown = [Decimal(part["exact"].rstrip("…")) for part in found.get("charges", [])]
        if "basis" in found:
            shown = [Decimal(found["basis"]["exact"].rstrip("…"))]
        if "calls" in found:
            shown = [Decimal(found["calls"]["sum_of_costs"])]
        assert shown
        assert abs(sum(shown) - exact_amount) <= Decimal("0.000001") * (len(shown) - 1)


def one_of_each(billed: Billed) -> dict[str, list[str]]:
    """A call of each outcome, as the words that ask for it."""
    found = billed.ask(
        """
        select any_value(call_id), source, call_type from billed_calls group by all
        union all select any_value(call_id), source, reason from unbilled_calls group by all
        union all select any_value(call_id), source, reason from suspended_calls group by all
        """
    )
    return {f"{source} {what}": [call_id, "--source", source] for call_id, source, what in found}


def key_paths(value: object, path: str = "") -> Iterator[str]:
    """Every path of a JSON value, `[]` for the entries of lists."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from key_paths(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for entry in value:
            yield from key_paths(entry, f"{path}[]")
    else:
        yield path


def undocumented(found: Json) -> list[str]:
    """Paths that the page of keys does not have; `x.*` has all under x."""
    documented = re.findall(r"`([^`]+)`", EXPLAIN_PAGE.read_text(encoding="utf-8"))
    under = tuple(name.removesuffix("*") for name in documented if name.endswith(".*"))
    return [path for path in key_paths(found) if path not in documented and not f"{path}.".startswith(under)]


def test_each_outcome_is_explained_in_100_columns_and_with_documented_keys(demo: Billed, told: Tell) -> None:
    asked = one_of_each(demo)
    places_seen = set()
    for words in asked.values():
        found = explained(demo, told, *words)
        assert undocumented(found) == []
        assert found["record"]["is_read_again"], found["record"]["note"]
        values = {field["field"]: field["value"] for field in found["record"]["fields"]}
        read = {name: str(value) for name, value in found["call"].items() if name != "source"}
        assert {name: values[name] for name in read} == read
        places_seen.add(found["outcome"]["place"])
        text = told(["explain", *words, *places(demo)]).out
        assert max(map(len, text.splitlines())) <= 100
        assert f"(rule {found['outcome']['rule']})" in " ".join(text.split())
    assert places_seen == {"billed", "unbilled"}


def test_lines_are_explained_in_100_columns_and_with_documented_keys(demo: Billed, told: Tell) -> None:
    for (category,) in demo.ask("select distinct category from invoice_line_items order by all"):
        invoice_id, line_number = demo.ask(
            f"select invoice_id, line_number from invoice_line_items where category = '{category}' order by all limit 1"
        )[0]
        words = ["--invoice", invoice_id, "--line", str(line_number)]
        found = explained(demo, told, *words)
        assert undocumented(found) == [] and found["agreement"]["is_same"]
        text = told(["explain", *words, *places(demo)]).out
        assert max(map(len, text.splitlines())) <= 100
        if "calls" in found:
            assert len(demo.ask(found["calls"]["list_all"])) == found["calls"]["calls"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-call"], "no call has this id"),
        (["--invoice", "nobody-2020-02", "--line", "1"], "no invoice has this id"),
        (["--invoice", "A00001-2020-02", "--line", "999"], "has no such line"),
        (
            ["--invoice", "A00001-2020-02"],
            "name a call, or a file of call records and a line of it, or an invoice and a line of it",
        ),
        ([], "name a call, or a file of call records and a line of it, or an invoice and a line of it"),
        (
            ["c1", "--invoice", "A00001-2020-02", "--line", "1"],
            "name a call, or a file of call records and a line of it, or an invoice and a line of it",
        ),
        (["x' or '1'='1"], "no call has this id"),
    ],
)
def test_what_is_unknown_is_refused_with_a_sentence(demo: Billed, told: Tell, words: list[str], said: str) -> None:
    outcome = told(["explain", *words, *places(demo)])
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.out == ""


def test_a_warehouse_without_an_issued_month_is_said_to_be_so(tmp_path: Path, told: Tell) -> None:
    outcome = told(["explain", "c1", "--warehouse", str(tmp_path)])
    assert outcome.code == 2
    assert "no month is issued here" in outcome.err


def billed_office(office: Office) -> Billed:
    return Billed(office.folder, office.warehouse)


def ask_office(office: Office, told: Tell, *words: str) -> Outcome:
    flags = ["--cdrs", str(office.folder / "inbox"), "--rate-tables", str(office.rate_tables)]
    return told(["explain", *words, *flags, "--warehouse", str(office.warehouse)])


def test_an_id_of_two_switches_needs_its_source(empty_office: Office, told: Tell) -> None:
    empty_office.put("calls.csv", calls_csv(to_london("c1"), to_london("c12")))
    own = empty_office.folder / "sources"
    own.mkdir()
    (own / "second.toml").write_text('extends = "canonical"\n', encoding="utf-8")
    empty_office.put("second/calls.csv", calls_csv(to_london("c1")))
    assert told(empty_office.arguments()).code == 0
    several = ask_office(empty_office, told, "c1")
    assert several.code == 2
    assert "source canonical, 2020-01, billed" in several.err and "source second" in several.err
    assert "--source" in several.err and "--month" not in several.err
    one = ask_office(empty_office, told, "c1", "--source", "second", "--json")
    assert json.loads(one.out)["record"]["source_file"] == "2020-01/second/calls.csv"


def test_records_set_aside_are_explained_with_their_text_and_a_remedy(empty_office: Office, told: Tell) -> None:
    rows = [
        to_london("twice"),
        to_london("twice"),
        to_london("other"),
        to_london("other").replace(",60,", ",61,"),
        to_london("late").replace("2020-01-15", "2019-12-31"),
        to_london("bad").replace("+442071234567", "abc"),
        to_london("short").removesuffix(",answered"),
    ]
    empty_office.put("calls.csv", calls_csv(*rows))
    assert told(empty_office.arguments()).code == 0
    results = {}
    for call_id in ("late", "bad", "short"):
        found = json.loads(ask_office(empty_office, told, call_id, "--json").out)
        results[call_id] = (found["outcome"]["result"], found["outcome"]["rule"])
        assert found["record"]["raw_record"].startswith(f"{call_id},A1")
        assert found["outcome"]["remedy"]
        assert undocumented(found) == []
        assert found["record"]["raw_record"] in ask_office(empty_office, told, call_id).out
    assert results == {
        "late": ("outside_month", "1.4"),
        "bad": ("bad_number", "13.1"),
        "short": ("malformed_row", "13.1"),
    }
    for call_id, place in (("twice", "duplicate"), ("other", "conflict")):
        found = json.loads(ask_office(empty_office, told, call_id, "--json").out)
        assert found["outcome"]["place"] == "billed"
        assert [repeat["place"] for repeat in found["repeats"]] == [place]
        assert undocumented(found) == []


def test_a_file_over_midnight_does_not_make_two_calls_of_one(office: Office, told: Tell) -> None:
    """Its calls of January are set aside in February, and still there is one call of the id to explain."""
    assert told(office.arguments()).code == 0
    february = office.folder / "inbox" / "2020-02"
    february.mkdir()
    (february / "calls.csv").write_text(calls_csv(to_london("c1")), encoding="utf-8")
    assert told(office.arguments(month="2020-03")).code == 0
    found = json.loads(ask_office(office, told, "c1", "--json").out)
    assert (found["usage_month"], found["outcome"]["place"]) == ("2020-01", "billed")
    aside = json.loads(ask_office(office, told, "c1", "--month", "2020-02", "--json").out)
    assert (aside["usage_month"], aside["outcome"]["result"]) == ("2020-02", "outside_month")


def test_set_aside_records_of_one_id_are_all_shown(empty_office: Office, told: Tell) -> None:
    bad = to_london("c1").replace("+442071234567", "abc")
    empty_office.put("calls.csv", calls_csv(bad, bad.replace("abc", "def"), to_london("c12")))
    assert told(empty_office.arguments()).code == 0
    found = json.loads(ask_office(empty_office, told, "c1", "--json").out)
    assert found["record"]["source_line"] == 2
    assert [repeat["source_line"] for repeat in found["repeats"]] == [3]


def ask_row(office: Office, told: Tell, file: str, line: int, *flags: str) -> Outcome:
    """What is said of the record at a line of a file."""
    places = ["--cdrs", str(office.folder / "inbox"), "--rate-tables", str(office.rate_tables)]
    words = ["explain", "--file", file, "--line", str(line), *places, "--warehouse", str(office.warehouse)]
    return told([*words, *flags])


def test_a_record_without_a_call_id_is_explained_by_file_and_line(empty_office: Office, told: Tell) -> None:
    without_id, not_split = to_london("c1").removeprefix("c1"), "one,two"
    other_number = to_london("c4").replace("+442071234567", "abc")
    empty_office.put("calls.csv", calls_csv(to_london("c1"), without_id, not_split, other_number, to_london("c1")))
    assert told(empty_office.arguments()).code == 0
    reasons = {3: "missing_call_id", 4: "malformed_row", 5: "bad_number", 6: "duplicate"}
    raw = {3: without_id, 4: not_split, 5: other_number, 6: to_london("c1")}
    for line, reason in reasons.items():
        found = json.loads(ask_row(empty_office, told, "2020-01/calls.csv", line, "--json").out)
        assert undocumented(found) == []
        assert (found["call_id"], found["outcome"]["result"]) == (None, reason)
        assert found["outcome"]["sentence"]
        record = found["record"]
        assert (record["source_line"], record["raw_record"], record["is_read_again"]) == (line, raw[line], True)
    malformed = json.loads(ask_row(empty_office, told, "2020-01/calls.csv", 4, "--json").out)
    assert malformed["record"]["fields"] == []
    missing = json.loads(ask_row(empty_office, told, "2020-01/calls.csv", 3, "--json").out)
    read = {field["field"]: field["value"] for field in missing["record"]["fields"]}
    assert read["destination_number"] == "+442071234567"
    text = ask_row(empty_office, told, "2020-01/calls.csv", 3).out
    assert text.startswith("2020-01/calls.csv, line 3, was rejected: missing_call_id.")
    assert without_id in text


def test_a_record_is_explained_by_file_and_line_after_its_file_is_gone(empty_office: Office, told: Tell) -> None:
    path = empty_office.put("calls.csv", calls_csv(to_london("c1"), to_london("c2").removeprefix("c2")))
    assert told(empty_office.arguments()).code == 0
    path.unlink()
    found = json.loads(ask_row(empty_office, told, "2020-01/calls.csv", 3, "--json").out)
    assert found["record"]["raw_record"] == to_london("c2").removeprefix("c2")
    assert "no longer in the inbox" in found["record"]["note"]


def test_a_call_by_file_and_line_is_the_call_by_its_id(office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    by_id = ask_office(office, told, "c1", "--json").out
    assert ask_row(office, told, "2020-01/calls.csv", 2, "--json").out == by_id
    by_path = str(office.folder / "inbox" / "2020-01" / "calls.csv")
    assert ask_row(office, told, by_path, 2, "--json").out == by_id


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [("2020-01/other.csv", 2, "no issued month read such a file"), ("2020-01/calls.csv", 1, "has no record there")],
)
def test_a_place_without_a_record_is_refused(file: str, line: int, said: str, office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    outcome = ask_row(office, told, file, line)
    assert (outcome.code, said in outcome.err) == (2, True), outcome.err


@pytest.mark.parametrize(
    "words", [["c1", "--file", "2020-01/calls.csv", "--line", "2"], ["--line", "2"], ["--file", "x"]]
)
def test_half_a_question_is_refused_with_the_ways_to_ask(words: list[str], told: Tell) -> None:
    outcome = told(["explain", *words])
    assert (outcome.code, "explain --file NAME --line N" in outcome.err) == (2, True)


def test_a_suspended_call_is_explained_with_what_it_waits_for(empty_office: Office, told: Tell) -> None:
    rows = [to_london("c1").replace("+442071234567", "+33123456789"), to_london("c2")]
    empty_office.put("calls.csv", calls_csv(*rows))
    assert told(empty_office.arguments()).code == 0
    found = json.loads(ask_office(empty_office, told, "c1", "--json").out)
    assert undocumented(found) == []
    outcome = found["outcome"]
    assert (outcome["place"], outcome["result"], outcome["rule"]) == ("suspended", "unknown_destination", "5 (7a)")
    assert "tollbook rerun 2020-02 --rates VERSION" in outcome["remedy"]
    assert [matched["rows"] for matched in found["matching"]] == [[], []]
    assert "arithmetic" not in found and "invoice_lines" not in found


@pytest.mark.parametrize("fate", ["gone", "changed"])
def test_without_its_input_file_a_call_is_explained_all_the_same(fate: str, office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    before = json.loads(ask_office(office, told, "c1", "--json").out)
    assert before["record"]["raw_record"] == to_london("c1")
    file = office.month / "calls.csv"
    if fate == "gone":
        file.unlink()
    else:
        file.write_text(calls_csv(to_london("c1").replace(",60,", ",99,")), encoding="utf-8")
    after = json.loads(ask_office(office, told, "c1", "--json").out)
    assert after["record"]["raw_record"] is None and not after["record"]["is_read_again"]
    assert ("no longer in the inbox" if fate == "gone" else "has changed since") in after["record"]["note"]
    assert {**after, "record": None} == {**before, "record": None}


def test_contracts_of_today_are_not_asked(office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    before = ask_office(office, told, "c1", "--json").out
    shutil.rmtree(office.contracts)
    assert ask_office(office, told, "c1", "--json").out == before


def test_a_rate_version_that_is_not_the_run_s_is_refused(office: Office, told: Tell, tmp_path: Path) -> None:
    assert told(office.arguments()).code == 0
    shutil.copytree(office.rate_tables, tmp_path / "rates")
    manifest = tmp_path / "rates" / "2020.1" / "manifest.toml"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace("note = ", "note = 'another' # "), encoding="utf-8"
    )
    outcome = ask_office(replace(office, rate_tables=tmp_path / "rates"), told, "c1")
    assert outcome.code == 2
    assert "is not the rate version 2020.1 that run" in outcome.err


def test_a_record_cannot_steer_the_terminal_of_who_reads_it(empty_office: Office, told: Tell) -> None:
    empty_office.put("calls.csv", calls_csv(to_london("c1"), to_london("c2").replace("+442071234567", "\x1b[2Jx")))
    assert told(empty_office.arguments()).code == 0
    shown = ask_office(empty_office, told, "c2").out
    assert "\x1b" not in shown and "\\x1b[2Jx" in shown


def test_an_adjustment_is_explained_by_its_rerun_and_its_call_by_what_became_of_it(tmp_path: Path) -> None:
    """60 minutes to London at 0.01 are 0.60; at 0.004 they are 0.24, so the next invoice takes -0.36."""
    rates = {"international_rates": [international("44", "0.01")], "taxes": [tax("sales", "10")]}
    dispute = Dispute(tmp_path, calls=[call("c1", "+442071234567", 3600)], items=[item("i1")], rates=rates)
    dispute.correct("v2", international_rates=[international("44", "0.004")])
    dispute.rerun("--rates", "v2", "--disputed-on", "2020-02-10")
    dispute.bill()
    number = next(place for place, row in enumerate(dispute.lines("2020-03"), 1) if row[0] == "adjustments")
    words = ["--invoice", "A-2020-03", "--line", str(number)]
    found = json.loads(explain_dispute(dispute, *words, "--json"))
    assert [row["difference"] for row in found["adjustments"]] == ["-0.36"]
    assert found["agreement"]["is_same"] and found["rounding"]["amount"] == "-0.36"
    assert undocumented(found) == []
    assert "issued 0.60, corrected 0.24, difference -0.36 (rate_version)" in " ".join(
        explain_dispute(dispute, *words).split()
    )
    taxed = json.loads(explain_dispute(dispute, "--invoice", "A-2020-03", "--line", str(number + 1), "--json"))
    assert taxed["agreement"]["is_same"] and taxed["basis"]["base"] == "24.59"
    issued = json.loads(explain_dispute(dispute, "c1", "--json"))
    assert issued["arithmetic"]["cost"] == "0.600000" and undocumented(issued) == []
    costs = [
        (row["cause"], row["issued_value"], row["corrected_value"])
        for row in issued["reruns"]
        if row["column"] == "cost"
    ]
    assert costs == [("rate_version", "0.600000", "0.240000")]
    assert "What reruns say of it" in explain_dispute(dispute, "c1")


def explain_dispute(dispute: Dispute, *words: str) -> str:
    """What `tollbook explain` shows of a disputed month."""
    places = [("cdrs", "inbox"), ("rate-tables", "rates"), ("warehouse", "warehouse")]
    flags = [text for flag, name in places for text in (f"--{flag}", str(dispute.folder / name))]
    screen, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(errors):
        assert run(["explain", *words, *flags]) == 0, errors.getvalue()
    return screen.getvalue()
