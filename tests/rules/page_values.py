"""Cells of the rules page as values, and values as its cells; a month of the examples opened to be asked."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import polars as pl

from flows.month import Month, open_month
from flows.settings import Settings, month_text
from schemas.faults import InputRefusedError
from tests.rules.small_month import call, item, write_month
from transforms.money import MICROS_PER_UNIT

FEBRUARY = dt.date(2020, 2, 1)
SHIPPED = Path(__file__).parents[2] / "rate_tables" / "2020.1"
Answer = TypeVar("Answer")


def micros(text: str) -> int:
    """`0.0185` as 18,500; an empty cell is 0."""
    return int(Decimal(text or "0") * MICROS_PER_UNIT)


def cents(text: str) -> int:
    """`24.95` as 2,495; an empty cell is 0."""
    return int(Decimal(text or "0") * 100)


def money(amount_cents: int) -> str:
    """2,495 as `24.95`."""
    return str(Decimal(amount_cents).scaleb(-2))


def day(text: str) -> dt.date | None:
    """A date, or nothing."""
    return dt.date.fromisoformat(text) if text else None


def listed(text: str) -> list[str]:
    """`40, 15, 10` as its parts."""
    return [part.strip() for part in text.split(",")] if text else []


def shipped(table: str) -> pl.DataFrame:
    """A table of rate version 2020.1 as text, empty cells as none."""
    return pl.read_csv(SHIPPED / f"{table}.csv", infer_schema=False)


def ask_month(
    ask: Callable[[Month], Answer], invoice_month: dt.date, *, issue_date: dt.date | None = None, **inputs: object
) -> Answer | None:
    """The answer of a month with one phone and one call; nothing where it is refused."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        month = month_text(invoice_month)
        write_month(folder, invoice_month=month, items=[item("i1")], calls=[call("c1")], **inputs)  # type: ignore[arg-type]
        settings = Settings(
            invoice_month,
            cdrs=folder / "inbox",
            contracts=folder / "contracts",
            rate_tables=folder / "rates",
            issue_date=issue_date,
        )
        try:
            return ask(open_month(settings))
        except InputRefusedError:
            return None
