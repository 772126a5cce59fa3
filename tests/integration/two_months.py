"""A warehouse of two months and a dispute between them: what finance's queries are asked of.

January (2,000 calls of 12 accounts) is billed under 2020.1, disputed and rerun under 2020.2, in which a minute to the
United Kingdom costs 0.01 and area code 299 is known; February (the same accounts, other calls) takes the adjustments.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.cli import run
from tests.integration.demo_month import ROOT, Billed, make_demo
from tests.integration.small_office import edit, freeze

RATE = 5
"""Place of rate_per_minute in a row of the international deck."""


def _february(folder: Path, target: Path) -> None:
    """The January of a plain demo month as February: its last two days are left out."""
    words = ["--calls", "1500", "--accounts", "12", "--seed", "1", "--plain"]
    assert run(["demo", *words, "-o", str(folder)]) == 0
    [path] = (folder / "inbox" / "2020-01").iterdir()
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if "2020-01-30" not in row and "2020-01-31" not in row]
    target.parent.mkdir(parents=True)
    target.write_text("\n".join([header, *kept, ""]).replace(",2020-01-", ",2020-02-"), encoding="utf-8")


def _cheaper(row: str) -> str:
    cells = row.split(",")
    if len(cells) <= RATE or not cells[1].startswith("44") or not cells[RATE]:
        return row
    return ",".join([*cells[:RATE], "0.01", *cells[RATE + 1 :]])


def _next_version(root: Path) -> None:
    """2020.2 beside 2020.1, frozen."""
    version = root / "2020.2"
    shutil.copytree(ROOT / "rate_tables" / "2020.1", root / "2020.1")
    shutil.copytree(root / "2020.1", version)
    edit(version / "international_rates.csv", lambda text: "\n".join(map(_cheaper, text.split("\n"))))
    edit(version / "numbering_plan.csv", lambda text: text + "1299,US,NY,geographic\n")
    edit(version / "manifest.toml", lambda text: text.replace('"2020.1"', '"2020.2"'))
    freeze(version)


def two_months(folder: Path) -> Billed:
    """The two months billed into the folder's warehouse, with the dispute."""
    inputs = make_demo(folder / "demo")
    _february(folder / "february", inputs / "inbox" / "2020-02" / "calls.csv")
    _next_version(folder / "rates")
    billed = Billed(inputs, folder / "warehouse")

    flags = ["--cdrs", inputs / "inbox", "--contracts", inputs / "contracts", "--rate-tables", folder / "rates"]
    places = [str(word) for word in (*flags, "--warehouse", billed.warehouse)]

    def told(*words: str, rates: str) -> None:
        assert run([*words, *places, "--rates", rates]) == 0

    told("bill", "2020-02", rates="2020.1")
    told("rerun", "2020-02", "--reason", "letter of 10 February", "--disputed-on", "2020-02-10", rates="2020.2")
    told("bill", "2020-03", rates="2020.1")
    return billed
