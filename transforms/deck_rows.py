"""The rows of a carrier's sheet as rows of a rate table, each with the line it came from (contract §4)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import polars as pl

from schemas.deck_map import FROM_NUMBERING_PLAN, INTERVALS, STEPS, TIMES, DeckMap
from schemas.faults import Fault
from schemas.rate_files import PREMIUM_PREFIXES
from schemas.text_lines import LINE, TextTable
from schemas.text_tables import typed_table
from transforms.deck_cells import (
    PICOS_PER_MICRO,
    SECONDS_PER_MINUTE,
    decimal_text,
    first_step,
    instant,
    instant_text,
    next_step,
    price_picos,
    price_problem,
    without_signs,
)
from transforms.deck_prefixes import expanded_prefixes
from transforms.numbering_facts import numbering_facts

PRICES = ("rate_per_minute", "connection_fee")


class DeckRows(NamedTuple):
    """rows: text cells of the table's columns, as a rate file has them, with `line`; typed: the same, typed.

    `unpriced`: rows with an empty rate. `rounded_up`, `cut_seconds`, `skipped`: how many lines were changed so or left
    out. `unknown`: rows whose prefix no numbering plan knows; `mixed`: rows whose country or kind it does not tell.
    """

    rows: pl.DataFrame
    typed: pl.DataFrame
    faults: list[Fault]
    line_count: int
    skipped: int
    rounded_up: int
    cut_seconds: int
    unknown: pl.DataFrame
    mixed: pl.DataFrame

    @property
    def unpriced(self) -> pl.DataFrame:
        """Rows without a rate: a call to them is suspended, and no shorter prefix is tried (rule 5.1)."""
        return self.rows.filter(pl.col("rate_per_minute") == "")


def deck_rows(cells: pl.DataFrame, deck_map: DeckMap, numbering_plan: pl.DataFrame, file: str) -> DeckRows:
    """The sheet's cells (the map's columns as text, `line`) as rows of its table, and every fault."""
    kept = cells.filter(~_says(deck_map.skip))
    filled = kept.with_columns(_filled_columns(deck_map))
    judged = _judged_prices(filled, deck_map)
    faults = [
        *_price_faults(judged, deck_map, file),
        *_step_faults(judged, deck_map, file),
        *_time_faults(judged, deck_map, file),
    ]
    expanded = expanded_prefixes(judged, deck_map)
    column = deck_map.sheet_column("prefix")
    faults += [
        Fault(file, problem, remedy, line, column, part or None) for line, part, problem, remedy in expanded.faults
    ]
    rows, unknown, mixed = _placed(expanded.rows, deck_map, numbering_plan)
    texts = rows.select(*(_target(name, deck_map) for name in deck_map.table.column_names), LINE)
    read = typed_table(TextTable(texts, []), deck_map.table, file)
    faults += [replace(fault, column=deck_map.sheet_column(str(fault.column))) for fault in read.faults]
    return DeckRows(
        rows=texts,
        typed=read.rows,
        faults=faults,
        line_count=cells.height,
        skipped=cells.height - kept.height,
        rounded_up=_rounded_up(judged, deck_map),
        cut_seconds=_cut_seconds(judged, deck_map),
        unknown=unknown,
        mixed=mixed,
    )


def _says(tests: object) -> pl.Expr:
    """Whether a column of the tests holds one of its words, whatever the case."""
    says = pl.lit(value=False)
    for column, words in dict(tests).items():  # type: ignore[call-overload]
        says = says | pl.col(column).str.to_lowercase().is_in(words)
    return says


def _to(name: str) -> str:
    """Name of a target's text while the sheet's own columns stand beside it."""
    return f"to {name}"


def _filled_columns(deck_map: DeckMap) -> list[pl.Expr]:
    """For each target its column's text, or its default where that is empty or there is none."""
    filled = []
    for name in (*deck_map.table.column_names, INTERVALS):
        names, default = deck_map.columns.get(name, ()), deck_map.defaults.get(name, "")
        text = pl.col(names[0]) if names and name != "prefix" else pl.lit("")
        is_read = bool(names) and name in (*PRICES, *TIMES)
        if not is_read:
            text = pl.when(text == "").then(pl.lit(default)).otherwise(text)
        filled.append(text.alias(_to(name)))
    if "currency" in deck_map.table.column_names:
        currency = next(one for one in filled if one.meta.output_name() == _to("currency"))
        filled.append(currency.alias("currency"))
    return filled


def _judged_prices(rows: pl.DataFrame, deck_map: DeckMap) -> pl.DataFrame:
    """`<price> text` without signs, empty where it is blocked; `<price> picos` a minute, null where it is no price."""
    prices = deck_map.prices
    currencies = tuple(str(name) for name in rows["currency"].unique().sort())
    for name in PRICES:
        if name not in deck_map.columns:
            continue
        text = without_signs(pl.col(_to(name)), currencies, prices.signs)
        is_blocked = pl.col(_to(name)).str.to_lowercase().is_in(prices.blocked)
        if name == "rate_per_minute":
            is_blocked = is_blocked | _says(prices.blocked_when)
        text = pl.when(is_blocked).then(pl.lit("")).otherwise(text)
        rows = rows.with_columns(text.alias(f"{name} text"))
        picos = price_picos(pl.col(f"{name} text"), prices)
        if prices.per == "second" and name == "rate_per_minute":
            picos = picos * SECONDS_PER_MINUTE
        rows = rows.with_columns(picos.alias(f"{name} picos"))
    return rows


