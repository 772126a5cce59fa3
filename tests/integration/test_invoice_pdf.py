"""`tollbook invoice` and `tollbook invoices`: every amount on paper is the one in the tables, and the bytes stay."""

from __future__ import annotations

import io
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pypdf
import pytest

from flows.invoice_pdf import all_invoices
from flows.invoice_pdf.made_before import LEDGER
from tests.integration.demo_month import ROOT, Billed, bill, make_demo, no_settings_from_outside
from tests.integration.small_office import Outcome
from tests.rules.dispute import Dispute
from tests.rules.small_month import call, item
from tests.rules.small_rates import default_tables, international

pytestmark = pytest.mark.integration
Tell = Callable[[list[str]], Outcome]
AMOUNT = {"en": r"(−?[0-9,]+\.[0-9]{2})$", "fr": r"(−?[0-9\N{NO-BREAK SPACE}]+,[0-9]{2})$"}
MONEY = {
    "en": r"(−?)\$?R?\$?([0-9,]+\.[0-9]{2}).([A-Z]{3})$",
    "fr": r"(−?)([0-9\N{NO-BREAK SPACE}]+,[0-9]{2}).R?\$.([A-Z]{3})$",
}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Billed]:
    folder = tmp_path_factory.mktemp("invoices")
    with no_settings_from_outside():
        yield bill(Billed(make_demo(folder / "demo", 600), folder / "warehouse"))


@pytest.fixture(autouse=True)
def _no_settings() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture
def draw(told: Tell, month: Billed) -> Callable[..., Outcome]:
    """A command on the month's warehouse."""
    return lambda *words: told([*words, "--warehouse", str(month.warehouse)])


def number(text: str) -> Decimal:
    return Decimal(re.sub("[,\N{NO-BREAK SPACE} ]", "", text[:-3]).replace("−", "-") + "." + text[-2:])


def reader_of(path: Path) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(path.read_bytes()))


def text_of(path: Path) -> str:
    return "\n".join(page.extract_text() for page in reader_of(path).pages)


def amounts_on_paper(path: Path, language: str) -> list[Decimal]:
    """What ends a row with an amount, from top to bottom."""
    found = (re.search(AMOUNT[language], row.rstrip()) for row in text_of(path).splitlines())
    return [number(match[1]) for match in found if match]


def amounts_in_the_tables(month: Billed, invoice_id: str) -> list[Decimal]:
    """Sums of categories and groups, their lines, subtotal and taxes, in the order of rule 4."""
    lines = month.ask(
        "select category, billing_group, description, charge_code, amount from invoice_line_items "
        f"where invoice_id = '{invoice_id}' order by line_number"
    )
    found = []
    for (category, _), some in groupby((row for row in lines if row[0] != "tax"), key=lambda row: (row[0], row[1])):
        amounts = [row[-1] for row in list(some) if row[0] == category]
        # usage and fees have one line, whose code is the category and whose label is all it says
        is_one = len(amounts) == 1 and any(row[3] == category for row in lines)
        found += amounts if is_one else [sum(amounts), *amounts]
    ((subtotal, tax_total),) = month.ask(f"select subtotal, tax_total from invoices where invoice_id = '{invoice_id}'")
    taxes = [row[-1] for row in lines if row[0] == "tax"]
    return [*found, subtotal, *taxes, *([] if len(taxes) == 1 else [tax_total])]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_amount_of_every_invoice_is_the_tables_own_and_adds_up(
    draw: Callable[..., Outcome], month: Billed, tmp_path: Path, lang: str
) -> None:
    outcome = draw("invoices", "2020-02", "-o", str(tmp_path), "--lang", lang)
    invoices = month.ask("select invoice_id, total, currency from invoices order by 1")
    assert outcome.code == 0, outcome.err
    assert sorted(path.stem for path in tmp_path.glob("*.pdf")) == [row[0] for row in invoices]
    for invoice_id, total, currency in invoices:
        path = tmp_path / f"{invoice_id}.pdf"
        assert amounts_on_paper(path, lang) == amounts_in_the_tables(month, invoice_id), invoice_id
        rows = text_of(path).splitlines()
        money = [re.search(MONEY[lang], row.rstrip()) for row in rows]
        shown = [(number(match[1] + match[2]), match[3]) for match in money if match]
        assert shown == [(total, currency)] * 2, invoice_id


def test_an_invoice_is_in_the_accounts_language_unless_another_is_named(
    draw: Callable[..., Outcome], month: Billed, tmp_path: Path
) -> None:
    path = tmp_path / "invoice.pdf"
    for language, words in (("en", "Amount due"), ("fr", "Montant à payer")):
        ((invoice_id,),) = month.ask(f"select min(invoice_id) from invoices where language = '{language}'")
        assert draw("invoice", invoice_id, "-o", str(path)).code == 0
        assert words in text_of(path)
        assert reader_of(path).trailer["/Root"]["/Lang"] == language
        other = "fr" if language == "en" else "en"
        assert draw("invoice", invoice_id, "-o", str(path), "--lang", other).code == 0
        assert words not in text_of(path)


