"""New rows of a rate table put in the place of old ones, or added to them (contract §4)."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from schemas.faults import Fault
from schemas.text_lines import LINE
from schemas.text_tables import EFFECTIVE_FROM, EFFECTIVE_TO, TableSpec
from transforms.deck_cells import instant_text

_ALWAYS = pl.lit(0).cast(pl.Datetime("us", "UTC"))
_TIMES = (EFFECTIVE_FROM, EFFECTIVE_TO)


class Rows(NamedTuple):
    """Rows of one table: as text cells, and typed; both with `line`, in the same order."""

    texts: pl.DataFrame
    typed: pl.DataFrame


class Merged(NamedTuple):
    """texts: the table's rows, sorted by key. How many old rows were kept as they were, ended, or replaced."""

    texts: pl.DataFrame
    kept: int
    ended: int
    replaced: int
    faults: list[Fault]


def successive_rows(rows: Rows, spec: TableSpec) -> Rows:
    """The rows, each open one ended where the next of its key begins."""
    begins = pl.col(EFFECTIVE_FROM)
    following = begins.shift(-1).over(spec.key, order_by=EFFECTIVE_FROM)
    ends = rows.typed.select(LINE, end=pl.coalesce(EFFECTIVE_TO, following))
    typed = rows.typed.with_columns(ends["end"].alias(EFFECTIVE_TO))
    texts = rows.texts.with_columns(ends.select(instant_text(pl.col("end")).fill_null(""))["end"].alias(EFFECTIVE_TO))
    return Rows(texts, typed)


def replaced_rows(old: Rows, new: Rows, spec: TableSpec, prefix: str) -> Merged:
    """The new rows, and the old ones of other currencies (billing countries, plans) than the new rows have."""
    scope = [name for name in spec.key if name != prefix]
    others = old.texts.join(new.texts.select(scope).unique(), on=scope, how="anti", maintain_order="left")
    texts = _sorted(pl.concat([others, new.texts]).drop(LINE), spec)
    return Merged(texts, others.height, 0, old.texts.height - others.height, [])


def extended_rows(old: Rows, new: Rows, spec: TableSpec, file: str) -> Merged:
    """The old rows and the new ones: an open old row ends where the first new one of its key begins.

    A new row of the same key and begin takes the old one's place. What still would be in force together is a fault
    with the line of the sheet (`file`).
    """
    same = [*spec.key, EFFECTIVE_FROM]
    begins = new.typed.select(*same)
    stays = old.typed.join(begins, on=same, how="anti", nulls_equal=True, maintain_order="left")
    ends = _new_ends(stays, new.typed, spec)
    stays = stays.join(ends, on=LINE, how="left", validate="1:1", maintain_order="left").with_columns(
        pl.coalesce("new_end", EFFECTIVE_TO).alias(EFFECTIVE_TO)
    )
    texts = old.texts.join(stays.select(LINE, "new_end"), on=LINE, how="inner", maintain_order="left").with_columns(
        pl.coalesce(instant_text(pl.col("new_end")), EFFECTIVE_TO).alias(EFFECTIVE_TO)
    )
    together = pl.concat([texts.drop("new_end"), new.texts]).drop(LINE)
    return Merged(
        texts=_sorted(together, spec),
        kept=stays.height - ends.height,
        ended=ends.height,
        replaced=old.typed.height - stays.height,
        faults=_clashes(stays, new.typed, spec, file),
    )


def _sorted(texts: pl.DataFrame, spec: TableSpec) -> pl.DataFrame:
    by = [*spec.key, EFFECTIVE_FROM] if spec.is_dated else list(spec.key)
    return texts.sort(by, maintain_order=True)


def _new_ends(old: pl.DataFrame, new: pl.DataFrame, spec: TableSpec) -> pl.DataFrame:
    """Old rows (line) that an open-ended run of new rows of their key cuts short, with where it begins (new_end)."""
    starts = new.select(*spec.key, new_from=pl.col(EFFECTIVE_FROM).fill_null(_ALWAYS), new_to=EFFECTIVE_TO)
    pairs = old.select(LINE, *spec.key, *_TIMES).join(starts, on=spec.key, how="inner")
    is_within = (pl.col("new_from") > pl.col(EFFECTIVE_FROM).fill_null(_ALWAYS)) & (
        pl.col(EFFECTIVE_TO).is_null() | (pl.col("new_from") < pl.col(EFFECTIVE_TO))
    )
    cut = pairs.filter(is_within).group_by(LINE).agg(pl.col("new_from").min(), is_open=pl.col("new_to").is_null().any())
    return cut.filter("is_open").select(LINE, new_end="new_from")


def _clashes(old: pl.DataFrame, new: pl.DataFrame, spec: TableSpec, file: str) -> list[Fault]:
    """New rows that would be in force together with an old row of their key."""
    columns = (LINE, *spec.key, *_TIMES)
    pairs = new.select(columns).join(old.select(columns), on=spec.key, how="inner", suffix=" of old")
    is_before_end = _before(pl.col(EFFECTIVE_FROM), pl.col(f"{EFFECTIVE_TO} of old"))
    is_after_begin = _before(pl.col(f"{EFFECTIVE_FROM} of old"), pl.col(EFFECTIVE_TO))
    remedy = "give it another begin, or end the old row first; a sheet with every price is imported with mode = replace"
    return [
        Fault(file, f"would be in force together with line {other} of {spec.name}.csv", remedy, line)
        for line, other in pairs.filter(is_before_end & is_after_begin).select(LINE, f"{LINE} of old").iter_rows()
    ]


def _before(begin: pl.Expr, end: pl.Expr) -> pl.Expr:
    return begin.is_null() | end.is_null() | (begin < end)
