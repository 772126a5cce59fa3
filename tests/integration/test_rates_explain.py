"""`tollbook rates explain`: what matches a number, which row wins and why, and what calls cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli import run
from tests.rules.small_rates import international, plan, premium, toll_free, write_rates

pytestmark = pytest.mark.integration
CHANGE = "2020-01-15T12:00:00Z"
TABLES = {
    "international_rates": [
        international("44", "0.01", minimum_seconds="60", increment_seconds="60", rounding="up"),
        international(
            "447", "0.0185", connection_fee="0.05", minimum_seconds="30", increment_seconds="6", rounding="up"
        ),
        international("447700", "0.5", effective_from=CHANGE),
        international("4477", "0.2", effective_to="2020-01-01T00:00:00Z"),
        international("81", ""),
    ],
    "premium_prefixes": [
        premium("900", "1900", "2"),
        premium("900", "1900", "1", plan_id="pool60"),
    ],
    "toll_free_rates": [toll_free("", "0.019"), toll_free("44", "0.03")],
    "plans": [plan("metered", "0"), plan("pool60", "60"), plan("unlimited", "", included_countries="GB")],
}
Explain = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def rate_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rates")
    write_rates(folder, TABLES)
    return folder


@pytest.fixture
def explain(rate_tables: Path, capsys: pytest.CaptureFixture[str]) -> Explain:
    def asked(number: str, *flags: str, at: str = "2020-01-15T10:30:00Z", **named: str) -> tuple[int, str, str]:
        words = {"country": "US", "currency": "USD", "at": at, "rate-tables": str(rate_tables), **named}
        code = run(["rates", "explain", number, *flags, *(f"--{name}={value}" for name, value in words.items())])
        written = capsys.readouterr()
        return code, written.out, written.err

    return asked


def _rows(shown: str, title: str) -> list[list[str]]:
    """The first line of each row of a table, by its title."""
    lines = shown.split(title, 1)[1].splitlines()[1:]
    begin = next(place for place, line in enumerate(lines) if "──" in line) + 1
    rows = []
    for line in lines[begin:]:
        if not line.strip():
            break
        if line.split()[0].isdigit():
            rows.append(line.split())
    return rows


def test_every_matching_row_is_shown_longest_first_with_why_it_does_not_win(explain: Explain) -> None:
    code, shown, _ = explain("+447700900123")
    assert code == 0
    assert "international: another country" in shown
    rows = _rows(shown, "small/international_rates.csv: line 3 wins")
    assert [(row[0], row[1]) for row in rows] == [("4", "447700"), ("5", "4477"), ("3", "447"), ("2", "44")]
    assert "not in force" in shown
    assert "no longer in" in shown


def test_calls_of_1_30_60_and_61_seconds_are_priced_with_their_arithmetic(explain: Explain) -> None:
    """30/6 up: 30, 30, 60 and 66 s. 0.05 + 0.0185 × 66 ÷ 60 = 0.07035."""
    _, shown, _ = explain("+447700900123")
    assert [" ".join(row) for row in _rows(shown, "Priced by small/international_rates.csv, line 3, up 30/6, USD")] == [
        "1 30 s 30 + ⌈max(1 - 30, 0) ÷ 6⌉ × 6 0.059250 0.05 + 0.0185 × 30 ÷ 60",
        "30 30 s 30 + ⌈max(30 - 30, 0) ÷ 6⌉ × 6 0.059250 0.05 + 0.0185 × 30 ÷ 60",
        "60 60 s 30 + ⌈max(60 - 30, 0) ÷ 6⌉ × 6 0.068500 0.05 + 0.0185 × 60 ÷ 60",
        "61 66 s 30 + ⌈max(61 - 30, 0) ÷ 6⌉ × 6 0.070350 0.05 + 0.0185 × 66 ÷ 60",
    ]


@pytest.mark.parametrize(("at", "line"), [("2020-01-15T11:59:59Z", 3), (CHANGE, 4), ("2020-01-15 13:00:00+01:00", 4)])
def test_a_row_is_in_force_from_its_second_on(explain: Explain, at: str, line: int) -> None:
    code, shown, _ = explain("+447700900123", at=at)
    assert (code, f"small/international_rates.csv: line {line} wins" in shown) == (0, True)


def test_a_number_as_dialled_is_normalised_and_said_so(explain: Explain) -> None:
    code, shown, _ = explain("011 44 20 7123 4567")
    assert (code, "+442071234567, dialled '011 44 20 7123 4567' in US" in shown) == (0, True)


@pytest.mark.parametrize(
    ("number", "plan", "said"),
    [
        ("2125550199", "metered", "takes plan minutes: included_minutes, then overage (rule 5, 10)"),
        ("2001", "metered", "takes plan minutes: included_minutes, then overage (rule 5, 6)"),
        ("9005550100", "metered", "domestic_premium: a premium prefix"),
        ("+12995550199", "metered", "suspended, unknown_destination"),
        ("+81312345678", "metered", "suspended, no_rate"),
        ("+19765550100", "metered", "suspended, no_rate"),
        ("+18005550100", "metered", "not billed, toll_free_outbound"),
        ("911", "metered", "not billed, emergency"),
        ("*72", "metered", "not billed, feature_code"),
        ("411", "metered", "takes plan minutes: included_minutes, then overage (rule 5, 10)"),
        ("+442071234567", "unlimited", "takes plan minutes: included_minutes, then overage (rule 5, 10)"),
    ],
)
def test_what_the_call_would_be_by_rule_5(explain: Explain, number: str, plan: str, said: str) -> None:
    code, shown, _ = explain(number, plan=plan)
    assert (code, f"A call to it: {said}" in shown) == (0, True)


def test_a_row_without_a_rate_wins_and_no_shorter_prefix_is_tried(explain: Explain) -> None:
    _, shown, _ = explain("+81312345678")
    assert "small/international_rates.csv: line 6 wins" in shown
    assert "wins, but has no" in shown
    assert "Priced by small/international_rates.csv" not in shown


def test_a_plans_own_premium_row_goes_before_that_of_any_plan(explain: Explain) -> None:
    assert "small/premium_prefixes.csv: line 3 wins" in explain("9005550100", plan="pool60")[1]
    assert "small/premium_prefixes.csv: line 2 wins" in explain("9005550100", plan="metered")[1]
    assert "small/premium_prefixes.csv: line 2 wins" in explain("9005550100")[1]


def test_prices_of_plan_minutes_are_those_beyond_the_pool(explain: Explain) -> None:
    _, shown, _ = explain("2125550199", plan="pool60")
    assert "These are prices beyond the plan's minutes; within them a call costs 0." in shown
    assert "0.02 × 60 ÷ 60" in shown
    _, shown, _ = explain("2125550199", plan="unlimited")
    assert "0.02 ×" not in shown
    assert "within the plan" in shown


def test_a_call_from_the_number_to_a_toll_free_number_is_priced_too(explain: Explain) -> None:
    _, shown, _ = explain("+442071234567")
    assert "Priced by small/toll_free_rates.csv, line 3, nearest 60, USD" in shown


def test_it_fits_100_columns(explain: Explain) -> None:
    for number in ("+447700900123", "9005550100", "2125550199"):
        _, shown, _ = explain(number, plan="pool60")
        tables = [line.rstrip() for line in shown.splitlines() if not line.startswith(("+", "A call", "No --plan"))]
        assert max(map(len, tables)) <= 100


def test_json_says_the_same(explain: Explain) -> None:
    code, shown, _ = explain("+447700900123", "--json")
    told = json.loads(shown)
    assert code == 0
    assert (told["number"], told["rate_version"], told["at"]) == ("+447700900123", "small", "2020-01-15T10:30:00Z")
    deck = next(lookup for lookup in told["lookups"] if lookup["file"] == "international_rates.csv")
    assert deck["winning_line"] == 3
    assert [(row["line"], row["state"]) for row in deck["rows"]] == [
        (4, "not_yet"),
        (5, "over"),
        (3, "wins"),
        (2, "in_force"),
    ]
    assert deck["rows"][0]["effective_from"] == CHANGE
    to, _ = told["calls"]
    assert (to["outcome"], to["file"], to["line"]) == ("international", "international_rates.csv", 3)
    assert [(price["seconds"], price["billable_seconds"], price["cost"]) for price in to["prices"]] == [
        (1, 30, "0.059250"),
        (30, 30, "0.059250"),
        (60, 60, "0.068500"),
        (61, 66, "0.070350"),
    ]


@pytest.mark.parametrize(
    ("number", "named", "said"),
    [
        ("55", {"country": "ZZ"}, "small/dialing_plans.csv: has no row for the country ('ZZ')"),
        ("12345678", {}, "NUMBER: this is no E.164 number, and none that can be dialled in US ('12345678')"),
        ("", {}, "NUMBER: this is no E.164 number"),
        ("+447700900123", {"at": "yesterday"}, "--at: this is no time ('yesterday'); write it as 2020-01-15T10:30:00Z"),
        ("+447700900123", {"at": "2020-02-30"}, "--at: this is no time ('2020-02-30')"),
        ("+447700900123", {"at": "1969-12-31"}, "--at: this is no time ('1969-12-31')"),
        (
            "+447700900123",
            {"currency": "EUR"},
            "no table of the version has a row in this currency ('EUR'); use one of",
        ),
        (
            "+447700900123",
            {"plan": "gold"},
            "small/plans.csv, column plan_id: has no such plan ('gold'); use one of: met",
        ),
        ("+447700900123", {"rates": "1999"}, "there is no such rate version ('1999'); use one of: small"),
    ],
)
def test_what_is_not_known_or_readable_is_refused(
    explain: Explain, number: str, named: dict[str, str], said: str
) -> None:
    code, shown, message = explain(number, **named)
    assert (code, shown) == (2, "")
    assert message.startswith("tollbook: ")
    assert said in message


def test_a_draft_is_explained_before_it_is_frozen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rates(tmp_path, TABLES)
    manifest = tmp_path / "small" / "manifest.toml"
    lines = [line for line in manifest.read_text().splitlines() if not line.startswith("sha256")]
    manifest.write_text("\n".join(lines))
    words = ["rates", "explain", "+442071234567", "--at", "2020-01-15", "--country", "US", "--currency", "USD"]
    places = ["--rate-tables", str(tmp_path)]
    assert run([*words, *places, "--rates", "small"]) == 0
    assert "international_rates.csv: line 2 wins" in capsys.readouterr().out
    assert run([*words, *places]) == 2
    assert "holds no frozen rate version" in capsys.readouterr().err
