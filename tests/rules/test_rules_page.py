"""The page of the billing rules (transforms/RULES.md): each of its examples is what the program comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules import page_calls_and_sums, page_dates_and_lines, page_month_calls, page_month_lines, page_reruns
from tests.rules.page_month import bill_examples
from tests.rules.rules_page import PAGE, Cells, Table, read_page
from tests.rules.small_month import SmallMonth

RULES = read_page()
BY_FUNCTION = {**page_dates_and_lines.WORKED, **page_calls_and_sums.WORKED, **page_reruns.WORKED}
BY_MONTH = {**page_month_lines.WORKED, **page_month_calls.WORKED}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> SmallMonth:
    return bill_examples(RULES, BY_MONTH, tmp_path_factory.mktemp("examples"))


def worked_by_function(example: Table) -> list[Cells]:
    return [BY_FUNCTION[example.name](row) for row in example.inputs]


@pytest.mark.parametrize("name", [name for name in RULES.examples if name in BY_FUNCTION])
def test_an_example_comes_out_as_the_page_says(name: str) -> None:
    assert worked_by_function(RULES.examples[name]) == RULES.examples[name].results


@pytest.mark.parametrize("name", [name for name in RULES.examples if name in BY_MONTH])
def test_an_example_of_the_billed_month_comes_out_as_the_page_says(name: str, month: SmallMonth) -> None:
    example = RULES.examples[name]
    found = BY_MONTH[name].results(name, example.inputs, month)
    headings = list(example.results[0])
    assert [{heading: row[heading] for heading in headings} for row in found] == example.results


def test_every_example_of_the_page_is_worked_once() -> None:
    marked = [table.name for table in RULES.tables if table.kind == "example"]
    assert sorted(marked) == sorted([*BY_FUNCTION, *BY_MONTH])


def test_an_example_is_named_for_the_rule_it_stands_under() -> None:
    misplaced = [name for name, table in RULES.examples.items() if name.rstrip("abc") != table.rule]
    assert misplaced == []


def test_every_chapter_has_an_example() -> None:
    with_example = {name.split(".")[0].rstrip("abc") for name in RULES.examples}
    assert set(RULES.chapters) - with_example == set()


def test_every_numbered_rule_has_an_example() -> None:
    assert set(RULES.rules) - {table.rule for table in RULES.examples.values()} == set()


def test_every_example_has_rows_inputs_and_results() -> None:
    whole = [name for name, table in RULES.examples.items() if table.rows and table.inputs[0] and table.results[0]]
    assert whole == list(RULES.examples)


def test_every_table_with_figures_is_marked() -> None:
    """A figure in a table is executed, or a price that examples are worked with."""
    assert [table.columns for table in RULES.tables if not table.kind and table.has_figures] == []


@pytest.mark.parametrize(
    ("name", "figure", "other"),
    [("3.3", "12.88", "12.87"), ("6.4", "0.011100", "0.011101"), ("9.1", "4.13", "4.12"), ("1.5b", "| 20 |", "| 19 |")],
)
def test_a_changed_figure_is_found(name: str, figure: str, other: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, example = text.split(f"<!-- example: {name} -->")
    assert figure in example
    changed = read_page(f"{before}<!-- example: {name} -->{example.replace(figure, other, 1)}").examples[name]
    assert worked_by_function(changed) != changed.results


def test_the_readme_of_transforms_leads_to_the_page() -> None:
    readme = (Path(PAGE).parent / "README.md").read_text(encoding="utf-8")
    assert "(RULES.md)" in readme
