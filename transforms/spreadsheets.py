"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

import polars as pl

_BEGINS_FORMULA = r"^[=+\-@\t\r\n]"


def neutralised(text: pl.Expr) -> pl.Expr:
    """Text that would begin a formula with an apostrophe before it, so that a spreadsheet shows it as it stands.

    Only for text that others wrote. Numbers of the plan (`+12125550100`) need none: behind their `+` are digits alone.
    """
    return text.str.replace(_BEGINS_FORMULA, "'${0}")
