"""The run's report: what it shows is what the tables hold, it stands by itself, and is made again to the byte."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from flows.report.page import report_page
from tests.integration.demo_month import Billed, bill, make_demo, no_settings_from_outside
from tests.integration.html_page import Page, plain
from tests.integration.small_office import Office, Outcome, calls_csv, edit, to_london

FEBRUARY = """\
call_id,account_id,direction,source_number,destination_number,start_time,duration_seconds,disposition
f1,A00001,outbound,+12126000000,+442079460018,2020-02-10T09:00:00Z,60,answered
f2,A00001,outbound,+12126000000,+442079460018,2020-02-10T10:00:00Z,60,answered
"""
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """January 2020 of 12 accounts, billed on 1 February, and two calls of February, billed on 1 March."""
    folder = tmp_path_factory.mktemp("report")
    month = bill(Billed(make_demo(folder / "demo"), folder / "warehouse"))
    february = month.inputs / "inbox" / "2020-02"
    february.mkdir()
    (february / "calls.csv").write_text(FEBRUARY, encoding="utf-8")
    return bill(month, "2020-03")


def _report_of(month: Billed, invoice_month: str) -> Path:
    [path] = (month.warehouse / "runs").glob(f"{invoice_month}-*/report.html")
    return path


@pytest.fixture(scope="module")
def page(billed: Billed) -> Page:
    """The report of February, the first month."""
    return Page.of(_report_of(billed, "2020-02"))


def _cells(rows: list[tuple[Any, ...]]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in rows]


def test_revenue_is_the_sum_of_the_invoice_lines(billed: Billed, page: Page) -> None:
    rows = billed.ask(
        "select currency, category, count(*), sum(amount) from invoice_line_items join invoices using (invoice_id) "
        "where invoice_line_items.invoice_month = date '2020-02-01' group by all"
    )
    shown = {
        (table.removeprefix("revenue-"), mark): [plain(cell) for cell in cells]
        for table in page.tables
        if table.startswith("revenue-")
        for mark, cells in page.marked(table).items()
    }
    assert shown == {(currency, category): [str(lines), str(amount)] for currency, category, lines, amount in rows}
    totals = billed.ask("select currency, sum(total) from invoices where invoice_month = '2020-02-01' group by all")
    assert len(totals) > 1
    for currency, total in totals:
        assert plain(page.named(f"revenue-{currency}")["Total"][-1]) == str(total)


def test_groups_of_categories_sum_up_to_the_total(page: Page) -> None:
    rows = page.tables["revenue-USD"][1:]
    marks = page.marks["revenue-USD"][1:]
    groups = [Decimal(plain(row[-1])) for row, mark in zip(rows, marks, strict=True) if mark is None]
    assert sum(groups[:-1]) == groups[-1]


def test_calls_are_those_of_the_tables_by_outcome_hour_and_day(billed: Billed, page: Page) -> None:
    calls = (
        "(select call_type as fate, start_time, duration_seconds from billed_calls where usage_month = '2020-01-01' "
        "union all select reason, start_time, duration_seconds from unbilled_calls where usage_month = '2020-01-01' "
        "union all select reason, start_time, duration_seconds from suspended_calls where usage_month = '2020-01-01')"
    )
    found = dict(billed.ask(f"select fate, count(*) from {calls} group by fate"))
    shown = {mark: int(plain(row[0])) for mark, row in page.marked("calls-outcome").items()}
    assert shown == {fate: count for fate, count in found.items() if fate != "included"}
    assert int(plain(page.named("calls-outcome")["Within plan minutes"][0])) == found["included"]
    assert int(plain(page.named("calls-outcome")["All"][0])) == sum(found.values())
    for part, table, shift in (("hour", "calls-hour", 0), ("day", "calls-day", 1)):
        counts = dict(billed.ask(f"select {part}(start_time), count(*) from {calls} group by 1"))
        rows = [int(plain(row[-1])) for row in page.tables[table][1:]]
        assert rows == [counts.get(place + shift, 0) for place in range(len(rows))]
    assert len(page.tables["calls-hour"]) == 25
    assert len(page.tables["calls-day"]) == 32


def test_destinations_are_the_dearest_and_all_others_one_row(billed: Billed, page: Page) -> None:
    view = "top_destinations where usage_month = date '2020-01-01' and currency = 'USD'"
    rows = billed.ask(f"select call_count, cost, destination from {view} order by cost desc, call_type, destination")
    assert len(rows) > 10
    shown = page.tables["destinations-USD"][1:]
    assert [int(plain(row[2])) for row in shown[:10]] == [row[0] for row in rows[:10]]
    assert [row[0].startswith(name) for row, (_, _, name) in zip(shown[:10], rows, strict=False)] == [True] * 10
    rest = sum(cost for _, cost, _ in rows[10:])
    exact = [Decimal(value) for value in page.exact]
    usd = next(place for place in range(len(exact)) if exact[place] == rows[0][1])
    assert exact[usd : usd + 11] == [cost for _, cost, _ in rows[:10]] + [rest]
    assert plain(shown[-1][-1]) == str(rest.quantize(Decimal("0.01")))


def test_accounts_are_those_of_the_greatest_invoices(billed: Billed, page: Page) -> None:
    rows = billed.ask(
        "select account_id, total from invoices where invoice_month = '2020-02-01' and currency = 'USD' "
        "order by total desc, account_id limit 10"
    )
    shown = page.tables["accounts-USD"][1:]
    for row, (account, total) in zip(shown, rows, strict=False):
        assert row[0].endswith(account)
        assert plain(row[2]) == str(total)


def test_rows_by_outcome_and_source_are_those_of_the_files(billed: Billed, page: Page) -> None:
    names = ["billed", "unbilled", "suspended", "duplicate", "conflict", "outside_month", "rejected"]
    sums = ", ".join(f"sum(rows_{name})" for name in names)
    [found] = billed.ask(f"select {sums}, sum(rows_read) from source_files where usage_month = '2020-01-01'")
    shown = page.marked("rows-table")
    assert [int(plain(shown[f"rows_{name}"][-1])) for name in names if f"rows_{name}" in shown] == [
        int(count) for count in found[:-1] if count
    ]
    assert int(plain(page.named("rows-table")["Rows read"][-1])) == found[-1]
    assert page.tables["rows-table"][0] == ["Outcome", "asterisk", "canonical", "All"]


def test_controls_show_both_sides_of_what_was_checked(billed: Billed, page: Page) -> None:
    [(run_id,)] = billed.ask("select run_id from runs where invoice_month = '2020-02-01'")
    query = "select control, sum(left_side), count(*) from run_controls where run_id = '{}' group by control"
    shown: dict[str, list[Decimal]] = {}
    for name, left, right, checks, result in page.tables["controls-table"][1:]:
        assert left == right
        assert result == "equal"
        control = re.sub(r" (USD|BRL|CAD)$", "", name)
        sums = shown.setdefault(control, [Decimal(0), Decimal(0)])
        sums[0] += Decimal(plain(left))
        sums[1] += Decimal(plain(checks))
    assert shown == {control: [left, checks] for control, left, checks in billed.ask(query.format(run_id))}


def test_hashes_are_whole_and_those_of_the_inputs(billed: Billed, page: Page) -> None:
    files = dict(billed.ask("select source_file, sha256 from source_files where usage_month = '2020-01-01'"))
    shown = page.named("hashes-table")
    assert {name: shown[name][0] for name in files} == files
    assert any(name.startswith("rate version 2020.1") for name in shown)
    assert "contracts/accounts.csv" in shown


def test_suspended_calls_and_records_of_other_months_are_told(billed: Billed, page: Page) -> None:
    [(calls,)] = billed.ask("select count(*) from suspended_calls where usage_month = '2020-01-01'")
    assert sum(int(row[2]) for row in page.tables["suspended-table"][1:]) == calls > 0
    others = billed.ask(
        "select arrival, count(*) from outside_month_records where usage_month = '2020-01-01' group by 1"
    )
    assert {row[1]: int(row[2]) for row in page.tables["others-table"][1:]} == dict(others)


def test_last_month_stands_beside(billed: Billed) -> None:
    march = Page.of(_report_of(billed, "2020-03"))
    assert march.tables["revenue-USD"][0] == ["Category", "Lines", "March 2020", "Last month", "Difference", "Change"]
    totals = dict(
        billed.ask("select invoice_month::varchar, sum(total) from invoices where currency = 'USD' group by 1")
    )
    now, last = totals["2020-03-01"], totals["2020-02-01"]
    assert [plain(cell) for cell in march.named("revenue-USD")["Total"][1:4]] == [str(now), str(last), str(now - last)]
    before = billed.ask(
        "select category, sum(amount) from invoice_line_items join invoices using (invoice_id) "
        "where invoice_line_items.invoice_month = '2020-02-01' and currency = 'USD' group by all"
    )
    shown = march.marked("revenue-USD")
    assert {category: plain(shown[category][2]) for category, _ in before} == {
        category: str(amount) for category, amount in before
    }


def test_no_telephone_number_is_shown(billed: Billed) -> None:
    numbers = billed.ask(
        "select source_number from billed_calls union select destination_number from billed_calls "
        "union select source_number from suspended_calls union select destination_number from suspended_calls"
    )
    long = [number.lstrip("+") for (number,) in numbers if number and len(number) > 7]
    assert len(long) > 100
    for name in ("report.html", "report.json"):
        text = _report_of(billed, "2020-02").with_name(name).read_text(encoding="utf-8")
        assert [number for number in long if number in text] == []


def test_it_stands_by_itself(page: Page) -> None:
    assert page.open == []
    names = {name for name, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "font-face"}
    for name, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on") or key in ("style", "src", "srcset")], name
        assert (attributes.get("href") or "#").startswith("#")
    assert "http" not in "".join(str(value) for name, found in page.tags for value in found.values() if name != "meta")
    policy = next(found["content"] for name, found in page.tags if found.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_it_can_be_read_by_all(page: Page) -> None:
    assert ("html", {"lang": "en"}) in page.tags
    heads = [found for name, found in page.tags if name == "th"]
    assert all(found.get("scope") in ("col", "row", "rowgroup") for found in heads)
    charts = [found for name, found in page.tags if name == "svg" and "chart" in str(found.get("class"))]
    assert len(charts) >= 3
    assert all(found.get("role") == "img" and found.get("aria-label") for found in charts)
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [str(found["id"]) for _, found in page.tags if "id" in found]
    assert len(ids) == len(set(ids))
    links = [str(found["href"])[1:] for name, found in page.tags if name == "a"]
    assert set(links) <= set(ids)


def test_the_same_inputs_give_the_same_report(billed: Billed, tmp_path: Path) -> None:
    again = bill(bill(Billed(billed.inputs, tmp_path / "elsewhere")), "2020-03")
    for month in ("2020-02", "2020-03"):
        assert _report_of(again, month).read_bytes() == _report_of(billed, month).read_bytes()


def test_the_command_makes_it_again(billed: Billed, tmp_path: Path, told: Callable[[list[str]], Outcome]) -> None:
    published = _report_of(billed, "2020-02")
    words = ["report", "2020-02", "--warehouse", str(billed.warehouse)]
    outcome = told(words)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.strip().endswith(str(published))
    written = tmp_path / "february.html"
    assert told([*words, "-o", str(written)]).code == 0
    assert written.read_bytes() == published.read_bytes()


def test_a_report_that_is_gone_is_put_back_and_an_altered_one_is_not_written_over(
    billed: Billed, told: Callable[[list[str]], Outcome]
) -> None:
    published = _report_of(billed, "2020-02")
    content = published.read_bytes()
    words = ["report", "2020-02", "--warehouse", str(billed.warehouse)]
    published.unlink()
    assert told(words).code == 0
    assert published.read_bytes() == content
    published.write_bytes(content + b" ")
    refused = told(words)
    assert refused.code == 2
    assert "was altered after it was published" in refused.err
    assert told(["verify", "--warehouse", str(billed.warehouse)]).code == 3
    published.write_bytes(content)


def test_a_report_of_other_figures_is_refused(
    billed: Billed, tmp_path: Path, told: Callable[[list[str]], Outcome]
) -> None:
    warehouse = tmp_path / "copy"
    shutil.copytree(billed.warehouse, warehouse, symlinks=True)
    [facts] = (warehouse / "runs").glob("2020-02-*/report.json")
    edit(facts, lambda text: text.replace('"bytes": ', '"bytes": 1'))
    refused = told(["report", "2020-02", "--warehouse", str(warehouse), "-o", str(tmp_path / "x.html")])
    assert refused.code == 2
    assert "the figures of the report are gone or altered" in refused.err
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["2020-07"], "is not issued, so there is no report of it; run `tollbook bill 2020-07` first"),
        (["2020-02", "--run", "nothing"], "no such run of 2020-02 is published"),
        (["2020-02", "-o", "."], "this is a folder"),
        (["January"], "this is no month"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    billed: Billed, told: Callable[[list[str]], Outcome], flags: list[str], said: str
) -> None:
    refused = told(["report", *flags, "--warehouse", str(billed.warehouse)])
    assert refused.code == 2
    assert said in refused.err


def test_last_month_issued_later_leaves_the_report_as_it_was(office: Office, told: Callable[..., Outcome]) -> None:
    assert told(office.arguments()).code == 0
    [published] = (office.warehouse / "runs").glob("2020-02-*/report.html")
    content = published.read_bytes()
    december = office.folder / "inbox" / "2019-12"
    december.mkdir()
    (december / "calls.csv").write_text(
        calls_csv(to_london("d1").replace("2020-01-15", "2019-12-15")), encoding="utf-8"
    )
    assert told(office.arguments(month="2020-01")).code == 0
    assert "was not issued from this warehouse" in content.decode()
    assert told(["report", "2020-02", "--warehouse", str(office.warehouse)]).code == 0
    assert published.read_bytes() == content


def test_hostile_names_are_text(office: Office, told: Callable[..., Outcome]) -> None:
    edit(office.contracts / "accounts.csv", lambda text: text.replace("Acme", '"' + HOSTILE.replace('"', '""') + '"'))
    assert told(office.arguments()).code == 0
    [published] = (office.warehouse / "runs").glob("2020-02-*/report.html")
    page = Page.of(published)
    assert HOSTILE in page.text
    assert not [name for name, _ in page.tags if name in ("script", "img")]


def test_a_month_without_invoices_has_a_report(empty_office: Office, told: Callable[..., Outcome]) -> None:
    empty_office.put("calls.csv", calls_csv())
    (empty_office.contracts / "account_items.csv").unlink()
    assert told(empty_office.arguments()).code == 0
    [published] = (empty_office.warehouse / "runs").glob("2020-02-*/report.html")
    page = Page.of(published)
    assert "No invoice was issued" in page.text
    assert "No call of this month was accepted" in page.text
    assert "Nothing waits" in page.text
    assert not [name for name in page.tables if name.startswith("revenue")]


def test_one_currency_has_one_table(office: Office, told: Callable[..., Outcome]) -> None:
    assert told(office.arguments()).code == 0
    [published] = (office.warehouse / "runs").glob("2020-02-*/report.html")
    page = Page.of(published)
    assert [name for name in page.tables if name.startswith("revenue")] == ["revenue-USD"]
    assert plain(page.named("revenue-USD")["Total"][-1]) == str(office.rows("select sum(total) from invoices")[0][0])


def test_a_rerun_has_its_own_report(office: Office, told: Callable[..., Outcome]) -> None:
    assert told(office.arguments()).code == 0
    reason = f"letter {HOSTILE}"
    edit(office.month / "calls.csv", lambda text: text + to_london("c2").replace(",60,", ",600,") + "\n")
    flags = ["--reason", reason, "--disputed-on", "2020-02-10"]
    assert told(office.arguments(*flags, command="rerun")).code == 0
    [(run_id,)] = office.rows("select run_id from runs where kind = 'rerun'")
    page = Page.of(office.warehouse / "runs" / run_id / "report.html")
    rows = office.rows("select base_category, issued_amount, corrected_amount, difference from adjustments")
    shown = page.marked("amounts-USD")
    assert {name: [plain(row[place]) for place in (1, 2, 4)] for name, row in shown.items()} == {
        category: [str(amount) for amount in amounts] for category, *amounts in rows
    }
    assert reason in page.text
    assert page.named("causes-table")["call added USD"][0] == "1"
    words = ["report", "2020-02", "--run", run_id, "--warehouse", str(office.warehouse)]
    assert told(words).code == 0


def test_a_rerun_that_finds_nothing_says_so(office: Office, told: Callable[..., Outcome]) -> None:
    assert told(office.arguments()).code == 0
    assert told(office.arguments("--reason", "proof", command="rerun")).code == 0
    [(run_id,)] = office.rows("select run_id from runs where kind = 'rerun'")
    assert "Nothing differs." in Page.of(office.warehouse / "runs" / run_id / "report.html").text


def _facts(billed: Billed) -> dict[str, Any]:
    import json

    text = _report_of(billed, "2020-02").with_name("report.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_anomalies_are_shown_where_there_is_a_table_of_them(billed: Billed) -> None:
    anomaly = {
        "account_id": "A00001",
        "check_name": "account_total",
        "subject": "<b>+442079460018</b>",
        "value": "1234.50",
        "usual": None,
        "ratio": "12.50",
        "threshold": "3",
        "unit": "USD",
        "message": "A00001 is at 12.50 times what is usual, to +442079460018",
    }
    without = {name: value for name, value in _facts(billed).items() if name != "anomalies"}
    assert 'id="anomalies"' not in report_page(without)
    empty = Page(report_page({**without, "anomalies": []}))
    assert "None found." in empty.text
    shown = report_page({**without, "anomalies": [anomaly]})
    page = Page(shown)
    [row] = page.tables["anomalies-table"][1:]
    assert row[1:] == ["1,234.50 USD", "–", "12.50", "3"]
    assert "442079460018" not in shown
    assert not [name for name, _ in page.tags if name == "b"]
    assert "1 anomaly" in page.text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_asks_for_nothing_and_complains_of_nothing(billed: Billed, scheme: Any) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    said: list[str] = []
    asked: list[str] = []
    address = _report_of(billed, "2020-03").resolve().as_uri()
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=chromium, args=flags)
        sheet = browser.new_page(viewport={"width": 375, "height": 800}, color_scheme=scheme)
        sheet.on("console", lambda message: said.append(message.text))
        sheet.on("pageerror", lambda error: said.append(str(error)))
        sheet.on("request", lambda request: asked.append(request.url))
        sheet.goto(address)
        assert sheet.evaluate("document.documentElement.scrollWidth") == 375  # nothing is wider than a phone
        # the style sheet is let in by its hash: its colours are there
        assert sheet.evaluate("getComputedStyle(document.querySelector('.now rect')).fill") not in ("", "rgb(0, 0, 0)")
        assert _least_contrast(sheet) >= 4.5
        browser.close()
    assert said == []
    assert asked == [address]


def _least_contrast(sheet: Any) -> float:
    """The smallest contrast (WCAG) of any text with what it stands on."""
    found: float = sheet.evaluate(
        """() => {
        const parts = text => text.match(/[0-9.]+/g).map(Number);
        const light = colour => parts(colour).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = node => {
            for (let here = node; here; here = here.parentElement) {
                const colour = getComputedStyle(here).backgroundColor;
                if (parts(colour)[3] !== 0) return colour;
            }
        };
        let least = 21;
        for (const node of document.querySelectorAll('body *')) {
            if (![...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue;
            const style = getComputedStyle(node);
            const ink = node.namespaceURI.endsWith('svg') ? style.fill : style.color;
            const [a, b] = [light(ink), light(ground(node))].sort((x, y) => y - x);
            least = Math.min(least, (a + 0.05) / (b + 0.05));
        }
        return least;
    }"""
    )
    return found
