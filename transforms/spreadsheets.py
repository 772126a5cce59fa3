"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

import re

import polars as pl

_BEGINS_FORMULA = r"^[=+\-@\t\r\n]"
_IS_NUMBER = r"^[+-][0-9]+(\.[0-9]+)?$"


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula. A plain number (`+12125550100`, `-0.01`) is none."""
    return re.match(_BEGINS_FORMULA, text) is not None and re.fullmatch(_IS_NUMBER.strip("^$"), text) is None


def neutral_text(text: str) -> str:
    """The text; where it would begin a formula, with an apostrophe before it."""
    return f"'{text}" if begins_formula(text) else text


def neutralised(column: str) -> pl.Expr:
    """The column's text; where it would begin a formula, an apostrophe before it makes a spreadsheet show it.

    A plain number begins none: `+12125550100` and `-0.01` stay as they are.
    """
    text = pl.col(column)
    is_formula = text.str.contains(_BEGINS_FORMULA) & ~text.str.contains(_IS_NUMBER)
    return pl.when(is_formula).then(pl.lit("'") + text).otherwise(text).alias(column)


def safe_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every text column neutralised."""
    return frame.with_columns(neutralised(name) for name, dtype in frame.schema.items() if dtype == pl.String)
