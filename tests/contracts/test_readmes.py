"""The README of a folder names every file that is in it; links between pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.doc_blocks import pages

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["flows", "transforms", "schemas"])
def test_the_readme_names_every_module(folder: str) -> None:
    page = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    modules = sorted(path.stem for path in (ROOT / folder).glob("*.py") if path.stem != "__init__")
    assert [module for module in modules if f"`{module}`" not in page] == []


@pytest.mark.parametrize("folder", ["flows", "transforms", "schemas", "rate_tables", "data", "tests"])
def test_the_readme_says_what_the_folder_owns_and_what_not(folder: str) -> None:
    page = (ROOT / folder / "README.md").read_text(encoding="utf-8").lower()
    assert "| owns | does not own |" in page


def test_the_readme_of_the_tests_names_every_folder() -> None:
    page = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    folders = sorted(path.name for path in (ROOT / "tests").iterdir() if any(path.glob("**/test_*.py")))
    assert [folder for folder in folders if f"`{folder}/`" not in page] == []


def _anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages())
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    text = re.sub(r"`[^`\n]*`", "", (ROOT / page).read_text(encoding="utf-8"))
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        is_other = re.match(r"[a-z]+:", target) is not None
        if not is_other and not (path.exists() and (not anchor or anchor in _anchors(path))):
            wrong.append(target)
    assert wrong == []
