"""What stands on an invoice, in the order and words that its reader sees: every number comes from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from flows.invoice_pdf.labels import Labels, description_in, tax_row
from flows.invoice_pdf.published_invoices import Invoice, Line
from flows.invoice_pdf.seller import Seller
from flows.invoice_pdf.typography import (
    amount_text,
    date_text,
    money_text,
    month_name,
    month_period_text,
    number_text,
    percent_text,
    period_text,
    spaced,
)
from flows.invoice_pdf.words import UNITS, WORDS, Words
from schemas.categories import CATEGORIES, DETAIL_CALL_TYPES, LANGUAGES, Language
from schemas.faults import ControlFailedError
from transforms.timestamps import add_months

_CATEGORY_LABELS = {category.code: {"en": category.en, "fr": category.fr} for category in CATEGORIES}
_CHARGED_USAGE = {kind.code for kind in DETAIL_CALL_TYPES}
_LETTER_COUNTRIES = {"US", "CA", "MX", "PR", "CO", "CL", "PH"}
Content = dict[str, Any]


class Reader(NamedTuple):
    """Who an invoice is drawn for: the language, what is looked up, and who sends it."""

    language: Language
    labels: Labels
    seller: Seller

    @property
    def words(self) -> Words:
        """The fixed texts."""
        return WORDS[self.language]


def language_of(invoice: Invoice, asked: Language | None) -> Language:
    """The language that is asked for, else the account's own."""
    return asked or (invoice.language if invoice.language in LANGUAGES else "en")


def invoice_page(invoice: Invoice, reader: Reader) -> Content:
    """All texts of an invoice, ready to be laid out; the template computes and formats nothing.

    Raises ControlFailedError where the invoice does not add up, as no published one does.
    """
    _refuse_if_it_does_not_add_up(invoice)
    words = reader.words
    seller_name = reader.seller.name or words.carrier
    return {
        "language": reader.language,
        "paper": "us-letter" if invoice.country in _LETTER_COUNTRIES else "a4",
        "title": f"{words.invoice} {invoice.invoice_id}",
        "date": [invoice.issue_date.year, invoice.issue_date.month, invoice.issue_date.day],
        "keywords": [invoice.invoice_id, invoice.account_id, invoice.run_id, f"rates {invoice.rate_version}"],
        "seller": {"name": seller_name, "lines": _seller_lines(reader)},
        "customer": {"heading": words.bill_to, "name": invoice.name, "lines": _customer_lines(invoice)},
        "heading": words.invoice,
        "facts": _facts(invoice, reader),
        "due": _amount_due(invoice, reader),
        "columns": [
            *[words.charge, words.period, words.quantity, words.unit_price],
            words.amount.format(currency=invoice.currency),
        ],
        "sections": list(_sections(invoice, reader)),
        "totals": _totals(invoice, reader),
        "total": {"label": words.total, "amount": money_text(invoice.total, invoice.currency, reader.language)},
        "notes": [_payment(invoice, reader), _dispute(invoice, reader), _call_details(invoice, reader)],
        "running": f"{words.invoice} {invoice.invoice_id}, {words.continued}",
        "page": words.page,
    }


def _refuse_if_it_does_not_add_up(invoice: Invoice) -> None:
    """Rule 9.3, once more before a customer sees it."""
    above = sum((line.amount for line in invoice.lines if line.category != "tax"), Decimal())
    tax = sum((line.amount for line in invoice.lines if line.category == "tax"), Decimal())
    if (above, tax, above + tax) != (invoice.subtotal, invoice.tax_total, invoice.total):
        problem = (
            f"lines of {above} and taxes of {tax} are not {invoice.subtotal}, {invoice.tax_total}, {invoice.total}"
        )
        raise ControlFailedError(f"{invoice.invoice_id} does not add up and is not drawn: {problem}")


def _seller_lines(reader: Reader) -> list[str]:
    seller = reader.seller
    phone = reader.words.phone.format(number=seller.phone) if seller.phone else ""
    return [text for text in (*seller.address, phone, seller.email, seller.website, *seller.tax_numbers) if text]


def _customer_lines(invoice: Invoice) -> list[str]:
    recipients = [text.strip() for text in (invoice.invoice_recipients or "").split(";")]
    place = ", ".join(part for part in (invoice.region, invoice.country) if part)
    return [text for text in (place, *recipients) if text]


def _facts(invoice: Invoice, reader: Reader) -> list[list[str]]:
    words, language = reader.words, reader.language
    month, usage_month = invoice.invoice_month, add_months(invoice.invoice_month, -1)
    return [
        [words.invoice_id, invoice.invoice_id],
        [words.account, invoice.account_id],
        [words.issue_date, date_text(invoice.issue_date, language)],
        [words.due_date, date_text(invoice.due_date, language)],
        [words.service_period, month_period_text(month, add_months(month, 1), language)],
        [words.usage_period, month_period_text(usage_month, month, language)],
    ]


def _amount_due(invoice: Invoice, reader: Reader) -> Content:
    words, language = reader.words, reader.language
    if invoice.total < 0:
        label, note, amount = words.credit, words.credit_note, -invoice.total
    elif invoice.total == 0:
        label, note, amount = words.amount_due, words.nothing_due, invoice.total
    else:
        due = date_text(invoice.due_date, language)
        label, note, amount = words.amount_due, words.due_by.format(date=due), invoice.total
    return {"label": label, "amount": money_text(amount, invoice.currency, language), "note": note}


