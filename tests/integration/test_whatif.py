"""`tollbook whatif`: an issued month under another version, in money; and that it is what a bill would come to.

The small month: A has 60 minutes a month, of which 55 go to a local call at noon of the 10th, and calls London for a
minute. Before that it called area code 299 for ten minutes, which `small` does not know. `better` does, so the ten
minutes are within the plan, and five of the 55 are beyond it: 0.10. London is 0.03 instead of 0.01; 447790 has a price.
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

import polars as pl
import pytest
from rich.console import Console

from flows.cli import run
from flows.settings import Settings
from flows.whatif import WhatIf, what_if
from tests.integration.demo_month import ROOT, Billed, bill, make_demo
from tests.properties.memory_month import INVOICE_MONTH
from tests.rules.conftest import bill_once  # noqa: F401 - a fixture
from tests.rules.small_month import SmallMonth, account, call, item, number
from tests.rules.small_rates import charge, default_tables, international, plan, tax
from tests.rules.test_suspended_calls import BETTER, BILLED, SMALL, SUSPENDED, TOLL_FREE, B, make_version

pytestmark = pytest.mark.integration
Ask = Callable[..., tuple[int, str, str]]
OTHER_DECK = [international("44", "0.02"), international("44779", "")]
DEARER = {
    "charges": [
        row if row["charge_code"] != "phone" else charge("phone", "30.00") for row in default_tables()["charges"]
    ],
    "taxes": [tax("state", "10")],
}


@pytest.fixture(scope="module")
def month(bill_once: Callable[..., SmallMonth]) -> SmallMonth:  # noqa: F811 - the fixture
    month = bill_once(
        accounts=[account(plan_id="pool60"), account("B"), account("C")],
        items=[item("phones", quantity=2)],
        numbers=[number(TOLL_FREE, account_id="B", kind="toll_free")],
        calls=[*SUSPENDED, *BILLED, call("b1", "+442071234567", 120, **B), call("c1", account_id="C", seconds=600)],
        rates=SMALL,
    )
    make_version(month.folder, "better", BETTER)
    make_version(month.folder, "deck", {**SMALL, "international_rates": OTHER_DECK})
    make_version(month.folder, "late", {**SMALL, "plans": [plan("metered", "0")]})
    make_version(month.folder, "smaller", {**SMALL, "plans": [plan("metered", "0"), plan("pool60", "40")]})
    make_version(month.folder, "dearer", {**SMALL, **DEARER})
    return month


@pytest.fixture
def ask(month: SmallMonth, capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(version: str, *flags: str, invoice_month: str = "2020-02") -> tuple[int, str, str]:
        places = ["--warehouse", str(month.warehouse), "--rate-tables", str(month.folder / "rates")]
        code = run(["whatif", invoice_month, "--rates", version, *places, *flags])
        written = capsys.readouterr()
        return code, written.out, written.err

    return asked


def _rows(shown: str, title: str) -> list[str]:
    """The rows of a table, by its title."""
    lines = shown.split(title, 1)[1].splitlines()[1:]
    begin = next(place for place, line in enumerate(lines) if "──" in line) + 1
    end = next(place for place, line in enumerate(lines) if place >= begin and not line.strip())
    return [" ".join(line.split()) for line in lines[begin:end]]


def test_the_effect_is_shown_by_category_with_totals(ask: Ask) -> None:
    code, shown, _ = ask("better")
    assert code == 0
    assert _rows(shown, "Invoice lines by category") == [
        "USD service_charge 49.90 49.90 +0.00",
        "USD phone_numbers 5.00 5.00 +0.00",
        "USD included_minutes 0.00 0.00 +0.00",
        "USD overage 0.20 0.30 +0.10",
        "USD international 0.03 0.25 +0.22",
        "USD total 55.13 55.45 +0.32",
    ]


def test_the_effect_is_shown_by_destination_and_account(ask: Ask) -> None:
    _, shown, _ = ask("better")
    assert _rows(shown, "Calls by what they become and destination") == [
        "USD international to 44779 1 0.000000 0.160000 +0.160000",
        "USD overage - 1 0.000000 0.100000 +0.100000",
        "USD international to 44 2 0.030000 0.090000 +0.060000",
    ]
    assert _rows(shown, "Accounts: invoice totals") == ["A USD 49.91 50.19 +0.28", "B USD 5.02 5.06 +0.04"]


def test_what_becomes_of_calls_is_told(ask: Ask) -> None:
    """Suspended ones that come to be billed, and a call that a pool no longer covers."""
    _, shown, _ = ask("better")
    assert _rows(shown, "Calls that become another kind of call")[:3] == [
        "USD included overage 1 0.000000 0.100000 +0.100000",
        "USD suspended: no_rate international 1 0.000000 0.160000 +0.160000",
        "USD suspended: included 1 0.000000 0.000000 +0.000000",  # unknown_destination, on the next line
    ]


def test_only_calls_that_differing_rows_touch_are_rated_again(ask: Ask) -> None:
    """`deck` has another price for 44 alone: two calls to London, and the suspended one that
    begins so. `better` also moves calls of A in its plan."""
    assert "3 of 10 calls were rated again: those that differing rows of the two versions can touch " in ask("deck")[1]
    assert "5 of 10 calls were rated again" in ask("better")[1]
    assert "0 of 10 calls were rated again: no row that rates calls of this month differs." in ask("small")[1]


def test_a_smaller_pool_alone_rates_every_call_of_its_accounts_again(ask: Ask) -> None:
    """40 minutes: 15 of the 55 are beyond it, 0.30. A has four calls, two of them suspended."""
    _, shown, _ = ask("smaller")
    assert "4 of 10 calls were rated again" in shown
    assert _rows(shown, "Accounts: invoice totals") == ["A USD 49.91 50.21 +0.30"]


def test_the_version_of_the_issue_makes_no_difference(ask: Ask) -> None:
    code, shown, _ = ask("small")
    assert (code, "No destinations differ." in shown, "No accounts differ." in shown) == (0, True, True)
    assert _rows(shown, "Invoice lines by category")[-1] == "USD total 55.13 55.13 +0.00"


def test_recurring_charges_and_taxes_are_those_of_the_version_too(ask: Ask) -> None:
    """2 × 5.05 more for phones, and 10 % tax: of A 60.01 is 6.00, of B 5.02 is 0.50, of C 0.20 is 0.02."""
    _, shown, _ = ask("dearer")
    assert "0 of 10 calls were rated again" in shown
    assert _rows(shown, "Invoice lines by category")[-2:] == ["USD tax 0.00 6.52 +6.52", "USD total 55.13 71.75 +16.62"]
    assert "Recurring and one-time charges, fees and taxes are those of dearer as well." in shown


def test_some_accounts_alone(ask: Ask) -> None:
    _, shown, _ = ask("better", "--account", "B")
    assert _rows(shown, "Accounts: invoice totals") == ["B USD 5.02 5.06 +0.04"]
    assert "1 of 5 calls were rated again" in shown
    assert ask("better", "--account", "B", "--account", "A")[1].count("A USD") == 0
    code, shown, message = ask("better", "--account", "nobody")
    assert (code, shown) == (2, "")
    assert "--account: the month was issued without such an account ('nobody')" in message


def test_every_effect_is_written_as_csv_or_parquet(ask: Ask, tmp_path: Path) -> None:
    code, shown, _ = ask("better", "-o", str(tmp_path / "effects.csv"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "effects.csv").read_bytes().decode(), newline="")))
    assert (code, f"{len(rows)} effects written to" in shown) == (0, True)
    for level in ("lines", "calls"):
        differences = [Decimal(row["difference"]) for row in rows if row["level"] == level]
        assert sum(differences) == Decimal("0.32")
    assert ask("better", "-o", str(tmp_path / "effects.parquet"))[0] == 0
    table = pl.read_parquet(tmp_path / "effects.parquet")
    assert table["difference"].dtype == pl.Decimal(24, 6)
    assert table.height == len(rows)
    code, shown, message = ask("better", "-o", str(tmp_path / "effects.xlsx"))
    assert (code, shown) == (2, "")
    assert "name a file that ends in .csv or .parquet" in message


def test_nothing_is_published_by_asking(ask: Ask, month: SmallMonth) -> None:
    before = {path: path.lstat().st_mtime_ns for path in month.warehouse.rglob("*")}
    ask("better")
    assert {path: path.lstat().st_mtime_ns for path in month.warehouse.rglob("*")} == before


def test_a_person_sees_how_far_it_is_and_a_pipe_does_not(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small month's calls are one bucket."""
    assert ask("better")[2] == ""
    terminal = io.StringIO()
    monkeypatch.setattr(
        "flows.whatif_command.Console", lambda **_: Console(file=terminal, force_terminal=True, width=100)
    )
    code, shown, _ = ask("better")
    assert (code, "2020-02 under better" in terminal.getvalue(), "1/1" in terminal.getvalue()) == (0, True, True)
    assert shown == ask("better")[1]


