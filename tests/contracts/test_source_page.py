"""The page of the sources says what the keys say, and every key that a TOML uses is on it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from schemas.source_keys import KEYS
from schemas.source_page import source_page

SOURCES = Path(__file__).parents[2] / "schemas" / "sources"


def test_the_page_is_fresh() -> None:
    assert (SOURCES / "README.md").read_text(encoding="utf-8") == source_page(), "run `make docs` and look at the diff"


def test_the_page_has_every_key() -> None:
    page = source_page()
    assert [key.name for key in KEYS if f"| `{key.name}` |" not in page] == []


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_source_says_where_its_layout_comes_from_and_what_a_site_sets(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = " ".join(line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))
    content = tomllib.loads(text)
    assert content["name"] == path.stem
    assert content["description"]
    if path.stem not in ("canonical", "asterisk"):
        assert "layout" in head.lower()
        assert "A site sets by `extends`" in head
