"""Where invoices as PDF come from: what `tollbook invoice` uses, if typst is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from flows.options import SELLER
from schemas.categories import Language

PdfMaker = Callable[[Path, str, Language], bytes]
"""The PDF of an issued invoice: of a warehouse, an invoice id and a language.

Called in several threads at once. Raises InputRefusedError or ControlFailedError where it cannot be drawn.
"""
DRAWN_AT_A_TIME = 2


def installed_pdf_maker(seller: Path | None = None) -> PdfMaker | None:
    """What draws invoices, sent by whom that file says; None without typst (`tollbook[pdf]`).

    Raises InputRefusedError where the file is none, before anything is served.
    """
    from flows.invoice_pdf.one_invoice import invoice_pdf
    from flows.invoice_pdf.seller import load_sellers

    sellers = load_sellers(seller or SELLER, is_named=seller is not None)
    if find_spec("typst") is None:
        return None
    return lambda warehouse, invoice_id, language: invoice_pdf(warehouse, invoice_id, language, sellers)
