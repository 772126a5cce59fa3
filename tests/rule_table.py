"""Which tests keep which rule: the table in tests/README.md, from the page of the rules and the names of the tests.

`python -m tests.rule_table` shows the README with the table as it should be; `make docs` writes it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from tests.rules.rules_page import RulesPage, read_page

TESTS = Path(__file__).parent
README = TESTS / "README.md"
BEGIN, END = "<!-- rule table: written by make docs -->", "<!-- end of the rule table -->"
CONTRACT = {
    "contract 2": "Call records in, as the data contract has them",
    "contract 3": "Contracts in, and who gets an invoice",
}
_TEST = re.compile(r"^def test_(rule|contract)_(\d+)(?:_(\d+))?_", re.MULTILINE)


def rule_of(kind: str, chapter: str, number: str | None) -> str:
    """`6.2` for a test named test_rule_6_2_..., `4` for one of a whole chapter, `contract 2` for the data contract."""
    if kind == "contract":
        return f"contract {chapter}"
    return chapter if number is None else f"{chapter}.{number}"


def tests_by_rule() -> Counter[tuple[str, str]]:
    """Test functions by rule and file; a parametrised one counts once."""
    return Counter(
        (rule_of(*found.groups()), path.relative_to(TESTS).as_posix())
        for path in sorted(TESTS.rglob("test_*.py"))
        for found in _TEST.finditer(path.read_text(encoding="utf-8"))
    )


def titles(page: RulesPage) -> dict[str, str]:
    """The title of each rule, in the order of the page; a chapter stands before its rules if tests name it."""
    named = {rule for rule, _ in tests_by_rule()}
    ordered: dict[str, str] = {}
    for chapter, title in page.chapters.items():
        if chapter in named:
            ordered[chapter] = title
        ordered |= {rule: title for rule, title in page.rules.items() if rule.split(".")[0] == chapter}
    return ordered | {name: title for name, title in CONTRACT.items() if name in named}


def untested(page: RulesPage) -> list[str]:
    """Numbered rules of the page that no test of the program names; those of the oracle are about the oracle."""
    named = {rule for rule, file in tests_by_rule() if not file.startswith("oracle/")}
    return [rule for rule in page.rules if rule not in named]


def unknown(page: RulesPage) -> list[str]:
    """Rules that tests name though the page has no such rule; a chapter that is promised has none yet."""
    promised = set(page.chapters) - {rule.split(".")[0] for rule in page.rules}
    known = {*page.chapters, *page.rules, *CONTRACT}
    named = {rule for rule, _ in tests_by_rule()}
    return sorted(rule for rule in named - known if rule.split(".")[0] not in promised)


def rule_table(page: RulesPage) -> str:
    """One row a rule: its title, the tests named for it by file, and the executed examples of the page."""
    counts, examples = tests_by_rule(), Counter(table.rule for table in page.examples.values())
    lines = ["| rule | about | tests by file | examples |", "|---|---|---|---|"]
    for rule, title in titles(page).items():
        files = ", ".join(f"`{file}` {count}" for (named, file), count in sorted(counts.items()) if named == rule)
        lines.append(f"| {rule} | {title} | {files or 'none'} | {examples[rule] or ''} |")
    return "\n".join(lines)


def readme_page() -> str:
    """The README of the tests with a fresh table; all else in it is written by hand."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    return f"{before}{BEGIN}\n{rule_table(read_page())}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    sys.stdout.write(readme_page())