def _sections(invoice: Invoice, reader: Reader) -> Iterator[Content]:
    """The lines by category and billing group, in their order, with each one's sum (rules 4, 4.3); taxes apart."""
    above_tax = [line for line in invoice.lines if line.category != "tax"]
    places = {name: max((_places(getattr(line, name)) for line in above_tax), default=0) for name in _ALIGNED}
    for (category, group), some in groupby(above_tax, key=lambda line: (line.category, line.billing_group)):
        lines = list(some)
        label = _CATEGORY_LABELS[category][reader.language]
        title = reader.words.group.format(category=label, group=group) if group else label
        rows = [_row(invoice, line, reader, places) for line in lines]
        is_one = len(rows) == 1 and rows[0]["what"] == title
        amount = amount_text(sum((line.amount for line in lines), Decimal()), reader.language)
        yield {"title": title, "amount": amount, "rows": rows, "is_one": is_one}


_ALIGNED = ("quantity", "unit_price")
_LEAST_PLACES = {"quantity": 0, "unit_price": 2}


def _places(number: Decimal | None) -> int:
    """Decimals of the number without zeros at its end."""
    return 0 if number is None else len(f"{number:f}".partition(".")[2].rstrip("0"))


def _aligned(number: Decimal, name: str, places: dict[str, int], language: Language) -> list[str]:
    """The number, and what has to stand behind it unseen for its decimal point to be under the others."""
    least = _LEAST_PLACES[name]
    own, widest = max(_places(number), least), max(places[name], least)
    point = "." if own == 0 and widest > 0 else ""
    return [number_text(number, language, least), point + "0" * (widest - own)]


def _row(invoice: Invoice, line: Line, reader: Reader, places: dict[str, int]) -> Content:
    language = reader.language
    is_counted = line.unit != "each" or line.unit_price is not None
    quantity = _aligned(line.quantity, "quantity", places, language) if is_counted else ["", ""]
    price = ["", ""] if line.unit_price is None else _aligned(line.unit_price, "unit_price", places, language)
    one, several = UNITS[language].get(line.unit, ("", ""))
    return {
        "what": spaced(description_in(reader.labels, invoice, line, language), language),
        "note": _reference(invoice, line, reader),
        "period": period_text(line.period_start, line.period_end, invoice.invoice_month.year, language),
        "quantity": quantity,
        "unit": one if line.quantity == 1 else several,
        "price": price,
        "amount": amount_text(line.amount, language),
    }


def _reference(invoice: Invoice, line: Line, reader: Reader) -> str:
    """Of an adjustment: the invoice that it corrects, and the reruns that it comes from (rule 12.5)."""
    if line.category != "adjustments":
        return ""
    reruns = line.charge_code.split(";")
    text = reader.words.reference if len(reruns) == 1 else reader.words.references
    corrected = f"{invoice.account_id}-{line.period_start:%Y-%m}"
    return spaced(text.format(invoice=corrected, reference=", ".join(reruns)), reader.language)


def _totals(invoice: Invoice, reader: Reader) -> list[Content]:
    """Subtotal, each tax with its percentage and jurisdiction, and their sum where there are several."""
    words, language = reader.words, reader.language
    taxes = [line for line in invoice.lines if line.category == "tax"]
    rows = [{"label": words.subtotal, "note": "", "amount": amount_text(invoice.subtotal, language)}]
    rows += [_tax(invoice, line, reader) for line in taxes]
    if len(taxes) != 1:
        label = words.tax_total if taxes else words.no_tax
        note = words.exempt if invoice.tax_exempt else ""
        rows.append({"label": label, "note": note, "amount": amount_text(invoice.tax_total, language)})
    return rows


def _tax(invoice: Invoice, line: Line, reader: Reader) -> Content:
    row = tax_row(reader.labels, invoice, line.charge_code)
    place = invoice.country if row is None or row.region == "*" else f"{row.region}, {invoice.country}"
    percent = "" if row is None else percent_text(row.percent, reader.language)
    return {
        "label": description_in(reader.labels, invoice, line, reader.language),
        "note": reader.words.tax_base.format(percent=percent, place=place) if percent else place,
        "amount": amount_text(line.amount, reader.language),
    }


def _payment(invoice: Invoice, reader: Reader) -> Content:
    words, language = reader.words, reader.language
    if invoice.total <= 0:
        return {"title": words.payment, "text": words.no_payment}
    due, autopay = date_text(invoice.due_date, language), date_text(invoice.autopay_date, language)
    how = reader.seller.payment_fr if language == "fr" else reader.seller.payment_en
    text = spaced(words.pay_by, language).format(date=due), how, words.autopay.format(date=autopay)
    return {"title": words.payment, "text": " ".join(part for part in text if part)}


def _dispute(invoice: Invoice, reader: Reader) -> Content:
    """How to dispute, and the last day on which it can be opened (rule 1.3)."""
    words, seller = reader.words, reader.seller
    contact = seller.email or seller.website or seller.name or words.carrier_itself
    until = words.dispute_until.format(date=date_text(invoice.dispute_until, reader.language))
    how = (words.write_to if seller.email else words.talk_to).format(contact=contact, invoice=invoice.invoice_id)
    return {"title": words.dispute, "text": f"{until} {how}"}


def _call_details(invoice: Invoice, reader: Reader) -> Content:
    """Where the calls behind the usage lines are listed (rule 11.2); an account without any has no such file."""
    words = reader.words
    month = month_name(add_months(invoice.invoice_month, -1), reader.language)
    if not any(line.category in _CHARGED_USAGE for line in invoice.lines):
        return {"title": words.call_details, "text": spaced(words.no_details.format(month=month), reader.language)}
    text = words.details_file.format(month=month, file=f"{invoice.account_id}.csv")
    return {"title": words.call_details, "text": f"{text} {reader.seller.call_details}".strip()}