def test_the_invoice_says_who_when_and_how_to_dispute(draw: Callable[..., Outcome], tmp_path: Path) -> None:
    path, seller = tmp_path / "invoice.pdf", tmp_path / "seller.toml"
    seller.write_text('[[seller]]\nname = "Bell & Co"\nemail = "b@bell.ca"\ntax_numbers = ["GST 1"]', encoding="utf-8")
    assert draw("invoice", "A00001-2020-02", "-o", str(path), "--lang", "en", "--seller", str(seller)).code == 0
    text = " ".join(text_of(path).split())
    for part in (
        *("Bell & Co", "GST 1", "Bill to Lakeside Studio 0001", "Invoice number A00001-2020-02", "Account A00001"),
        *("Invoice date February 1, 2020", "Due date February 16, 2020", "Service period February 1–29, 2020"),
        *("Usage period January 1–31, 2020", "up to and including February 16, 2020 (UTC). Write to b@bell.ca"),
        *("the amount is taken on February 10, 2020", "file A00001.csv", "4% of the subtotal, NY, US"),
    ):
        assert part in text
    facts = reader_of(path).metadata
    assert facts is not None
    assert (facts.title, facts.author) == ("Invoice A00001-2020-02", "Bell & Co")
    assert str(facts.creation_date) == "2020-02-01 00:00:00+00:00"


def test_the_file_is_for_archives_and_for_readers_aloud(draw: Callable[..., Outcome], tmp_path: Path) -> None:
    path = tmp_path / "invoice.pdf"
    assert draw("invoice", "A00001-2020-02", "-o", str(path)).code == 0
    root = reader_of(path).trailer["/Root"]
    stated = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in stated
    assert "<pdfuaid:part>1</pdfuaid:part>" in stated
    assert root["/MarkInfo"]["/Marked"] is True or str(root["/MarkInfo"]["/Marked"]) == "True"


