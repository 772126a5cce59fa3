"""One invoice as PDF, read from the published file."""

from __future__ import annotations

from pathlib import Path

from flows.invoice_pdf.drawing import Drawer
from flows.invoice_pdf.labels import read_labels
from flows.invoice_pdf.page import Reader, invoice_page, language_of
from flows.invoice_pdf.published_invoices import the_invoice
from flows.invoice_pdf.seller import Sellers
from flows.warehouse import published
from schemas.categories import Language


def invoice_pdf(warehouse: Path, invoice_id: str, language: Language | None, sellers: Sellers) -> bytes:
    """The invoice, in the account's language if none is named; the same bytes each time.

    Raises InputRefusedError where there is no such invoice, or typst is not installed.
    """
    drawer = Drawer()
    with published(warehouse) as connection:
        invoice = the_invoice(connection, invoice_id)
        if connection is None:
            raise AssertionError("an invoice was found in a database that is not there")
        labels = read_labels(connection)
    reader = Reader(language_of(invoice, language), labels, sellers.on(invoice.issue_date))
    return drawer.draw(invoice_page(invoice, reader))
