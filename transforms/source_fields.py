"""A switch's columns to the canonical ones, as its source says; still text (contract §2)."""

from __future__ import annotations

import re

import polars as pl

from schemas.source_spec import ANSWER_TIME, CANONICAL_COLUMNS, SourceSpec
from transforms.delimited import IS_MALFORMED, SOURCE_LINE

_PLACE = re.compile(r"\{([^{}]+)\}")


def _template_text(template: str, present: set[str]) -> pl.Expr | None:
    """The template filled in; empty where a column in it is empty. None where the file lacks a column."""
    names = _PLACE.findall(template)
    if not names or not set(names) <= present:
        return None
    if template == "{" + names[0] + "}":
        return pl.col(names[0])
    filled = pl.format(_PLACE.sub("{}", template), *(pl.col(name) for name in names))
    has_all = pl.all_horizontal(*(pl.col(name) != "" for name in names))
    return pl.when(has_all).then(filled)


def _field_text(field: str, source: SourceSpec, present: set[str]) -> pl.Expr:
    """The first template of the field that is filled; without templates the column of that name."""
    templates = source.fields.get(field, ("{" + field + "}",) if not source.fields else ())
    texts = [text for template in templates if (text := _template_text(template, present)) is not None]
    if not texts:
        return pl.lit("")
    *earlier, last = texts
    return pl.coalesce(*(pl.when(text != "").then(text) for text in earlier), last).fill_null("")


def used_columns(source: SourceSpec) -> frozenset[str]:
    """Names of the file's columns that the source reads; others stay in the raw record only."""
    if not source.fields:
        return frozenset(CANONICAL_COLUMNS)
    return frozenset(
        name for templates in source.fields.values() for text in templates for name in _PLACE.findall(text)
    )


def canonical_text(rows: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Rows with the canonical columns as text, empty where a row lacks them.

    Grain: one row a row, order kept. A malformed row has only empty columns. Where the source names one account
    for all its records, it stands in for an empty account_id.
    """
    present = set(rows.columns)
    fields = (*CANONICAL_COLUMNS, ANSWER_TIME)
    texts = rows.select(
        SOURCE_LINE, IS_MALFORMED, *(_field_text(field, source, present).alias(field) for field in fields)
    )
    if source.account_id is None:
        return texts
    account = pl.col("account_id")
    return texts.with_columns(account_id=pl.when(account == "").then(pl.lit(source.account_id)).otherwise(account))


def field_is_present(field: str, source: SourceSpec, present: set[str]) -> bool:
    """Whether a file with these columns can fill the field."""
    templates = source.fields.get(field, ("{" + field + "}",) if not source.fields else ())
    return any(_template_text(template, present) is not None for template in templates)