def _excess(name: str) -> pl.Expr:
    return (pl.col(f"{name} picos") % PICOS_PER_MICRO > 0).fill_null(value=False)


def _read_prices(deck_map: DeckMap) -> list[str]:
    return [name for name in PRICES if name in deck_map.columns]


def _price_faults(rows: pl.DataFrame, deck_map: DeckMap, file: str) -> list[Fault]:
    faults = []
    for name in _read_prices(deck_map):
        column = deck_map.sheet_column(name)
        is_no_price = (pl.col(f"{name} text") != "") & pl.col(f"{name} picos").is_null()
        for line, text in rows.filter(is_no_price).select(LINE, f"{name} text").iter_rows():
            problem, remedy = price_problem(text, deck_map.prices)
            faults.append(Fault(file, problem, remedy, line, column, text))
        if deck_map.prices.rounding == "refuse":
            per = " a minute" if deck_map.prices.per == "second" else ""
            remedy = 'ask the carrier for 6 decimals, or write price.rounding = "up" in the map'
            faults += [
                Fault(file, f"has more than 6 decimals{per}", remedy, line, column, text)
                for line, text in rows.filter(_excess(name)).select(LINE, f"{name} text").iter_rows()
            ]
    return faults


def _rounded_up(rows: pl.DataFrame, deck_map: DeckMap) -> int:
    names = _read_prices(deck_map)
    return rows.filter(pl.any_horizontal(_excess(name) for name in names)).height if names else 0


def _step_faults(rows: pl.DataFrame, deck_map: DeckMap, file: str) -> list[Fault]:
    cell = pl.col(_to(INTERVALS))
    bad = rows.filter((cell != "") & first_step(cell).is_null()).select(LINE, _to(INTERVALS))
    column = deck_map.sheet_column(INTERVALS)
    remedy = "write the first and the next step in seconds, such as 30/6"
    return [Fault(file, "is no two steps", remedy, line, column, text) for line, text in bad.iter_rows()]


def _moment(name: str, deck_map: DeckMap) -> pl.Expr:
    return instant(pl.col(_to(name)), str(deck_map.time_format), str(deck_map.time_zone))


def _time_faults(rows: pl.DataFrame, deck_map: DeckMap, file: str) -> list[Fault]:
    faults = []
    for name in (name for name in TIMES if name in deck_map.columns):
        bad = rows.filter((pl.col(_to(name)) != "") & _moment(name, deck_map).is_null())
        problem = f"is no time as {deck_map.time_format} in {deck_map.time_zone}"
        remedy = "mend the cell, or time.format and time.zone in the map"
        faults += [
            Fault(file, problem, remedy, line, deck_map.sheet_column(name), text)
            for line, text in bad.select(LINE, _to(name)).iter_rows()
        ]
    return faults


def _cut_seconds(rows: pl.DataFrame, deck_map: DeckMap) -> int:
    parts = [
        (_moment(name, deck_map).dt.microsecond() > 0).fill_null(value=False)
        for name in TIMES
        if name in deck_map.columns
    ]
    return rows.filter(pl.any_horizontal(parts)).height if parts else 0


def _target(name: str, deck_map: DeckMap) -> pl.Expr:
    """The text of a target column. What was at fault is empty: it has its fault already."""
    default = pl.lit(deck_map.defaults.get(name, ""))
    if name in _read_prices(deck_map):
        micros = -(-pl.col(f"{name} picos") // PICOS_PER_MICRO)
        text = pl.when(pl.col(f"{name} text") != "").then(decimal_text(micros)).fill_null("")
        if name == "connection_fee":
            text = pl.when(text == "").then(default).otherwise(text)
    elif name in TIMES and name in deck_map.columns:
        text = instant_text(_moment(name, deck_map)).fill_null("")
        text = pl.when(text == "").then(default).otherwise(text)
    elif name in STEPS and INTERVALS in deck_map.columns:
        step = first_step if name == "minimum_seconds" else next_step
        text = pl.coalesce(step(pl.col(_to(INTERVALS))), pl.col(_to(name)))
    elif name == deck_map.prefix_column or (name == "published_prefix" and name not in deck_map.columns):
        text = pl.col("deck_prefix")
    else:
        text = pl.col(_to(name))
    return text.alias(name)


def _placed(
    rows: pl.DataFrame, deck_map: DeckMap, numbering_plan: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Rows with country and line type of the numbering plan where the sheet has none; the unknown; the mixed."""
    keys = rows.select(LINE, prefix="deck_prefix")
    if deck_map.table.name == PREMIUM_PREFIXES.name or "line_type" not in deck_map.table.column_names:
        return rows, keys.clear(), keys.clear()
    facts = numbering_facts(keys["prefix"], numbering_plan)
    placed = pl.concat([rows, facts.drop("prefix")], how="horizontal")
    fills = {"country": "plan_country", "line_type": "plan_line_type"}
    filled = placed.with_columns(
        pl.when(pl.col(_to(name)) == "").then(pl.col(fills[name]).fill_null("")).otherwise(_to(name)).alias(_to(name))
        for name in FROM_NUMBERING_PLAN
    )
    lacks = pl.any_horizontal(pl.col(fills[name]).is_null() & (pl.col(_to(name)) == "") for name in fills)
    unknown = filled.filter(~pl.col("is_known")).select(LINE, prefix="deck_prefix")
    mixed = filled.filter(pl.col("is_known") & lacks).select(LINE, prefix="deck_prefix")
    return filled.drop(facts.drop("prefix").columns), unknown, mixed
