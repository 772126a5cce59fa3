"""A source's TOML, checked, to a SourceSpec; every fault is listed (contract §2)."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

from schemas.faults import Fault, refuse_if_any
from schemas.reasons import DIRECTIONS, DISPOSITIONS
from schemas.source_keys import Key, keys_of
from schemas.source_spec import (
    FIELDS,
    MOST_COLUMNS,
    OTHER_ROWS,
    REQUIRED_COLUMNS,
    RESERVED_COLUMNS,
    TIME_FIELDS,
    Dialect,
    Durations,
    OtherRows,
    RowTest,
    SourceSpec,
    Template,
    Times,
)
from schemas.time_formats import confused_formats, format_problem, has_offset

_TABLES = ("dialect", "time", "duration", "fields", "account_words", "direction_words", "disposition_words")
_TYPE_NAMES = {str: "text", bool: "true or false", int: "whole number", list: "list of texts", dict: "table"}


class _Place(NamedTuple):
    """Where a fault is: the file and the key."""

    file: str
    key: str

    def fault(self, problem: str, remedy: str, value: object = None) -> Fault:
        return Fault(self.file, problem, remedy, None, self.key, None if value is None else str(value))


def _has_type(value: object, types: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in types
    if isinstance(value, list):
        return list in types and all(isinstance(entry, (str, int, dict)) for entry in value)
    return isinstance(value, types)


def _key_faults(file: str, table: str, content: Mapping[str, Any], known: Mapping[str, Key]) -> list[Fault]:
    faults = []
    for name, value in content.items():
        place = _Place(file, f"{table}.{name}" if table else name)
        key = known.get(name)
        if key is None:
            remedy = f"use one of {', '.join(sorted(known))}"
            faults.append(place.fault("the source file has a key that is not known", remedy))
        elif not _has_type(value, key.types):
            remedy = f"write a {' or a '.join(_TYPE_NAMES[one] for one in key.types)}"
            faults.append(place.fault("the key has a value of the wrong type", remedy, value))
        elif key.allowed and value not in key.allowed:
            faults.append(place.fault("the value is not known", f"use one of {', '.join(key.allowed)}", value))
    return faults


def _shape_faults(file: str, content: Mapping[str, Any]) -> list[Fault]:
    """Keys that are not known and values of a wrong type, before anything is made of them."""
    tables = {name: Key("", name, (dict,), "", "") for name in _TABLES}
    top = {**keys_of(""), **tables, "set_aside": Key("", "set_aside", (list,), "", "")}
    faults = _key_faults(file, "", content, top)
    if faults:
        return faults
    for table in ("dialect", "duration"):
        faults += _key_faults(file, table, content.get(table, {}), keys_of(table))
    faults += _time_shape_faults(file, content.get("time", {}))
    for number, rows in enumerate(content.get("set_aside", ()), 1):
        if isinstance(rows, dict):
            faults += _key_faults(file, f"set_aside {number}", rows, keys_of("set_aside"))
        else:
            faults.append(_Place(file, f"set_aside {number}").fault("is no table", "write [[set_aside]]"))
    for table in _TABLES[4:]:
        for word, meaning in content.get(table, {}).items():
            if not isinstance(meaning, str):
                faults.append(_Place(file, f"{table}.{word}").fault("the word's meaning is no text", "write a text"))
    return faults + _field_shape_faults(file, content.get("fields", {}))


def _time_shape_faults(file: str, times: Mapping[str, Any]) -> list[Fault]:
    known = {name: key for name, key in keys_of("time").items() if not name.startswith("<")}
    tables = {name: Key("time", name, (dict,), "", "") for name in TIME_FIELDS}
    faults = _key_faults(file, "time", times, {**known, **tables})
    for name in TIME_FIELDS:
        if isinstance(times.get(name), dict):
            faults += _key_faults(file, f"time.{name}", times[name], known)
    return faults


def _field_shape_faults(file: str, fields: Mapping[str, Any]) -> list[Fault]:
    faults = []
    for name, value in fields.items():
        for entry in value if isinstance(value, list) else [value]:
            is_table = isinstance(entry, dict) and set(entry) <= {"text", "when", "unless"} and "text" in entry
            tests = [entry.get(key, {}) for key in ("when", "unless")] if is_table else []
            if not isinstance(entry, str) and not (is_table and all(isinstance(test, dict) for test in tests)):
                remedy = 'write a template ("{src}"), a table { text = "{src}", when = { type = "out" } }, or a list'
                faults.append(_Place(file, f"fields.{name}").fault("the field has no template", remedy, entry))
    return faults


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(word) for word in value) if isinstance(value, list) else (str(value),)


def _row_test(content: Mapping[str, Any]) -> RowTest:
    when, unless = content.get("when", {}), content.get("unless", {})
    return RowTest(
        {column: _words(words) for column, words in when.items()},
        {column: _words(words) for column, words in unless.items()},
    )


def _templates(value: object) -> tuple[Template, ...]:
    entries = value if isinstance(value, list) else [value]
    return tuple(
        Template(entry["text"], _row_test(entry)) if isinstance(entry, dict) else Template(str(entry))
        for entry in entries
    )


def _dialect(content: Mapping[str, Any]) -> Dialect:
    columns = tuple(content.get("columns", ()))
    counts = tuple(content.get("column_counts", (len(columns),) if columns else ()))
    if "fewest_columns" in content and "column_counts" not in content:
        counts = tuple(range(content["fewest_columns"], MOST_COLUMNS + 1))
    defaults = Dialect()
    return Dialect(
        delimiter=content.get("delimiter", defaults.delimiter),
        quote=content.get("quote", defaults.quote),
        quoting=content.get("quoting", defaults.quoting),
        escape=content.get("escape", defaults.escape),
        encoding=content.get("encoding", defaults.encoding),
        header_lines=content.get("header_lines", 1 if content.get("header", True) else 0),
        header_begins=tuple(content.get("header_begins", ())),
        comment=_words(content["comment"]) if "comment" in content else (),
        columns=columns,
        column_counts=counts,
        percent_encoded=content.get("percent_encoded", False),
    )


def _times(content: Mapping[str, Any]) -> Times:
    return Times(
        zone=content.get("zone"),
        formats=_words(content["format"]) if "format" in content else (),
        epoch=content.get("epoch"),
        epoch_offset_seconds=content.get("epoch_offset_seconds", 0),
        empty=_words(content.get("empty", [])),
        twice=content.get("twice", "reject"),
        never=content.get("never", "reject"),
    )


def _spec(name: str, content: Mapping[str, Any]) -> SourceSpec:
    times, duration = content.get("time", {}), content.get("duration", {})
    words = {word.lower(): meaning for word, meaning in content.get("disposition_words", {}).items()}
    return SourceSpec(
        name=name,
        description=content.get("description", ""),
        switch=content.get("switch", ""),
        dialect=_dialect(content.get("dialect", {})),
        times=_times(times),
        field_times={field: _times(times[field]) for field in TIME_FIELDS if field in times},
        durations=Durations(duration.get("unit", "s"), duration.get("rounding"), duration.get("compare", True)),
        default_country=content.get("default_country"),
        account_id=content.get("account_id"),
        anonymous_words=_words(content.get("anonymous_words", [])),
        empty_words=_words(content.get("empty_words", [])),
        number_uris=content.get("number_uris", False),
        fields={field: _templates(value) for field, value in content.get("fields", {}).items()},
        set_aside=tuple(OtherRows(rows.get("reason", ""), _row_test(rows)) for rows in content.get("set_aside", ())),
        account_words=content.get("account_words", {}),
        direction_words={word.lower(): meaning for word, meaning in content.get("direction_words", {}).items()},
        disposition_words={
            **words,
            **{word.lower(): "answered" for word in _words(content.get("answered_statuses", []))},
        },
        disposition_otherwise=content.get("disposition_otherwise"),
    )


def _word_faults(file: str, section: str, words: Mapping[str, str], allowed: tuple[str, ...]) -> list[Fault]:
    remedy = f"use one of {', '.join(allowed)}"
    return [
        _Place(file, f"{section}.{word}").fault("the word leads to nothing known", remedy, meaning)
        for word, meaning in words.items()
        if meaning not in allowed
    ]


def _dialect_faults(file: str, dialect: Dialect) -> list[Fault]:
    place = _Place(file, "dialect")
    faults = []
    marks = (dialect.delimiter, dialect.quote, dialect.escape)
    if len(dialect.delimiter) != 1 or len(dialect.quote) > 1 or len(dialect.escape) > 1:
        faults.append(place.fault("delimiter, quote and escape are one character", "mend the dialect"))
    elif not all(mark.isascii() for mark in marks) or len({mark for mark in marks if mark}) < sum(map(bool, marks)):
        faults.append(place.fault("delimiter, quote and escape are ASCII and differ", "mend the dialect"))
    if dialect.quoting == "loose" and not dialect.quote:
        faults.append(place.fault("loose quoting needs a quote", "name dialect.quote"))
    if not dialect.header_lines and not dialect.names:
        remedy = "list dialect.columns, or give dialect.column_counts"
        faults.append(place.fault("a file without header needs its columns", remedy))
    if dialect.header_lines < 0:
        faults.append(place.fault("a file has no fewer than 0 header lines", "mend dialect.header_lines"))
    if len(dialect.header_begins) > dialect.header_lines:
        faults.append(place.fault("header_begins names more lines than header_lines", "mend one of them"))
    if any(not 1 <= count <= MOST_COLUMNS for count in dialect.column_counts) or len(dialect.names) > MOST_COLUMNS:
        faults.append(place.fault(f"a row has 1 to {MOST_COLUMNS} fields", "mend dialect.column_counts"))
    if any(not text for text in dialect.comment):
        faults.append(place.fault("every line begins with an empty text", "mend dialect.comment"))
    doubled = sorted({name for name in dialect.columns if dialect.columns.count(name) > 1})
    faults += [place.fault("the column is listed twice", "rename one of them", name) for name in doubled]
    return faults


def _format_faults(file: str, table: str, times: Times) -> list[Fault]:
    place = _Place(file, f"{table}.format")
    faults = [
        place.fault(problem, "write a format such as %Y-%m-%d %H:%M:%S", one)
        for one in times.formats
        if (problem := format_problem(one)) is not None
    ]
    if faults:
        return faults
    return [
        place.fault(
            f"{one} and {other} can read one text as different times, and an ambiguous day is never guessed",
            "keep the one that the switch writes; a source has one of them",
            text,
        )
        for one, other, text in confused_formats(times.formats)
    ]


def _time_faults(file: str, table: str, times: Times) -> list[Fault]:
    place = _Place(file, table)
    faults = _format_faults(file, table, times)
    if times.zone is not None and times.zone not in zoneinfo.available_timezones():
        remedy = "write an IANA name such as UTC or America/Sao_Paulo"
        faults.append(_Place(file, f"{table}.zone").fault("the time zone is not known", remedy, times.zone))
    offsets = {has_offset(one) for one in times.formats}
    if times.epoch is not None and (times.formats or times.zone is not None):
        faults.append(place.fault("an epoch time has neither zone nor format", "give time.epoch alone"))
    elif len(offsets) > 1:
        faults.append(place.fault("some formats tell the offset and others do not", "give formats of one kind"))
    elif (times.zone is None) != (offsets in (set(), {True})):
        remedy = (
            "give both time.zone and time.format, or neither for ISO times with an offset (with %z only the format)"
        )
        faults.append(place.fault("a local time needs its zone and its format", remedy))
    if times.epoch is None and times.epoch_offset_seconds:
        faults.append(place.fault("an epoch offset needs the epoch's unit", "give time.epoch"))
    if times.zone is None and (times.twice, times.never) != ("reject", "reject"):
        faults.append(place.fault("only local hours occur twice or never", "leave out time.twice and time.never"))
    return faults


def _duration_faults(file: str, source: SourceSpec) -> list[Fault]:
    place = _Place(file, "duration")
    faults = []
    if source.durations.unit in ("ms", "us", "times") and source.durations.rounding is None:
        faults.append(place.fault("parts of a second need a rule", "give duration.rounding"))
    if source.durations.unit == "times" and source.fields and "end_time" not in source.fields:
        faults.append(place.fault("a duration from times needs the end", "give fields.end_time"))
    if source.durations.unit == "times" and "duration_seconds" in source.fields:
        faults.append(place.fault("a duration from times has no column", "leave out fields.duration_seconds"))
    return faults


def _field_faults(file: str, source: SourceSpec) -> list[Fault]:
    remedy = f"use one of {', '.join(FIELDS)}"
    faults = [
        _Place(file, f"fields.{name}").fault("the field is not a column of a call", remedy)
        for name in source.fields
        if name not in FIELDS
    ]
    faults += [
        _Place(file, f"fields.{name}").fault("the name is kept for the reader's own use", "rename the column")
        for name, templates in source.fields.items()
        if any(set(template.columns) & set(RESERVED_COLUMNS) for template in templates)
    ]
    is_timed = source.durations.unit == "times"
    faults += [
        _Place(file, f"fields.{name}").fault("no record would have what every record needs", "give it a template")
        for name in REQUIRED_COLUMNS
        if not source.templates(name) and not (is_timed and name == "duration_seconds")
    ]
    named = source.dialect.names
    read = chain(source.tested_columns, *(one.columns for many in source.fields.values() for one in many))
    if source.dialect.columns:
        faults += [
            _Place(file, "dialect.columns").fault("the source reads a column that it does not list", "add it", name)
            for name in sorted(set(read) - set(named))
        ]
    return faults


def _other_row_faults(file: str, rows: Iterable[OtherRows]) -> list[Fault]:
    faults = []
    for number, other in enumerate(rows, 1):
        place = _Place(file, f"set_aside {number}")
        if other.reason not in OTHER_ROWS:
            faults.append(place.fault("the reason is not known", f"use one of {', '.join(OTHER_ROWS)}", other.reason))
        if not other.test.columns:
            faults.append(place.fault("every row would be set aside", "give when or unless"))
    return faults


def _content_faults(file: str, source: SourceSpec) -> list[Fault]:
    faults = _word_faults(file, "direction_words", source.direction_words, DIRECTIONS)
    faults += _word_faults(file, "disposition_words", source.disposition_words, DISPOSITIONS)
    if source.disposition_otherwise is not None:
        otherwise = {"otherwise": source.disposition_otherwise}
        faults += _word_faults(file, "disposition", otherwise, DISPOSITIONS)
    faults += _field_faults(file, source) + _other_row_faults(file, source.set_aside)
    faults += _dialect_faults(file, source.dialect) + _time_faults(file, "time", source.times)
    for name, times in source.field_times.items():
        faults += _time_faults(file, f"time.{name}", times)
    return faults + _duration_faults(file, source)


def parse_source(file: str, name: str, content: Mapping[str, Any]) -> SourceSpec:
    """The source that a TOML describes. Raises InputRefusedError with every fault of it."""
    refuse_if_any(_shape_faults(file, content))
    source = _spec(name, content)
    refuse_if_any(_content_faults(file, source))
    return source