def test_it_fits_100_columns(ask: Ask) -> None:
    _, shown, _ = ask("better")
    assert max(len(line.rstrip()) for line in shown.splitlines() if "as " not in line and "again" not in line) <= 100


def test_where_the_issuing_version_is_gone_every_call_is_rated(month: SmallMonth, tmp_path: Path) -> None:
    shutil.copytree(month.folder / "rates" / "better", tmp_path / "better")
    found = what_if(Settings(INVOICE_MONTH, rates="better", rate_tables=tmp_path, warehouse=month.warehouse))
    assert (found.changed, found.rerated_count) == (None, 10)
    assert found.lines.select(pl.col("old_cents", "new_cents").sum()).row(0) == (5513, 5545)


def test_a_draft_is_tried_before_it_is_frozen(ask: Ask, month: SmallMonth) -> None:
    draft = month.folder / "rates" / "draft"
    shutil.copytree(month.folder / "rates" / "better", draft)
    manifest = (draft / "manifest.toml").read_text().replace('"better"', '"draft"').splitlines()
    (draft / "manifest.toml").write_text("\n".join(line for line in manifest if not line.startswith("sha256")))
    code, shown, _ = ask("draft")
    assert (code, "USD total 55.13 55.45 +0.32" in " ".join(shown.split())) == (0, True)


