"""What stands in a workbook, read from its own XML: so no second library decides what the first wrote."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Cell(NamedTuple):
    """Kind (n number, inlineStr text, b boolean), text as the file has it, and its number format and quote prefix."""

    kind: str
    text: str
    form: str = ""
    is_quoted: bool = False


class Sheet(NamedTuple):
    """Cells by reference (`B2`), the sheet's own XML, and the cell notes by reference."""

    cells: dict[str, Cell]
    xml: str
    notes: dict[str, str]

    def column(self, letter: str) -> list[Cell]:
        """Cells of a column below the header, in order."""
        found = [(int(ref[len(letter) :]), cell) for ref, cell in self.cells.items() if re.match(rf"{letter}\d", ref)]
        return [cell for row, cell in sorted(found) if row > 1]


def _forms(archive: zipfile.ZipFile) -> list[tuple[str, bool]]:
    styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    codes = {found.get("numFmtId"): found.get("formatCode", "") for found in styles.iter(f"{_SHEET}numFmt")}
    codes |= {"1": "0", "4": "#,##0.00"}  # built in
    [kept] = styles.iter(f"{_SHEET}cellXfs")
    return [(codes.get(xf.get("numFmtId"), ""), xf.get("quotePrefix") == "1") for xf in kept]


def read_sheet(path: Path, number: int = 1) -> Sheet:
    """A sheet of the workbook."""
    with zipfile.ZipFile(path) as archive:
        forms = _forms(archive)
        xml = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
        notes = {}
        if f"xl/comments{number}.xml" in archive.namelist():
            for note in ElementTree.fromstring(archive.read(f"xl/comments{number}.xml")).iter(f"{_SHEET}comment"):
                notes[str(note.get("ref"))] = "".join(note.itertext())
    cells = {}
    for cell in ElementTree.fromstring(xml).iter(f"{_SHEET}c"):
        form, is_quoted = forms[int(cell.get("s", "0"))]
        cells[str(cell.get("r"))] = Cell(cell.get("t", "n"), "".join(cell.itertext()), form, is_quoted)
    return Sheet(cells, xml, notes)
