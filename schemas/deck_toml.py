"""The map (TOML) of a carrier's sheet, checked; every fault is listed."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from schemas.deck_map import (
    DECK_TABLES,
    INTERVALS,
    PREFIX,
    STEPS,
    TABLE_PREFIXES,
    TIMES,
    DeckDialect,
    DeckMap,
    DeckPrices,
)
from schemas.faults import Fault, refuse_if_any
from schemas.text_columns import Column, is_wrong, typed_cell
from schemas.text_problems import explain_cell

_DATE_PARTS = (
    ("a year", ("%Y", "%y", "%F", "%D")),
    ("a month", ("%m", "%b", "%B", "%j", "%F", "%D")),
    ("a day", ("%d", "%e", "%j", "%F", "%D")),
)
_TRIAL = dt.datetime(2019, 11, 25, 13, 14, 15)  # noqa: DTZ001 - as a sheet has it
_TRIAL_CUTS = (_TRIAL.replace(second=0), _TRIAL.replace(minute=0, second=0), dt.datetime(2019, 11, 25))  # noqa: DTZ001


class _Key(NamedTuple):
    """A key of the map: the type of its value, the values allowed, and the value where it is absent."""

    type: type
    absent: object
    allowed: tuple[str, ...] = ()


_KEYS: dict[str, dict[str, _Key]] = {
    "": {
        "description": _Key(str, ""),
        "table": _Key(str, "international_rates", tuple(DECK_TABLES)),
        "mode": _Key(str, None, ("replace", "extend")),
    },
    "dialect": {
        "delimiter": _Key(str, ","),
        "encoding": _Key(str, "utf-8"),
        "skip_lines": _Key(int, 0),
        "footer_lines": _Key(int, 0),
        "columns": _Key(list, []),
    },
    "prefix": {
        "separators": _Key(list, [";", ","]),
        "ranges": _Key(list, ["-", "–"]),
        "any": _Key(list, []),
    },
    "price": {
        "per": _Key(str, "minute", ("minute", "second")),
        "decimal": _Key(str, ".", (".", ",")),
        "signs": _Key(list, []),
        "rounding": _Key(str, "refuse", ("refuse", "up")),
        "blocked": _Key(list, []),
        "blocked_when": _Key(dict, {}),
    },
    "time": {"format": _Key(str, None), "zone": _Key(str, None), "successive": _Key(bool, absent=False)},
    "rows": {"skip": _Key(dict, {})},
}
_NEVER_DEFAULT = (PREFIX, INTERVALS, "rate_per_minute")
_TARGET_TABLES = ("columns", "defaults")
_TYPE_NAMES = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    list: "list of texts",
    dict: "table of lists of texts",
}


def parse_deck_map(file: str, content: Mapping[str, Any]) -> DeckMap:
    """The map that a TOML describes. Raises InputRefusedError with every fault of it."""
    refuse_if_any(_shape_faults(file, content))
    deck_map = _deck_map(file, content)
    refuse_if_any(_content_faults(deck_map))
    return deck_map


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _has_type(value: object, key: _Key) -> bool:
    if key.type is list:
        return _is_texts(value)
    if key.type is dict:
        return isinstance(value, dict) and all(_is_texts(entry) for entry in value.values())
    return isinstance(value, key.type) and isinstance(value, bool) == (key.type is bool)


def _shape_faults(file: str, content: Mapping[str, Any]) -> list[Fault]:
    """Keys that are not known, and values of a wrong type."""
    faults = []
    tables = (*_KEYS, *_TARGET_TABLES)
    for name, value in content.items():
        if name in tables and not isinstance(value, dict):
            faults.append(Fault(file, "the key is no table", f"write [{name}]", column=name))
        elif name not in tables and name not in _KEYS[""]:
            faults.append(Fault(file, "the key is not known", f"use one of {_listed(tables, _KEYS[''])}", column=name))
    if faults:
        return faults
    for table, keys in _KEYS.items():
        faults += _key_faults(file, table, content.get(table, {}) if table else content, keys)
    return [*faults, *_target_shape_faults(file, content)]


def _target_shape_faults(file: str, content: Mapping[str, Any]) -> Iterator[Fault]:
    if "mode" not in content:
        remedy = 'write mode = "replace" (the sheet has every price) or mode = "extend" (it has changes)'
        yield Fault(file, "does not say what becomes of the rows that are there", remedy, column="mode")
    for name, value in content.get("columns", {}).items():
        if not (isinstance(value, str) or (name == PREFIX and _is_texts(value) and len(value) == 2)):
            remedy = "name a column of the sheet" + (", or a list of two" if name == PREFIX else "")
            yield Fault(file, "names no column", remedy, column=f"columns.{name}", value=str(value))
    for name, value in content.get("defaults", {}).items():
        if not isinstance(value, str):
            yield Fault(file, "is no text", "put it in quotes", column=f"defaults.{name}", value=str(value))


def _key_faults(file: str, table: str, content: Mapping[str, Any], known: Mapping[str, _Key]) -> Iterator[Fault]:
    for name, value in content.items():
        place = f"{table}.{name}" if table else name
        key = known.get(name)
        if key is None:
            if table:
                yield Fault(file, "the key is not known", f"use one of {_listed(known)}", column=place)
        elif not _has_type(value, key):
            yield Fault(file, "has the wrong type", f"write {_TYPE_NAMES[key.type]}", column=place, value=str(value))
        elif key.allowed and value not in key.allowed:
            yield Fault(file, "is not known", f"use one of {_listed(key.allowed)}", column=place, value=str(value))


def _listed(*names: object) -> str:
    return ", ".join(str(name) for group in names for name in group if name)  # type: ignore[attr-defined]


def _deck_map(file: str, content: Mapping[str, Any]) -> DeckMap:
    def value(table: str, name: str) -> Any:  # noqa: ANN401 - as TOML has it; the shape is checked
        return (content.get(table, {}) if table else content).get(name, _KEYS[table][name].absent)

    def words(table: str, name: str) -> tuple[str, ...]:
        return tuple(value(table, name))

    def tests(table: str, name: str) -> dict[str, tuple[str, ...]]:
        return {column: tuple(word.strip().lower() for word in entry) for column, entry in value(table, name).items()}

    dialect = DeckDialect(
        value("dialect", "delimiter"),
        value("dialect", "encoding"),
        value("dialect", "skip_lines"),
        value("dialect", "footer_lines"),
        words("dialect", "columns"),
    )
    prices = DeckPrices(
        per=value("price", "per"),
        decimal=value("price", "decimal"),
        signs=words("price", "signs"),
        rounding=value("price", "rounding"),
        blocked=tuple(word.strip().lower() for word in words("price", "blocked")),
        blocked_when=tests("price", "blocked_when"),
    )
    columns = content.get("columns", {})
    return DeckMap(
        file=file,
        table=DECK_TABLES[value("", "table")],
        mode=value("", "mode"),
        columns={name: tuple(entry) if isinstance(entry, list) else (entry,) for name, entry in columns.items()},
        defaults=content.get("defaults", {}),
        dialect=dialect,
        separators=words("prefix", "separators"),
        ranges=words("prefix", "ranges"),
        any_words=tuple(word.strip().lower() for word in words("prefix", "any")),
        prices=prices,
        time_format=value("time", "format"),
        time_zone=value("time", "zone"),
        is_successive=value("time", "successive"),
        skip=tests("rows", "skip"),
    )


def _content_faults(deck_map: DeckMap) -> list[Fault]:
    return [
        *_target_faults(deck_map),
        *_default_faults(deck_map),
        *_dialect_faults(deck_map),
        *_time_faults(deck_map),
        *_mark_faults(deck_map),
    ]


def _target_faults(deck_map: DeckMap) -> Iterator[Fault]:
    """Columns that the table does not have, and columns that nothing fills."""
    spec = deck_map.table
    targets = [PREFIX, INTERVALS, *(name for name in spec.column_names if name not in TABLE_PREFIXES)]
    for table, named in (("columns", deck_map.columns), ("defaults", deck_map.defaults)):
        known = targets if table == "columns" else [name for name in targets if name not in _NEVER_DEFAULT]
        for name in named:
            if name not in known:
                problem = f"is no column of {spec.name}"
                yield Fault(deck_map.file, problem, f"use one of {_listed(known)}", column=f"{table}.{name}")
    if PREFIX not in deck_map.columns:
        remedy = (
            "name the column of the sheet with the digits; a sheet of names alone cannot price a call: ask for codes"
        )
        yield Fault(deck_map.file, "names no column with prefixes", remedy, column="columns.prefix")
    if "rate_per_minute" not in deck_map.columns:
        remedy = "name the column of the sheet with the prices"
        yield Fault(deck_map.file, "names no column with prices", remedy, column="columns.rate_per_minute")
    given = {*deck_map.columns, *deck_map.defaults, *TABLE_PREFIXES, "published_prefix"}
    for column in spec.columns:
        if column.required and column.name not in given:
            remedy = f"name its column under [columns], or its value under [defaults] ({column.description.lower()})"
            yield Fault(deck_map.file, "nothing gives a column that every row needs", remedy, column=column.name)
    yield from _step_faults(deck_map)


def _step_faults(deck_map: DeckMap) -> Iterator[Fault]:
    columns = deck_map.columns
    has_steps = INTERVALS in columns or any(name in columns or name in deck_map.defaults for name in STEPS)
    if INTERVALS in columns and any(name in columns for name in STEPS):
        remedy = "name intervals (like 30/6), or minimum_seconds and increment_seconds"
        yield Fault(deck_map.file, "has the steps twice", remedy, column="columns.intervals")
    if has_steps and "rounding" not in {*columns, *deck_map.defaults}:
        remedy = 'write defaults.rounding = "up" (a started step counts whole: 31 s on 30/6 is 36 s) or "nearest"'
        yield Fault(deck_map.file, "does not say how a started step counts", remedy, column="defaults.rounding")


def _default_faults(deck_map: DeckMap) -> Iterator[Fault]:
    for column in deck_map.table.columns:
        text = deck_map.defaults.get(column.name)
        if text is not None and _is_wrong_text(column, text):
            problem, remedy = explain_cell(column, text)
            yield Fault(deck_map.file, problem, remedy, column=f"defaults.{column.name}", value=text)


def _is_wrong_text(column: Column, text: str) -> bool:
    cell = pl.DataFrame({column.name: [text]}).with_columns(typed_cell(column).alias("as typed"))
    return bool(cell.select(is_wrong(column, pl.col("as typed"))).item())


def _dialect_faults(deck_map: DeckMap) -> Iterator[Fault]:
    dialect = deck_map.dialect
    if len(dialect.delimiter) != 1 or dialect.delimiter in '"\r\n':
        remedy = 'write one character, such as "," or ";" or "\\t"'
        yield Fault(deck_map.file, "is no delimiter", remedy, column="dialect.delimiter", value=dialect.delimiter)
    try:
        " ".encode(dialect.encoding)
    except LookupError:
        remedy = "write a name such as utf-8, latin-1, cp1252 or utf-16"
        yield Fault(deck_map.file, "is no encoding", remedy, column="dialect.encoding", value=dialect.encoding)
    for name in ("skip_lines", "footer_lines"):
        if getattr(dialect, name) < 0:
            yield Fault(deck_map.file, "is below 0", "write a number of lines", column=f"dialect.{name}")
    absent = [name for name in deck_map.used_columns if dialect.names and name not in dialect.names]
    for name in absent:
        yield Fault(deck_map.file, "is read but not listed", "add it", column="dialect.columns", value=name)


def _time_faults(deck_map: DeckMap) -> Iterator[Fault]:
    if not any(name in deck_map.columns for name in TIMES):
        return
    time_format, zone = deck_map.time_format, deck_map.time_zone
    if time_format is None:
        remedy = "write how the sheet writes dates, such as %d/%m/%Y or %Y-%m-%d %H:%M:%S%.f"
        yield Fault(deck_map.file, "dates are never guessed", remedy, column="time.format")
    else:
        lacking = [what for what, directives in _DATE_PARTS if not any(one in time_format for one in directives)]
        for what in lacking:
            yield Fault(deck_map.file, f"the format lacks {what}", "add it", column="time.format", value=time_format)
        if not lacking and not _reads_itself(time_format):
            remedy = "use %Y %m %d %H:%M:%S and the like, %I with %p; an offset is not read: give time.zone"
            yield Fault(deck_map.file, "is no format of a time", remedy, column="time.format", value=time_format)
    if zone is None or zone not in zoneinfo.available_timezones():
        remedy = "write the zone of the sheet's dates, such as UTC or Europe/Paris"
        yield Fault(deck_map.file, "the time zone is not known", remedy, column="time.zone", value=zone)


def _reads_itself(time_format: str) -> bool:
    """Whether a time that is written by the format is read by it as the same day and, where it has one, hour."""
    written = _TRIAL.strftime(time_format.replace("%.f", ""))
    try:
        read = pl.Series([written]).str.to_datetime(time_format, strict=False, time_unit="us")[0]
    except pl.exceptions.PolarsError:
        return False
    return isinstance(read, dt.datetime) and read.tzinfo is None and read in (_TRIAL, *_TRIAL_CUTS)


def _mark_faults(deck_map: DeckMap) -> Iterator[Fault]:
    marks = {"prefix.separators": deck_map.separators, "prefix.ranges": deck_map.ranges}
    for name, texts in (*marks.items(), ("price.signs", deck_map.prices.signs)):
        for text in texts:
            if not text.strip() or any(letter.isdigit() for letter in text):
                yield Fault(deck_map.file, "is no mark", "write a text without digits", column=name, value=text)
    for text in sorted(set(deck_map.separators) & set(deck_map.ranges)):
        yield Fault(deck_map.file, "means a list and a range", "keep one", column="prefix.ranges", value=text)