@pytest.mark.parametrize(
    ("version", "invoice_month", "said"),
    [
        ("nowhere", "2020-02", "there is no such rate version ('nowhere'); use one of: "),
        ("better", "2020-03", "2020-03: is not issued, so there are no stored calls to rate again"),
        ("better", "202002", "month: this is no month ('202002')"),
        ("late", "2020-02", "pool60"),
    ],
)
def test_what_cannot_be_is_refused(ask: Ask, version: str, invoice_month: str, said: str) -> None:
    code, shown, message = ask(version, invoice_month=invoice_month)
    assert (code, shown) == (2, "")
    assert said in message


def test_a_version_with_one_byte_changed_is_refused_by_name(month: SmallMonth, ask: Ask) -> None:
    spoilt = month.folder / "rates" / "spoilt"
    shutil.copytree(month.folder / "rates" / "better", spoilt)
    (spoilt / "manifest.toml").write_text((spoilt / "manifest.toml").read_text().replace('"better"', '"spoilt"'))
    deck = spoilt / "international_rates.csv"
    deck.write_bytes(deck.read_bytes().replace(b"0.16", b"0.61"))
    code, _, message = ask("spoilt")
    assert code == 2
    assert "spoilt/international_rates.csv, column sha256: has another hash than the manifest" in message


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """January of 12 accounts, 2,000 calls, issued under the shipped version."""
    folder = tmp_path_factory.mktemp("whatif")
    return bill(Billed(make_demo(folder / "demo"), folder / "warehouse"))


