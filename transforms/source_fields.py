"""A switch's columns to the canonical ones, as its source says; still text (contract §2)."""

from __future__ import annotations

import re

import polars as pl

from schemas.source_spec import CANONICAL_COLUMNS, FIELDS, OtherRows, RowTest, SourceSpec, Template
from transforms.delimited import IS_MALFORMED, SOURCE_LINE

OTHER_ROW, OTHER_ROW_DETAIL = "other_row", "other_row_detail"
_PLACE = re.compile(r"\{[^{}]+\}")
_URI = r"^(?:[^<]*<)?(?:(?:sips?|tel):)?([^@;>]*)"


def _test_expression(test: RowTest, present: set[str]) -> pl.Expr:
    """Whether a row passes, whatever the words' case. A column that the file lacks is empty."""

    def has_word(column: str, words: tuple[str, ...]) -> pl.Expr:
        text = pl.col(column).fill_null("").str.to_lowercase() if column in present else pl.lit("")
        return text.is_in([word.lower() for word in words])

    needed = [has_word(column, words) for column, words in test.when.items()]
    refused = [~has_word(column, words) for column, words in test.unless.items()]
    return pl.all_horizontal(*needed, *refused)


def _template_text(template: Template, present: set[str]) -> pl.Expr | None:
    """The template filled in; empty where a column in it is empty. None where the file lacks a column."""
    names = template.columns
    if not set(names) <= present:
        return None
    if not names:
        filled = pl.lit(template.text)
    elif template.text == "{" + names[0] + "}":
        filled = pl.col(names[0])
    else:
        text = pl.format(_PLACE.sub("{}", template.text), *(pl.col(name) for name in names))
        has_all = pl.all_horizontal(*(pl.col(name) != "" for name in names))
        filled = pl.when(has_all).then(text)
    if not template.test.columns:
        return filled
    return pl.when(_test_expression(template.test, present)).then(filled)


def _field_text(field: str, source: SourceSpec, present: set[str]) -> pl.Expr:
    """The first template of the field that is filled; without templates the column of that name."""
    templates = source.templates(field)
    texts = [text for template in templates if (text := _template_text(template, present)) is not None]
    if not texts:
        return pl.lit("")
    *earlier, last = texts
    return pl.coalesce(*(pl.when(text != "").then(text) for text in earlier), last).fill_null("")


def used_columns(source: SourceSpec) -> frozenset[str]:
    """Names of the file's columns that the source reads; others stay in the raw record only."""
    if not source.fields:
        return frozenset((*CANONICAL_COLUMNS, *source.tested_columns))
    read = (name for templates in source.fields.values() for template in templates for name in template.columns)
    return frozenset((*read, *source.tested_columns))


def _without_empty_words(rows: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Rows in which a cell that only says that there is nothing is empty."""
    if not source.empty_words:
        return rows
    text = pl.col(pl.String)
    return rows.with_columns(pl.when(text.is_in(list(source.empty_words))).then(pl.lit("")).otherwise(text).name.keep())


def _detail(other: OtherRows, present: set[str]) -> pl.Expr:
    """What made a row another one: the first column that was looked at, and its text."""
    column = other.test.columns[0]
    text = pl.col(column).fill_null("") if column in present else pl.lit("")
    return pl.format(column.replace("{", "").replace("}", "") + " {}", text)


def _other_rows(source: SourceSpec, present: set[str]) -> list[pl.Expr]:
    """The reason of a row that is no call to bill, null for a call, and what shows it."""
    tests = [(other, _test_expression(other.test, present)) for other in source.set_aside]
    reasons = [pl.when(test).then(pl.lit(other.reason)) for other, test in tests]
    details = [pl.when(test).then(_detail(other, present)) for other, test in tests]
    return [pl.coalesce(*reasons).alias(OTHER_ROW), pl.coalesce(*details).alias(OTHER_ROW_DETAIL)]


def number_of_uri(text: pl.Expr) -> pl.Expr:
    """The user of `sip:user@host`, `"Name" <sip:user@host;…>`, `tel:+1…` or `user@host`; other text as it is."""
    return text.str.extract(_URI).fill_null(text).str.strip_chars()


def canonical_text(rows: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Rows with the canonical columns as text, empty where a row lacks them.

    Grain: one row a row, order kept. A malformed row has only empty columns. Where the source names one account
    for all its records, it stands in for an empty account_id. Adds other_row (a reason, else null) and its detail
    where the source tells which rows are none to bill.
    """
    present = set(rows.columns)
    others = _other_rows(source, present) if source.set_aside else []
    texts = _without_empty_words(rows, source).select(
        SOURCE_LINE, IS_MALFORMED, *(_field_text(field, source, present).alias(field) for field in FIELDS), *others
    )
    if source.number_uris:
        numbers = ("source_number", "destination_number")
        texts = texts.with_columns(number_of_uri(pl.col(name)).alias(name) for name in numbers)
    account = pl.col("account_id")
    if source.account_words:
        texts = texts.with_columns(account_id=account.replace(dict(source.account_words)))
    if source.account_id is None:
        return texts
    return texts.with_columns(account_id=pl.when(account == "").then(pl.lit(source.account_id)).otherwise(account))


def templates_taken(rows: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """For each row and field the template that filled it; empty where none did. For a person, not for billing."""
    present = set(rows.columns)
    filled = {
        field: [
            pl.when(text.fill_null("") != "").then(pl.lit(template.text))
            for template in source.templates(field)
            if (text := _template_text(template, present)) is not None
        ]
        for field in FIELDS
    }
    return _without_empty_words(rows, source).select(
        SOURCE_LINE, *(pl.coalesce(*texts, pl.lit("")).alias(field) for field, texts in filled.items())
    )


def field_is_present(field: str, source: SourceSpec, present: set[str]) -> bool:
    """Whether a file with these columns can fill the field."""
    return any(_template_text(template, present) is not None for template in source.templates(field))
