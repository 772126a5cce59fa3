"""Where invoices as PDF come from: the program that draws them, if it is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import cast

PdfMaker = Callable[[Path, str, str], bytes]
"""The PDF of an issued invoice: of a warehouse, an invoice id and a language (`en` or `fr`).

Called in several threads at once. Raises InputRefusedError where it cannot be made.
"""
DRAWN_AT_A_TIME = 2
_MODULE, _NEEDS = "flows.invoice_pdf", "typst"


def installed_pdf_maker() -> PdfMaker | None:
    """`flows.invoice_pdf.invoice_pdf`; None where it or typst (`tollbook[pdf]`) is not installed."""
    if find_spec(_MODULE) is None or find_spec(_NEEDS) is None:
        return None
    return cast(PdfMaker, import_module(_MODULE).invoice_pdf)