def test_the_bytes_are_the_same_each_time_in_another_process_and_zone(
    draw: Callable[..., Outcome], month: Billed, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    assert draw("invoice", "A00001-2020-02", "-o", str(first)).code == 0
    words = ["-m", "flows", "invoice", "A00001-2020-02", "-o", str(second), "--warehouse", str(month.warehouse)]
    outside = {**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1"}
    subprocess.run([sys.executable, *words], check=True, env=outside, cwd=tmp_path)
    assert first.read_bytes() == second.read_bytes()
    assert draw("invoices", "2020-02", "-o", str(tmp_path / "all"), "--account", "A00001").code == 0
    assert (tmp_path / "all" / "A00001-2020-02.pdf").read_bytes() == first.read_bytes()
    assert [path.name for path in (tmp_path / "all").glob("*.pdf")] == ["A00001-2020-02.pdf"]


def test_files_are_whole_and_for_the_group_alone(draw: Callable[..., Outcome], tmp_path: Path) -> None:
    folder = tmp_path / "new" / "invoices"
    before = os.umask(0)
    try:
        assert draw("invoices", "2020-02", "-o", str(folder)).code == 0
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert not list(folder.glob("*.partial"))


def test_a_run_goes_on_where_it_was_and_mends_what_differs(
    draw: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("invoices", "2020-02", "-o", str(tmp_path))
    assert draw(*words).out.endswith(": 12 drawn\n")
    whole = {path.name: path.read_bytes() for path in tmp_path.glob("*.pdf")}
    (tmp_path / "A00001-2020-02.pdf").unlink()
    (tmp_path / "A00002-2020-02.pdf").write_bytes(b"%PDF torn")
    with (tmp_path / LEDGER).open("a", encoding="utf-8") as ledger:
        ledger.write('{"file": "A0')  # killed while it wrote
    (tmp_path / ".A00003-2020-02.pdf.4194305.partial").write_bytes(b"half")
    assert draw(*words).out.endswith(": 1 drawn, 1 replaced, as they differed, 10 kept as they were\n")
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.pdf")} == whole
    assert not list(tmp_path.glob(".*.partial"))
    monkeypatch.setattr(all_invoices.Workshop, "_drawer", lambda _: pytest.fail("drawn though it was there"))
    assert draw(*words).out.endswith(": 12 kept as they were\n")


def test_equal_files_are_kept_without_a_ledger(draw: Callable[..., Outcome], tmp_path: Path) -> None:
    words = ("invoices", "2020-02", "-o", str(tmp_path), "--account", "A00001", "A00002")
    assert draw(*words).out.endswith(": 2 drawn\n")
    made = {path: path.stat().st_ino for path in tmp_path.glob("*.pdf")}
    (tmp_path / LEDGER).unlink()
    assert draw(*words).out.endswith(": 2 kept as they were\n")
    assert {path: path.stat().st_ino for path in made} == made


@pytest.mark.parametrize(
    ("invoice_id", "hint"),
    [
        ("A0001-2020-02", "is A00001-2020-02 or A00010-2020-02 or A00011-2020-02 meant?"),
        ("a00012-2020-02", "is A00012-2020-02 meant?"),
        ("A00001", "the account has A00001-2020-02"),
        ("../etc/passwd", "an id is account and month, like A00001-2020-02"),
        ("A00001-2020-03", "2020-03: is not issued, so it has no invoices; run `tollbook bill 2020-03` first"),
    ],
)
def test_an_unknown_invoice_is_refused_with_what_may_be_meant(
    draw: Callable[..., Outcome], tmp_path: Path, invoice_id: str, hint: str
) -> None:
    outcome = draw("invoice", invoice_id, "-o", str(tmp_path / "x.pdf"))
    assert (outcome.code, list(tmp_path.iterdir())) == (2, [])
    assert hint in outcome.err


def test_a_month_that_is_not_issued_and_accounts_without_invoice_are_refused(
    draw: Callable[..., Outcome], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    later = draw("invoices", "2020-03", "-o", str(folder))
    strange = draw("invoices", "2020-02", "-o", str(folder), "--account", "A00001", "X1", "X2")
    assert (later.code, strange.code, folder.exists()) == (2, 2, False)
    assert "2020-03: is not issued" in later.err
    assert [row.count("has no invoice of 2020-02") for row in strange.err.splitlines()] == [1, 1]


def test_an_empty_warehouse_is_refused(told: Tell, tmp_path: Path) -> None:
    for words in (["invoice", "A-2020-02", "-o", str(tmp_path / "x")], ["invoices", "2020-02", "-o", str(tmp_path)]):
        outcome = told([*words, "--warehouse", str(tmp_path)])
        assert (outcome.code, list(tmp_path.iterdir())) == (2, [])
        assert "tollbook bill" in outcome.err


@pytest.mark.parametrize("command", [("invoice", "A00001-2020-02"), ("invoices", "2020-02")])
def test_without_typst_the_remedy_is_told(
    draw: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    outcome = draw(*command, "-o", str(tmp_path / "out"))
    assert (outcome.code, list(tmp_path.iterdir())) == (2, [])
    assert "typst is not installed" in outcome.err
    assert "pip install 'tollbook[pdf]'" in outcome.err


def test_a_seller_file_that_is_named_must_be_there(draw: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = draw("invoice", "A00001-2020-02", "-o", str(tmp_path / "x.pdf"), "--seller", str(tmp_path / "no.toml"))
    assert (outcome.code, "no.toml: no such file" in outcome.err) == (2, True)


def test_an_id_that_is_no_file_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for strange in ("../A-2020-02", "/A-2020-02", ".A-2020-02", "A-2020-02/..", "A\n-2020-02"):
        with pytest.raises(all_invoices.InputRefusedError, match="no file's name"):
            all_invoices.file_name(strange)
    assert all_invoices.file_name("-_A.b-2020-02") == "-_A.b-2020-02.pdf"


def test_an_invoice_shows_the_adjustments_it_took_and_the_disputed_one_stays(told: Tell, tmp_path: Path) -> None:
    dispute = Dispute(tmp_path / "month", items=[item("i1")], calls=[call("c1", "+442071234567", 3600)])
    where = ["--warehouse", str(dispute.folder / "warehouse")]
    paths = {name: tmp_path / f"{name}.pdf" for name in ("before", "after", "taken")}
    assert told(["invoice", "A-2020-02", "-o", str(paths["before"]), *where]).code == 0
    dispute.correct(
        "v2", international_rates=[international("44", "0.004"), *default_tables()["international_rates"][1:]]
    )
    dispute.rerun("--rates", "v2", "--disputed-on", "2020-02-16")
    dispute.bill("2020-03")
    ((rerun_id, difference),) = dispute.rows("select rerun_id, difference from adjustments")
    assert told(["invoice", "A-2020-02", "-o", str(paths["after"]), *where]).code == 0
    assert told(["invoice", "A-2020-03", "-o", str(paths["taken"]), *where]).code == 0
    assert paths["before"].read_bytes() == paths["after"].read_bytes()
    text = " ".join(text_of(paths["taken"]).split())
    assert "Adjustment of 2020-02: International phone numbers (DID)" in text
    assert f"Corrects invoice A-2020-02. Reference: {rerun_id}" in text
    assert f"Adjustments {str(difference).replace('-', '−')}" in text


def test_the_published_file_is_only_read(draw: Callable[..., Outcome], month: Billed, tmp_path: Path) -> None:
    before = (month.database.read_bytes(), sorted(month.warehouse.iterdir()))
    assert draw("invoices", "2020-02", "-o", str(tmp_path)).code == 0
    assert (month.database.read_bytes(), sorted(month.warehouse.iterdir())) == before


def test_the_wheel_has_the_templates(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(words, check=True, cwd=ROOT, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names: Any = zipfile.ZipFile(wheel).namelist()
    assert {"flows/invoice_pdf/invoice.typ", "flows/invoice_pdf/letter.typ"} <= set(names)
