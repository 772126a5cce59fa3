"""The README of a folder names every file that is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

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
