"""What a cell of a text table may hold, and the typed value it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import polars as pl

Kind = Literal["text", "money", "percent", "whole_number", "boolean", "date", "instant", "list", "whole_number_list"]
MICROS = 1_000_000
MICROS_SUFFIX = "_micros"
UTC_INSTANT = pl.Datetime("us", "UTC")
_DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "money": pl.Int64(),
    "percent": pl.Int64(),
    "whole_number": pl.Int64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "instant": UTC_INSTANT,
    "list": pl.List(pl.String()),
    "whole_number_list": pl.List(pl.Int64()),
}
_DECIMAL = r"^-?[0-9]{1,11}(\.[0-9]{1,6})?$"
_WHOLE = r"^-?[0-9]{1,12}$"
_DATE = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"
_INSTANT = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|\+00:?00))?$"


class Form(NamedTuple):
    """A spelling that a cell, or each item of a list, must have: its pattern, and words for a person."""

    pattern: str  # without anchors; no groups that capture
    words: str


@dataclass(frozen=True)
class Column:
    """One column of a CSV file that people write, and what its cells may hold.

    An empty cell is `default`, and where that is empty too it is null (text: "", lists: no items).
    `lowest` and `highest` bound the typed value: micros for money and percent, items for lists.
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    default: str = ""
    lowest: int | None = None
    highest: int | None = None
    allowed: tuple[str, ...] = ()
    form: Form | None = None
    unit: str = ""

    @property
    def typed_name(self) -> str:
        """Name in the typed frame: money and percent carry their unit."""
        return self.name + MICROS_SUFFIX if self.kind in ("money", "percent") else self.name

    @property
    def dtype(self) -> pl.DataType:
        """Type in the typed frame."""
        return _DTYPES[self.kind]

    @property
    def typed_unit(self) -> str:
        """Unit of the typed value, empty where it has none."""
        units = {"money": "1e-6 of the currency", "percent": "1e-6 percent", "instant": "UTC"}
        return units.get(self.kind, self.unit)


def typed_cell(column: Column) -> pl.Expr:
    """The typed value of the column's trimmed text; null where the text is wrong."""
    cell = pl.col(column.name)
    if column.default:
        cell = pl.when(cell == "").then(pl.lit(column.default)).otherwise(cell)
    typed = _bounded(_CONVERSIONS[column.kind](column, cell), column)
    return typed.cast(column.dtype).alias(column.typed_name)


def is_wrong(column: Column, typed: pl.Expr) -> pl.Expr:
    """Whether a cell is empty but required, or has text that no value came from. Null cells are not."""
    has_text = pl.col(column.name) != ""
    wrong = has_text & typed.is_null()
    return (wrong | ~has_text if column.required else wrong).fill_null(value=False)


def _bounded(typed: pl.Expr, column: Column) -> pl.Expr:
    """The value within its bounds, else null. Lists are bounded by their number of items, when not empty."""
    if column.kind in ("list", "whole_number_list"):
        size = typed.list.len().cast(pl.Int64)
        is_repeated = typed.list.n_unique() != typed.list.len()
        outside = is_repeated | (size > column.highest if column.highest is not None else False)
        return pl.when(~outside).then(typed)
    if column.lowest is None and column.highest is None:
        return typed
    within = pl.lit(value=True)
    if column.lowest is not None:
        within = within & (typed >= column.lowest)
    if column.highest is not None:
        within = within & (typed <= column.highest)
    return pl.when(within).then(typed)


def item_pattern(column: Column) -> str:
    """Pattern of the whole cell, or of one item of a list, without anchors; matches anything if free."""
    if column.allowed:
        return "(?:" + "|".join(column.allowed) + ")"
    return column.form.pattern if column.form else "[^;]+" if column.kind == "list" else ".*"


def _text(column: Column, cell: pl.Expr) -> pl.Expr:
    may_be_empty = (cell == "") & pl.lit(not column.required)
    if column.allowed:
        return pl.when(may_be_empty | cell.is_in(column.allowed)).then(cell)
    if column.form:
        return pl.when(may_be_empty | cell.str.contains(f"^(?:{column.form.pattern})$")).then(cell)
    return pl.when(may_be_empty | (cell != "")).then(cell)


def _micros(_: Column, cell: pl.Expr) -> pl.Expr:
    """Decimal text as whole micros, digit by digit: never by way of a float."""
    whole = cell.str.extract(r"^(-?[0-9]+)")
    fraction = cell.str.extract(r"\.([0-9]+)$").fill_null("").str.pad_end(6, "0")
    micros = pl.concat_str(whole, fraction).cast(pl.Int64, strict=False)
    return pl.when(cell.str.contains(_DECIMAL)).then(micros)


def _whole_number(_: Column, cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(_WHOLE)).then(cell.cast(pl.Int64, strict=False))


def _boolean(_: Column, cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.is_in(["true", "false", ""])).then(cell == "true")


def _date(_: Column, cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(_DATE)).then(cell.str.to_date("%Y-%m-%d", strict=False))


def _instant(_: Column, cell: pl.Expr) -> pl.Expr:
    time = pl.when(cell.str.len_bytes() > 10).then(cell.str.slice(11, 8)).otherwise(pl.lit("00:00:00"))
    moment = pl.concat_str(cell.str.slice(0, 10), time, separator=" ")
    parsed = moment.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us", time_zone="UTC")
    return pl.when(cell.str.contains(_INSTANT)).then(parsed)


def _list(column: Column, cell: pl.Expr) -> pl.Expr:
    item = item_pattern(column)
    is_list = cell.str.contains(rf"^(?:{item})(?:\s*;\s*(?:{item}))*$")
    items = cell.str.replace_all(r"\s*;\s*", ";").str.split(";")
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return pl.when(cell == "").then(nothing).when(is_list).then(items)


def _whole_number_list(column: Column, cell: pl.Expr) -> pl.Expr:
    return _list(column, cell).cast(pl.List(pl.Int64), strict=False)


_CONVERSIONS = {
    "text": _text,
    "money": _micros,
    "percent": _micros,
    "whole_number": _whole_number,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "list": _list,
    "whole_number_list": _whole_number_list,
}
