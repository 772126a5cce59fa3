"""A page of HTML as the tests look at it: its tables by id, its tags, its text."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "br", "img", "input"}


class Page(HTMLParser):
    """Tables by id: rows of cells, texts with single spaces. `marks`: the row's data-… value, by table and row.

    `tags`: every tag with its attributes. `open`: what was not closed at the end.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.marks: dict[str, list[str | None]] = {}
        self.exact: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self._table: str | None = None
        self._in_cell = False
        self.feed(text)
        self.close()

    @classmethod
    def of(cls, path: Path) -> Page:
        return cls(path.read_text(encoding="utf-8"))

    def marked(self, table: str) -> dict[str | None, list[str]]:
        """Rows of a table by their mark, without their heads; rows without a mark left out."""
        pairs = zip(self.marks[table], self.tables[table], strict=True)
        return {mark: row[1:] for mark, row in pairs if mark is not None}

    def named(self, table: str) -> dict[str, list[str]]:
        """Rows of a table by their first cell."""
        return {row[0]: row[1:] for row in self.tables[table]}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self._table = str(found["id"])
            self.tables[self._table], self.marks[self._table] = [], []
        elif tag == "tr" and self._table:
            self.tables[self._table].append([])
            marks = [value for name, value in attrs if name.startswith("data-")]
            self.marks[self._table].append(marks[0] if marks else None)
        elif tag in ("td", "th") and self._table:
            self.tables[self._table][-1].append("")
            self._in_cell = True
        elif tag == "data":
            self.exact.append(str(found["value"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "table":
            self._table = None
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data
        if self._in_cell and self._table:
            row = self.tables[self._table][-1]
            row[-1] = " ".join((row[-1] + data).split(" ")).strip("\n")


def plain(text: str) -> str:
    """A figure of the page as SQL writes it."""
    return text.replace(",", "").replace("\N{MINUS SIGN}", "-").lstrip("+")
