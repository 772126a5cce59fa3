"""The blocks of the Markdown pages, and which of their lines are commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*([\w-]*)")
_LIST_ITEM = re.compile(r"^\s*([-*+]|\d+[.)])\s")
_COMMAND = re.compile(
    r"(\.venv/bin/|tollbook|make|python3?|prefect|curl|export|unset|git|cd|cp|mkdir|mv|ln|printf|head|cat|chmod|chgrp|"
    r"pip|duckdb|harlequin|marimo)(?![\w-])|\.venv/bin/\S+|[A-Z_]+=\S"
)
SHELL = frozenset(("", "sh", "bash", "shell", "console", "text"))
"""Languages of blocks that may hold commands; an indented block has none."""


class Block(NamedTuple):
    """A fenced or indented block of a page, and the line where its text begins."""

    page: str
    line: int
    language: str
    lines: tuple[str, ...]

    @property
    def where(self) -> str:
        """For a person."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """What is typed: lines behind `$` where there are any, else all but empty lines and comments; none elsewhere.

        A block with lines that look like commands and others that do not raises: it has to be made one of both.
        """
        if self.language not in SHELL:
            return []
        typed = [line[2:] for line in self.lines if line.startswith("$ ")]
        if typed:
            return typed
        joined = "\n".join(self.lines).replace("\\\n", " ").splitlines()
        lines = [line for line in joined if line.strip() and not line.lstrip().startswith("#")]
        found = [line for line in lines if _COMMAND.match(line)]
        if found and len(found) != len(lines):
            other = next(line for line in lines if line not in found)
            raise ValueError(f"{self.where}: a block of commands with a line that looks like none: {other}")
        return found


def pages() -> list[str]:
    """Every Markdown page of the repository."""
    hidden = (path for path in ROOT.rglob("*.md") if path.relative_to(ROOT).parts[0] not in (".venv", ".git", "data"))
    return sorted(str(path.relative_to(ROOT)) for path in [*hidden, ROOT / "data" / "README.md"])


def blocks(page: str) -> list[Block]:
    """The page's blocks in their order."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return sorted([*_fenced(page, lines), *_indented(page, _without_fences(lines))], key=lambda block: block.line)


def _fenced(page: str, lines: list[str]) -> Iterator[Block]:
    place = 0
    while place < len(lines):
        opened = _FENCE.match(lines[place])
        place += 1
        if opened is None:
            continue
        begin, indent = place, len(opened[1])
        while place < len(lines) and not lines[place].strip().startswith(opened[2]):
            place += 1
        yield Block(page, begin + 1, opened[3], tuple(line[indent:] for line in lines[begin:place]))
        place += 1


def _without_fences(lines: list[str]) -> list[str]:
    """The page with an empty line for each line of a fence."""
    kept, mark = [], ""
    for line in lines:
        opened = _FENCE.match(line)
        if mark:
            kept.append("")
            mark = "" if line.strip().startswith(mark) else mark
        elif opened:
            kept.append("")
            mark = opened[2]
        else:
            kept.append(line)
    return kept


def _indented(page: str, lines: list[str]) -> Iterator[Block]:
    before, place, in_list = "", 0, False
    while place < len(lines):
        line = lines[place]
        if line.startswith("    ") and not before.strip() and not in_list:
            begin = place
            while place < len(lines) and (lines[place].startswith("    ") or not lines[place].strip()):
                place += 1
            text = "\n".join(row[4:] for row in lines[begin:place]).rstrip()
            yield Block(page, begin + 1, "", tuple(text.splitlines()))
            before = ""
            continue
        if line.strip():
            in_list = bool(_LIST_ITEM.match(line)) or (in_list and line.startswith(" "))
        before = line
        place += 1
