"""The data dictionary as a page: every column of every table, with its type, unit and meaning.

`python -m schemas.dictionary` shows it; `make docs` keeps it as `schemas/DICTIONARY.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from schemas.contract_files import CONTRACT_TABLES
from schemas.fields import FIELDS, MONEY_2, MONEY_6
from schemas.rate_files import RATE_TABLES
from schemas.source_spec import CANONICAL_COLUMNS, REQUIRED_COLUMNS
from schemas.text_columns import Column
from schemas.text_tables import TableSpec
from schemas.view_columns import WarehouseView
from schemas.warehouse_tables import CALL_TABLES, SMALL_TABLES, WarehouseTable
from schemas.warehouse_views import WAREHOUSE_VIEWS

_KIND_WORDS = {
    "text": "text",
    "money": "decimal, at most 6 places",
    "percent": "decimal, at most 6 places",
    "whole_number": "whole number",
    "boolean": "true, false",
    "date": "date",
    "instant": "date or UTC time",
    "list": "list, `;` between",
    "whole_number_list": "list of whole numbers, `;` between",
}
_CANONICAL_FORMS = {
    "direction": "inbound, outbound, internal",
    "start_time": "ISO time with its offset",
    "end_time": "ISO time with its offset",
    "duration_seconds": "1 to 10 digits, below 2³¹",
    "disposition": "answered, no_answer, busy, failed",
}
_CANONICAL_WHEN_EMPTY = {
    "account_id": "found by the owner of a number",
    "direction": "found by the owners and the kinds of the numbers",
    "source_number": "anonymous",
    "end_time": "start and duration",
    "disposition": "answered with seconds, no_answer without",
}
_UNITS = {
    "bytes": "byte",
    "mean_rate_per_minute": "currency a minute",
    "overage_rate": "currency a minute",
    "quantity": "the line's unit",
    "rate_per_minute": "currency a minute",
    "seconds_accounted": "s",
    "seconds_read": "s",
}
_ENDINGS = {"_seconds": "s", "_minutes": "min", "percent": "%"}
_UNITS_OF_TYPES = {
    "TIMESTAMPTZ": "UTC",
    **dict.fromkeys((MONEY_2, MONEY_6, "DECIMAL(24,6)", "DECIMAL(28,10)"), "currency"),
}
_INTRODUCTION = """# Data dictionary

Written by `make docs` from the schemas; a test keeps it fresh. Do not edit it by hand.

Money is decimal in the row's or invoice's currency, never a float. Times are UTC, periods are half-open: the
end is the first day or moment that no longer belongs. NULL means "does not apply". The column "empty" says
what an empty cell of a file stands for; where it says nothing, the cell may be empty: "does not apply".
"""


def unit_of(column: str, sql_type: str) -> str:
    """Unit of a warehouse column by its name and type; empty where it has none."""
    if column in _UNITS:
        return _UNITS[column]
    ending = next((ending for ending in _ENDINGS if column.endswith(ending)), None)
    if ending is not None:
        return _ENDINGS[ending]
    return "row" if column.startswith("rows_") else _UNITS_OF_TYPES.get(sql_type, "")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in cells)


def _warehouse_section(table: WarehouseTable) -> str:
    fields = [(name, table.field(name)) for name in table.columns]
    rows = [(f"`{name}`", field.type, unit_of(name, field.type), field.meaning) for name, field in fields]
    order = f" Rows are in order of {', '.join(table.order)}." if table.order else ""
    return f"### {table.name}\n{table.grain}{order}\n\n" + _table(("column", "type", "unit", "meaning"), rows)


def _view_section(view: WarehouseView) -> str:
    rows = [(f"`{name}`", field.type, unit_of(name, field.type), field.meaning) for name, field in view.columns.items()]
    return f"### {view.name}\n{view.grain}\n\n" + _table(("column", "type", "unit", "meaning"), rows)


def _type_words(column: Column) -> str:
    if column.allowed:
        return ", ".join(column.allowed)
    if column.form is None:
        return _KIND_WORDS[column.kind]
    return column.form.words if column.kind == "text" else f"{_KIND_WORDS[column.kind]}, each {column.form.words}"


def _when_empty(column: Column) -> str:
    if column.required:
        return "refused"
    return column.default or ("false" if column.kind == "boolean" else "")


def _file_section(spec: TableSpec) -> str:
    rows = [
        (f"`{column.name}`", _type_words(column), column.unit, _when_empty(column), column.description)
        for column in spec.columns
    ]
    article = "an" if spec.grain.startswith(("a", "e", "i", "o")) else "a"
    grain = f"{spec.description}. One row {article} {spec.grain}."
    return f"### {spec.name}\n{grain}\n\n" + _table(("column", "type", "unit", "empty", "meaning"), rows)


def _canonical_section() -> str:
    rows = []
    for name in CANONICAL_COLUMNS:
        unit = unit_of(name, FIELDS[name].type)
        empty = _CANONICAL_WHEN_EMPTY.get(name, "rejected")
        column = "yes" if name in REQUIRED_COLUMNS else "no"
        rows.append((f"`{name}`", _CANONICAL_FORMS.get(name, "text"), unit, column, empty, FIELDS[name].meaning))
    return _table(("column", "type", "unit", "column needed", "empty", "meaning"), rows)


def dictionary_page() -> str:
    """The whole page, in Markdown."""
    sections = [
        _INTRODUCTION,
        "## Call records in: the canonical columns\n\n" + _canonical_section(),
        "## Contracts in: `<contracts>/*.csv`\n",
        *(_file_section(spec) for spec in CONTRACT_TABLES),
        "## Rate tables: `<rate-tables>/<version>/*.csv`\n",
        "In the warehouse each has a `rate_version` besides, and `international_rates` is called `rates`.\n",
        *(_file_section(spec) for spec in RATE_TABLES),
        "## The warehouse out: `tollbook.duckdb`\n",
        *(_warehouse_section(table) for table in (*CALL_TABLES, *SMALL_TABLES)),
        "## Views of the warehouse\n",
        *(_view_section(view) for view in WAREHOUSE_VIEWS),
    ]
    return "\n".join(sections)


if __name__ == "__main__":
    sys.stdout.write(dictionary_page())
