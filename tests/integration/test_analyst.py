"""A billed month as an analyst meets it: the CSVs, the details on request, the queries."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from flows.cli import run
from tests.integration.demo_month import ROOT, Billed, bill, make_demo, no_settings_from_outside

ACCOUNTS = [f"A{number:05d}" for number in range(1, 13)]
FRENCH_ACCOUNT = "A00003"
MARK = b"\xef\xbb\xbf"
CALL_TYPES = {
    "Toll-Free Inbound": "toll_free",
    "Appel entrant gratuit": "toll_free",
    "International": "international",
    "Domestic Metered": "domestic_premium",
    "National mesuré": "domestic_premium",
    "Overage": "overage",
    "Excédent": "overage",
}
VIEWS = ["revenue_by_category", "month_over_month", "top_destinations", "rounding_bridge", "run_controls"]
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """January 2020: 2,000 calls of 12 accounts, billed on 1 February."""
    folder = tmp_path_factory.mktemp("analyst")
    return bill(Billed(make_demo(folder / "demo"), folder / "warehouse"))


def _published_csv(billed: Billed, account: str) -> bytes:
    return (billed.warehouse / "details" / "2020-01" / f"{account}.csv").read_bytes()


def _cells(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Header and rows. No cell of these files needs quotes."""
    header, *rows = content.removeprefix(MARK).decode().split("\r\n")[:-1]
    return header.split(","), [row.split(",") for row in rows]


def _details(billed: Billed, *words: str) -> bytes:
    """What the details command writes to standard output."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with contextlib.redirect_stdout(output):
        assert run(["details", *words, "--warehouse", str(billed.warehouse)]) == 0
    output.flush()
    content: bytes = output.buffer.getvalue()  # type: ignore[attr-defined]
    return content


@pytest.mark.parametrize("account", ACCOUNTS)
def test_costs_of_the_csv_by_call_type_sum_to_the_exact_amounts_of_the_invoice(billed: Billed, account: str) -> None:
    csv = billed.warehouse / "details" / "2020-01" / f"{account}.csv"
    [cost, kind] = ["Coût Total", "Type d’appel"] if account == FRENCH_ACCOUNT else ["Total Cost", "Call Type"]
    sums = duckdb.sql(
        f'select "{kind}", sum("{cost}"::decimal(18, 6)) '
        f"from read_csv('{csv}', header = true, all_varchar = true, delim = ',', quote = '\"') group by all"
    ).fetchall()
    lines = billed.ask(
        "select category, exact_amount from invoice_line_items where unit = 'minute' "
        f"and category <> 'included_minutes' and account_id = '{account}'"
    )
    assert {CALL_TYPES[kind]: total for kind, total in sums if total} == {
        category: exact for category, exact in lines if exact
    }


def test_every_call_costs_its_fee_and_its_rate_by_its_seconds_half_up(billed: Billed) -> None:
    query = """
        select call_id, cost from (
            select *, (connection_fee * 1000000)::bigint as fee, (rate_per_minute * 1000000)::bigint as rate,
                billable_seconds - included_seconds as charged
            from billed_calls
        ) where (cost * 1000000)::bigint <> fee + (2 * rate * charged + 60) // 120
    """
    assert billed.ask(query) == []


def test_the_month_has_every_call_type_and_almost_every_category(billed: Billed) -> None:
    types = {kind for (kind,) in billed.ask("select distinct call_type from billed_calls")}
    assert types == {"toll_free", "international", "domestic_premium", "overage", "included"}
    missing = "adjustments"  # reruns only
    categories = {category for (category,) in billed.ask("select distinct category from invoice_line_items")}
    assert len(categories) == 16
    assert missing not in categories


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_published_csv_is_marked_ends_its_rows_and_is_in_order(billed: Billed, account: str) -> None:
    content = _published_csv(billed, account)
    _, rows = _cells(content)
    assert content.startswith(MARK)
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    assert b'"' not in content
    starts = [row[2] for row in rows]
    assert starts == sorted(starts)
    query = f"select count(*) from billed_calls where account_id = '{account}' and call_type <> 'included'"
    assert billed.ask(query) == [(len(rows),)]


def test_a_row_of_the_csv_reads_as_the_call_in_the_database(billed: Billed) -> None:
    _, rows = _cells(_published_csv(billed, "A00001"))
    query = """
        select source_number, destination_number, strftime(start_time, '%Y-%m-%d %H:%M:%S'),
            strftime(end_time, '%Y-%m-%d %H:%M:%S'), duration_seconds::varchar, cost::varchar,
            rate_per_minute::varchar
        from billed_calls where account_id = 'A00001' and call_type <> 'included'
        order by start_time, call_id, source
    """
    assert [tuple(row[:5] + row[6:8]) for row in rows] == billed.ask(query)


@pytest.mark.parametrize(("account", "lang"), [("A00001", "en"), (FRENCH_ACCOUNT, "fr")])
def test_details_on_request_are_the_published_file(billed: Billed, account: str, lang: str) -> None:
    published = _published_csv(billed, account)
    assert _details(billed, account, "2020-01") == published
    assert _details(billed, account, "2020-01", "--lang", lang) == published


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("form", [(), ("--by-pair",)])
def test_details_to_a_file_are_those_to_standard_output(
    billed: Billed, tmp_path: Path, lang: str, form: tuple[str, ...]
) -> None:
    words = ["A00002", "2020-01", "--lang", lang, *form]
    assert _details(billed, *words, "-o", str(tmp_path / "new" / "calls.csv")) == b""
    assert (tmp_path / "new" / "calls.csv").read_bytes() == _details(billed, *words)


def test_details_by_pair_are_the_calls_summed(billed: Billed) -> None:
    _, calls = _cells(_details(billed, "A00002", "2020-01"))
    header, pairs = _cells(_details(billed, "A00002", "2020-01", "--by-pair"))
    keys = [(row[0], row[1], row[9], Decimal(row[8])) for row in pairs]
    assert header[4] == "Calls"
    assert keys == sorted(set(keys))
    assert sum(int(row[4]) for row in pairs) == len(calls)
    assert sum(int(row[5]) for row in pairs) == sum(int(row[4]) for row in calls)
    assert sum(Decimal(row[7]) for row in pairs) == sum(Decimal(row[6]) for row in calls)


def test_every_control_balances(billed: Billed) -> None:
    assert billed.ask("select count(distinct control) from run_controls") == [(9,)]
    assert billed.ask("select control, subject from run_controls where difference <> 0") == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_rows(billed: Billed, view: str) -> None:
    assert billed.ask(f"select count(*) > 0 from {view}") == [(True,)]


def test_the_queries_of_the_readme_give_rows(billed: Billed) -> None:
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) >= 2
    assert [query for query in queries if not billed.ask(query)] == []
