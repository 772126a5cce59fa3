"""The table of rules and tests is fresh, no rule is without a test, and no number that is cited is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.rule_table import README, readme_page, rule_of, unknown, untested
from tests.rules.rules_page import read_page

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "DECISIONS.md", "CHANGELOG.md")
FOLDERS = ("flows", "transforms", "schemas", "rate_tables", "tests")
SUFFIXES = {".py", ".sql", ".md", ".toml"}
NUMBER = r"\d+(?:\.\d+)?(?: \(\d+a?\))?"
CITATION = re.compile(rf"\brules? (({NUMBER})(?:(?:, | and | to |-)(?:{NUMBER}))*)", re.IGNORECASE)
RULES = read_page()
SOURCES = [ROOT / page for page in PAGES] + [
    path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES
]


def cited(text: str) -> set[str]:
    """Rule numbers like 6.2 that a text cites."""
    return {
        number for found in CITATION.finditer(text) for number in re.findall(r"\d+\.\d+", found[1].replace("(", " "))
    }


def test_the_table_is_fresh() -> None:
    assert README.read_text(encoding="utf-8") == readme_page(), "run `make docs` and look at the diff"


def test_every_numbered_rule_has_a_test_of_its_number() -> None:
    assert untested(RULES) == []


def test_no_test_names_a_rule_that_the_page_has_not() -> None:
    assert unknown(RULES) == []


def test_every_rule_that_is_cited_stands_on_the_page() -> None:
    """But for chapters that are promised and have no rules yet."""
    chapters = {rule.split(".")[0] for rule in RULES.rules}
    missing = [
        (path.relative_to(ROOT).as_posix(), number)
        for path in SOURCES
        for number in sorted(cited(path.read_text(encoding="utf-8")) - set(RULES.rules))
        if number.split(".")[0] in chapters
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(rule 6.2)", {"6.2"}),
        ("Rules 3.1 to 3.5, and more", {"3.1", "3.5"}),
        ("(rules 5 (3), 5.6)", {"5.6"}),
        ("rules 4.1-4.3", {"4.1", "4.3"}),
        ("a ruler of 6.2 inches", set()),
    ],
)
def test_citations_are_found(text: str, numbers: set[str]) -> None:
    assert cited(text) == numbers


@pytest.mark.parametrize(
    ("parts", "rule"),
    [(("rule", "6", "2"), "6.2"), (("rule", "4", None), "4"), (("contract", "2", None), "contract 2")],
)
def test_a_tests_name_begins_with_its_rule(parts: tuple[str, str, str | None], rule: str) -> None:
    assert rule_of(*parts) == rule
