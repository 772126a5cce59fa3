"""What stands on an invoice, from literal lines; and how it is drawn, whatever is in its texts."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from flows.invoice_pdf.drawing import Drawer
from flows.invoice_pdf.glyphs import KNOWN, printable
from flows.invoice_pdf.labels import Labels, TaxRow
from flows.invoice_pdf.page import Content, Reader, invoice_page, language_of
from flows.invoice_pdf.published_invoices import Invoice, Line
from flows.invoice_pdf.seller import Seller
from schemas.faults import ControlFailedError

NOBODY = Seller()
FEBRUARY, MARCH = dt.date(2020, 2, 1), dt.date(2020, 3, 1)
JANUARY = dt.date(2020, 1, 1)
LABELS = Labels(
    {("v1", "phone", "en", "Phone"): "Téléphone", ("v1", "state", "en", "State tax"): "Taxe d’État"},
    {("v1", "US", "state"): [TaxRow("*", Decimal(3), None, None), TaxRow("NY", Decimal(4), None, None)]},
)


def line(amount: str, category: str = "service_charge", **cells: Any) -> Line:
    """A phone in February, unless told otherwise."""
    facts = {"charge_code": "phone", "billing_group": None, "description": "Phone", "unit": "month"}
    price = Decimal(amount)
    days = {"period_start": FEBRUARY, "period_end": MARCH, "quantity": Decimal("1.0000"), "unit_price": price}
    named = {"line_number": 1, "category": category, "base_category": category, "amount": price}
    return Line(**{**named, **facts, **days, **cells})


def usage(amount: str, category: str, description: str) -> Line:
    minutes = {"quantity": Decimal("36.3000"), "unit": "minute", "unit_price": None, "charge_code": category}
    return line(amount, category, description=description, period_start=JANUARY, period_end=FEBRUARY, **minutes)


def tax(amount: str) -> Line:
    return line(amount, "tax", charge_code="state", description="State tax", unit="each", unit_price=None)


def adjustment(amount: str, reruns: str = "2020-01-r1;2020-01-r2") -> Line:
    text = "Adjustment of 2020-01: Outbound minutes overages"
    cells = {"charge_code": reruns, "description": text, "unit": "each", "base_category": "overage"}
    return line(amount, "adjustments", period_start=JANUARY, period_end=FEBRUARY, **cells)


def invoice(*lines: Line, **cells: Any) -> Invoice:
    above = sum((one.amount for one in lines if one.category != "tax"), Decimal("0.00"))
    taxes = sum((one.amount for one in lines if one.category == "tax"), Decimal("0.00"))
    day = dt.date(2020, 2, 16)
    dates = (FEBRUARY, FEBRUARY, day, dt.date(2020, 2, 10), day)
    sums = ("USD", above, taxes, above + taxes, False)
    found = Invoice("A-2020-02", "A", *dates, *sums, "v1", "run1", "Acme", "US", "NY", "en", "a@example.com", lines)
    return found._replace(**cells)


def page(found: Invoice, language: str = "en", seller: Seller = NOBODY) -> Content:
    return invoice_page(found, Reader(language, LABELS, seller))


@pytest.fixture(scope="module")
def drawer() -> Drawer:
    return Drawer()


def text_of(pdf: bytes) -> str:
    return "\n".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def test_lines_stand_by_category_and_group_with_their_sums() -> None:
    found = page(
        invoice(line("9.95", billing_group="Front"), line("24.95"), line("12.48"), usage("0.00", "overage", "x"))
    )
    assert [(section["title"], section["amount"], len(section["rows"])) for section in found["sections"]] == [
        ("Service charge – Front", "9.95", 1),
        ("Service charge", "37.43", 2),
        ("Outbound minutes overages", "0.00", 1),
    ]


def test_a_line_that_says_no_more_than_its_category_is_one_row() -> None:
    found = page(invoice(usage("0.10", "overage", "Outbound minutes overages"), line("24.95")))
    assert [section["is_one"] for section in found["sections"]] == [True, False]
    (row,) = found["sections"][0]["rows"]
    assert (row["quantity"], row["unit"], row["price"]) == (["36.3", ""], "min", ["", ""])


def test_decimal_points_stand_under_each_other() -> None:
    found = page(invoice(line("12.48", unit_price=Decimal("12.475000")), line("24.95")))
    assert [row["price"] for row in found["sections"][0]["rows"]] == [["12.475", ""], ["24.95", "0"]]


def test_each_tax_has_its_percentage_and_jurisdiction_by_the_regions_own_row() -> None:
    found = page(invoice(line("100.00"), tax("4.00")))
    assert found["totals"] == [
        {"label": "Subtotal", "note": "", "amount": "100.00"},
        {"label": "State tax", "note": "4% of the subtotal, NY, US", "amount": "4.00"},
    ]
    assert found["total"]["amount"] == "$104.00\N{NO-BREAK SPACE}USD"


def test_an_exempt_account_is_told_so() -> None:
    found = page(invoice(line("100.00"), tax_exempt=True))
    assert found["totals"][1] == {"label": "Taxes", "note": "Tax exempt on the invoice date", "amount": "0.00"}


def test_published_labels_are_put_into_the_other_language_and_others_texts_are_not() -> None:
    lines = (
        line("24.95"),
        line("12.88", "prorated_charges", base_category="service_charge", description="Phone (16/31)"),
        usage("0.10", "overage", "Outbound minutes overages"),
        line("5.00", "one_time", description="Wiring of the attic"),
        adjustment("-1.00"),
    )
    rows = [row["what"] for section in page(invoice(*lines), "fr")["sections"] for row in section["rows"]]
    assert rows == [
        *("Téléphone", "Téléphone (16/31)", "Minutes sortantes excédentaires", "Wiring of the attic"),
        "Ajustement de 2020-01\N{NO-BREAK SPACE}: Minutes sortantes excédentaires",
    ]


def test_an_adjustment_names_the_invoice_it_corrects_and_its_reruns() -> None:
    rows = [page(invoice(adjustment("-1.00", ids)))["sections"][0]["rows"][0] for ids in ("r1", "r1;r2")]
    assert [row["note"] for row in rows] == [
        "Corrects invoice A-2020-01. Reference: r1",
        "Corrects invoice A-2020-01. References: r1, r2",
    ]


@pytest.mark.parametrize(
    ("amount", "label", "shown", "note"),
    [
        ("5.00", "Amount due", "$5.00", "Please pay by February\N{NO-BREAK SPACE}16, 2020"),
        ("0.00", "Amount due", "$0.00", "Nothing is due on this invoice"),
        ("-5.00", "Credit in your favor", "$5.00", "Nothing is due on this invoice"),
    ],
)
def test_what_is_due_is_told_first(amount: str, label: str, shown: str, note: str) -> None:
    due = page(invoice(line(amount)))["due"]
    assert due == {"label": label, "amount": f"{shown}\N{NO-BREAK SPACE}USD", "note": note}


def test_how_to_dispute_names_the_last_day_and_whom_to_write_to() -> None:
    neutral, named = (page(invoice(line("1.00")), seller=seller) for seller in (Seller(), Seller("T", email="b@t.ca")))
    until = "You can dispute this invoice up to and including February\N{NO-BREAK SPACE}16, 2020 (UTC)."
    assert neutral["notes"][1]["text"].startswith(f"{until} Contact your telephone company and name invoice A-2020-02")
    assert named["notes"][1]["text"].startswith(f"{until} Write to b@t.ca and name invoice A-2020-02")


def test_the_call_details_are_named_only_where_calls_were_charged() -> None:
    charged, free = usage("0.10", "overage", "x"), usage("0.00", "included_minutes", "x")
    texts = [page(invoice(one))["notes"][2]["text"] for one in (charged, free)]
    assert ["file A.csv" in text for text in texts] == [True, False]


def test_an_invoice_that_does_not_add_up_is_not_drawn() -> None:
    with pytest.raises(ControlFailedError, match="A-2020-02 does not add up"):
        page(invoice(line("1.00"), total=Decimal("1.01")))


def test_a_language_that_is_not_known_is_english() -> None:
    assert [language_of(invoice(language="de"), asked) for asked in (None, "fr")] == ["en", "fr"]


HOSTILE = '#panic("x") $a^2$ *bold* _it_ \\ <b>&amp; @ref [x] ` // /* "q" {sys.inputs} ~ -- ...'


def test_nothing_in_a_text_is_taken_for_markup(drawer: Drawer) -> None:
    found = invoice(line("1.00", description=HOSTILE), name=HOSTILE, invoice_recipients='#eval("1")@x.ca;<i>@y.ca')
    text = " ".join(text_of(drawer.draw(page(found, seller=Seller(HOSTILE)))).split())
    assert text.count(HOSTILE) == 4  # seller, customer, line, whom to contact
    assert '#eval("1")@x.ca <i>@y.ca' in text


def test_what_the_fonts_lack_is_a_box_and_what_steers_a_text_is_left_out(drawer: Drawer) -> None:
    name = "Ca\u0301fe\u0301 \N{GRINNING FACE} \u202eevil\u202c \u05e9\u05dc \u4f60 \x00\n\u2028\x07end"
    text = text_of(drawer.draw(page(invoice(line("1.00"), name=name))))
    shown = next(one for one in text.splitlines() if "evil" in one)
    assert shown.startswith("Cáfé □ evil")
    assert shown.rstrip().endswith("□  end")


def test_the_letters_that_are_taken_for_known_are_all_in_the_fonts(drawer: Drawer) -> None:
    letters = "".join(sorted(KNOWN))
    assert printable(letters, lambda _: False) == letters
    drawer._compiled(page(invoice(line("1.00"), name=letters)))  # does not compile where one is missing


def test_a_long_word_breaks_and_leaves_no_trace_in_what_is_copied(drawer: Drawer) -> None:
    text = text_of(drawer.draw(page(invoice(line("1.00"), name="W" * 180))))
    assert (max(one.count("W") for one in text.splitlines()) < 60, "\u200b" in text) == (True, False)


def test_the_totals_are_never_alone_on_a_page(drawer: Drawer) -> None:
    lasts, counts = [], range(30, 50)  # around what one page holds
    for count in counts:
        lines = [line("1.00", description=f"Phone {place}") for place in range(count)]
        pages = pypdf.PdfReader(io.BytesIO(drawer.draw(page(invoice(*lines, tax("1.00")))))).pages
        lasts += [one.extract_text() for one in pages if "Subtotal" in one.extract_text()]
    assert all(f"Phone {count - 1} " in text for count, text in zip(counts, lasts, strict=True))


def test_every_page_has_its_number_and_the_columns_titles(drawer: Drawer) -> None:
    lines = [line("1.00", description=f"Phone {place}") for place in range(120)]
    pages = pypdf.PdfReader(io.BytesIO(drawer.draw(page(invoice(*lines))))).pages
    texts = [one.extract_text() for one in pages]
    assert len(texts) == 3
    assert all(f"Page {number} of 3" in text for number, text in enumerate(texts, 1))
    assert all("Charges Period Quantity Unit price Amount (USD)" in text for text in texts)
    assert ["Invoice A-2020-02, continued" in text for text in texts] == [False, True, True]
