"""Pages by typst: the same texts give the same bytes on every machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.invoice_pdf.glyphs import with_printable_texts
from schemas.faults import Fault, InputRefusedError

TEMPLATE, PROBE = (Path(__file__).parent / name for name in ("invoice.typ", "letter.typ"))
STANDARDS = ["a-2a", "ua-1"]
"""PDF/A-2a, to be kept for years, and PDF/UA-1, to be read aloud."""
_NO_GLYPH = "could not be displayed"


def _typst() -> Any:  # noqa: ANN401 - a module that may be absent
    """The binding. Raises InputRefusedError where it is not installed."""
    try:
        import typst
    except ImportError as error:
        problem = "typst is not installed, and it draws the invoices"
        remedy = "install it with pip install 'tollbook[pdf]', in a clone of the repository with pip install '.[pdf]'"
        raise InputRefusedError(Fault("invoice", problem, remedy)) from error
    return typst


def require_typst() -> None:
    """Nothing where invoices can be drawn. Raises InputRefusedError otherwise."""
    _typst()


def drawing_version() -> str:
    """What decides the bytes beside the texts: the version of typst."""
    return f"typst {_typst().__version__}"


class Drawer:
    """Draws one invoice after the other; not for several threads at once.

    The template is read once, and only fonts that typst has in itself are used.
    """

    def __init__(self) -> None:
        typst = _typst()
        self._error = typst.TypstError
        self._pages = typst.Compiler(input=TEMPLATE, root=TEMPLATE.parent, ignore_system_fonts=True)
        self._probe = typst.Compiler(input=PROBE, root=PROBE.parent, ignore_system_fonts=True)
        self._known: dict[str, bool] = {}

    def draw(self, page: dict[str, Any]) -> bytes:
        """The page's texts as PDF."""
        texts = with_printable_texts(page, self._is_shown)
        try:
            return self._compiled(texts)
        except self._error as error:
            if _NO_GLYPH not in str(error):
                raise
        return self._compiled(with_printable_texts(page, lambda _: False))  # shown alone, but not together

    def _compiled(self, texts: dict[str, Any]) -> bytes:
        inputs = {"invoice": json.dumps(texts, ensure_ascii=False, sort_keys=True)}
        pdf: bytes = self._pages.compile(format="pdf", sys_inputs=inputs, pdf_standards=STANDARDS)
        return pdf

    def _is_shown(self, letter: str) -> bool:
        """Whether one of the fonts has the letter: tried once."""
        if letter not in self._known:
            try:
                self._probe.compile(format="pdf", sys_inputs={"letter": letter}, pdf_standards=["ua-1"])
                self._known[letter] = True
            except self._error:
                self._known[letter] = False
        return self._known[letter]
