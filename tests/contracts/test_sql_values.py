"""No value is concatenated into SQL: in braces in a statement stand names of ours, or what went through `quoted`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for layer in ("flows", "transforms", "schemas", "rate_tables") for path in (ROOT / layer).rglob("*.py")
)
STATEMENT = re.compile(
    r"\s*(select\b.*\bfrom|insert into|create (or replace )?(temp )?(table|view)|attach|detach|delete from|"
    r"comment on|set \w+ =)\s",
    re.IGNORECASE | re.DOTALL,
)
OUR_NAMES = {
    "flows/explain_find.py": {"_ASIDE"},
    "flows/explain_line.py": {"_OF_LINE"},
    "flows/next_database.py": {"table.name", "name", "order"},
    "flows/suspended.py": {"_CALLS", "_OF_ACCOUNTS"},
    "flows/warehouse.py": {
        "table.name",
        "columns",
        "rate_table_name(spec)",
        "rows",
        "table",
        "column",
        "kind",
        "name",
        "options",
        "view.name",
        "query",
    },
    "flows/sql_prompt.py": {"statement.strip().rstrip(';')"},  # what the analyst typed is the statement itself
    "flows/sql_session.py": {"folders"},  # each went through `quoted`
}
"""Reviewed: texts of this program, never of an input."""


def _is_statement(text: str) -> bool:
    return STATEMENT.match(text) is not None


def _shape(node: ast.JoinedStr) -> str:
    return "".join(str(part.value) if isinstance(part, ast.Constant) else " x " for part in node.values)


def faults(name: str, source: str) -> Iterator[str]:
    """What a module puts into SQL that nobody has looked at, each with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr) and _is_statement(_shape(node)):
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    value = ast.unparse(part.value)
                    if not value.startswith("quoted(") and value not in OUR_NAMES.get(name, set()):
                        yield f"{name}, line {node.lineno}: {value}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            sides = [side for side in (node.left, node.right) if isinstance(side, ast.Constant)]
            if any(isinstance(side.value, str) and _is_statement(side.value) for side in sides):
                yield f"{name}, line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_value_is_concatenated_into_sql(path: Path) -> None:
    assert list(faults(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "sql(f\"select * from calls where id = '{call_id}'\")",
        "sql('select * from calls where id = ' + call_id)",
        "sql('select * from calls where id = %s' % call_id)",
        "sql(f'delete from {account}')",
    ],
)
def test_a_value_in_a_statement_is_found(source: str) -> None:
    assert len(list(faults("flows/any.py", source))) == 1


def test_there_are_statements_to_look_at() -> None:
    found = sum(
        isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_statement(node.value)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )
    assert found > 20