def _alter(rows: list[dict[str, str]], table: str, random: Random) -> list[dict[str, str]]:
    price = "overage_rate" if table == "plans" else "rate_per_minute"
    often = 0.3 if len(rows) > 100 else 0.9
    for row in rows:
        if table == "plans" and random.random() < 0.5 and row["included_minutes"]:
            row["included_minutes"] = str(int(row["included_minutes"]) // 20)
        if random.random() < often and row.get(price):
            row[price] = f"{Decimal(row[price]) * 2:f}"
        if table in ("international_rates", "premium_prefixes") and random.random() < 0.1:
            row[price] = ""
        if table == "numbering_plan" and random.random() < 0.1:
            row["kind"] = random.choice(("premium", "geographic"))
    return [row for row in rows if table != "numbering_plan" or random.random() > 0.03]


def alter_version(root: Path, tables: tuple[str, ...], seed: int) -> None:
    """A version B beside the shipped one, that differs in these tables."""
    shutil.copytree(ROOT / "rate_tables" / "2020.1", root / "2020.1")
    shutil.copytree(ROOT / "rate_tables" / "2020.1", root / "B")
    random = Random(seed)
    manifest = (root / "B" / "manifest.toml").read_text(encoding="utf-8").replace('"2020.1"', '"B"')
    for table in tables:
        path = root / "B" / f"{table}.csv"
        old = path.read_bytes()
        rows = list(csv.DictReader(io.StringIO(old.decode(), newline="")))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        altered = _alter(rows, table, random)
        writer.writerows(altered)
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        digests = [hashlib.sha256(content).hexdigest() for content in (old, path.read_bytes())]
        count = f'rows = {old.decode().count(chr(10)) - 1}\nsha256 = "{digests[0]}"'
        assert count in manifest
        manifest = manifest.replace(count, f'rows = {len(altered)}\nsha256 = "{digests[1]}"')
    (root / "B" / "manifest.toml").write_text(manifest, encoding="utf-8")


def lines_of(warehouse: Billed) -> list[tuple[object, ...]]:
    query = (
        "select account_id, category, charge_code, sum(amount * 100)::bigint from invoice_line_items "
        "group by all having sum(amount) <> 0 order by all"
    )
    return warehouse.ask(query)


def told_lines(found: WhatIf, side: str) -> list[tuple[object, ...]]:
    columns = ("account_id", "category", "charge_code", f"{side}_cents")
    return sorted(found.lines.filter(pl.col(f"{side}_cents") != 0).select(columns).rows())


@pytest.mark.parametrize(
    ("tables", "most"),
    [
        (("international_rates",), 600),
        (("premium_prefixes",), 2000),
        (("toll_free_rates",), 600),
        (("plans",), 2000),
        (("numbering_plan",), 2000),
        (("international_rates", "toll_free_rates", "plans", "numbering_plan"), 2000),
    ],
)
def test_a_demo_month_comes_to_what_a_bill_under_the_version_comes_to(
    demo: Billed, tmp_path: Path, tables: tuple[str, ...], most: int
) -> None:
    """In every line; and fewer calls are rated again where only prices abroad or of callers differ."""
    alter_version(tmp_path / "rates", tables, seed=len(tables[0]))
    places = {"rate_tables": tmp_path / "rates", "warehouse": demo.warehouse}
    found = what_if(Settings(INVOICE_MONTH, rates="B", **places))
    other = Billed(demo.inputs, tmp_path / "other")
    words = [word if word != str(ROOT / "rate_tables") else str(tmp_path / "rates") for word in other.words("2020-02")]
    assert run([*words, "--rates", "B"]) == 0
    assert told_lines(found, "old") == lines_of(demo)
    assert told_lines(found, "new") == lines_of(other)
    assert told_lines(found, "old") != told_lines(found, "new")
    assert 0 < found.rerated_count <= most
