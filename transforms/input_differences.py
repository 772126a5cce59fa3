"""What differs between two readings of contracts or rate tables, told to a person (rule 12.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import polars as pl

from schemas.contract_files import CONTRACT_TABLES
from schemas.text_columns import Column
from schemas.text_tables import TableSpec

SHOWN = 3
Row = Mapping[str, object]


def listed(texts: list[str]) -> str:
    """The first few texts, and how many more there are."""
    shown = "; ".join(texts[:SHOWN])
    return shown if len(texts) <= SHOWN else f"{shown}; and {len(texts) - SHOWN} more"


def _shown(column: Column, value: object) -> str:
    """A cell as its file has it, or near enough; an empty one as `empty`."""
    if value is None or value in ("", []):
        return "empty"
    if column.kind in ("money", "percent"):
        return f"{Decimal(str(value)).scaleb(-6).normalize():f}"
    if isinstance(value, list):
        return ";".join(str(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def unknown_rows(rows: pl.DataFrame, known: pl.DataFrame, spec: TableSpec) -> pl.DataFrame:
    """The rows that `known` does not have to the last cell, wherever they stand. Order kept."""
    names = [column.typed_name for column in spec.columns]
    return rows.join(known.select(names).unique(), on=names, how="anti", nulls_equal=True, maintain_order="left")


def _by_key(rows: pl.DataFrame, spec: TableSpec) -> dict[tuple[object, ...], Row]:
    return {tuple(row[name] for name in spec.key): row for row in rows.iter_rows(named=True)}


def _row_texts(spec: TableSpec, key: tuple[object, ...], before: Row | None, after: Row | None) -> Iterator[str]:
    more = [str(part) for name, part in zip(spec.key, key, strict=True) if name != "account_id"]
    named = " ".join([spec.name, *more])
    if after is None or before is None:
        row, what = (before, "is gone") if after is None else (after, "is new")
        yield f"{named} {what} (line {'' if row is None else row['line']})"
        return
    for column in spec.columns:
        old, new = before[column.typed_name], after[column.typed_name]
        if old != new:
            shown = f"{_shown(column, old)} → {_shown(column, new)}"
            yield f"{named} {column.name}: {shown} (line {after['line']})"


def contract_notes(before: Mapping[str, pl.DataFrame], after: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What differs in each account's contract, by table, field and line. Grain: account_id (account_note).

    Needs: the typed contract tables by name, as they were and as they are. A number that moved is told of both.
    """
    told: dict[str, list[str]] = {}
    for spec in CONTRACT_TABLES:
        old, new = before[spec.name], after[spec.name]
        gone, came = _by_key(unknown_rows(old, new, spec), spec), _by_key(unknown_rows(new, old, spec), spec)
        for key in sorted(gone.keys() | came.keys(), key=str):
            rows = [row for row in (gone.get(key), came.get(key)) if row is not None]
            texts = list(_row_texts(spec, key, gone.get(key), came.get(key)))
            for account in sorted({str(row["account_id"]) for row in rows}):
                told.setdefault(account, []).extend(texts)
    notes = [(account, listed(texts)) for account, texts in sorted(told.items())]
    return pl.DataFrame(notes, schema={"account_id": pl.String, "account_note": pl.String}, orient="row")
