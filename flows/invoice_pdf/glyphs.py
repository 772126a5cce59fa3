"""Characters that can be shown: what the fonts lack is a box, what only steers a text is left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

BOX = "□"
_LINE_ENDS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_STEERING, _SHAPELESS = ("Cc", "Cf"), ("Cs", "Co", "Cn")
KNOWN = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180)))) - {"\N{SOFT HYPHEN}"} | set("–—‘’“”•…−€□")
"""Shown by the fonts for sure; a test draws them all."""


def printable(text: str, is_shown: Callable[[str], bool]) -> str:
    """The text in composed letters and on one line.

    Line ends and tabs are spaces. Characters without a shape of their own (directions of writing, joiners) are left
    out: a name must not turn around what stands beside it.
    """
    composed = unicodedata.normalize("NFC", _LINE_ENDS.sub(" ", text))
    return "".join(_shown(letter, is_shown) for letter in composed)


def _shown(letter: str, is_shown: Callable[[str], bool]) -> str:
    if letter in KNOWN:
        return letter
    category = unicodedata.category(letter)
    if category in _STEERING or "VARIATION SELECTOR" in unicodedata.name(letter, ""):
        return ""
    return letter if category not in _SHAPELESS and is_shown(letter) else BOX


def with_printable_texts(content: Any, is_shown: Callable[[str], bool]) -> Any:  # noqa: ANN401 - JSON
    """JSON content with every text in it printable."""
    if isinstance(content, str):
        return printable(content, is_shown)
    if isinstance(content, Mapping):
        return {key: with_printable_texts(value, is_shown) for key, value in content.items()}
    if isinstance(content, Sequence):
        return [with_printable_texts(value, is_shown) for value in content]
    return content
