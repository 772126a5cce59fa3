"""What a source's TOML can say about the records a switch writes (contract §2)."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.faults import Fault, refuse_if_any
from schemas.reasons import DIRECTIONS, DISPOSITIONS

CANONICAL_COLUMNS: tuple[str, ...] = (
    "call_id",
    "account_id",
    "direction",
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
    "disposition",
)
REQUIRED_COLUMNS: tuple[str, ...] = (
    "call_id",
    "source_number",
    "destination_number",
    "start_time",
    "duration_seconds",
)
RESERVED_COLUMNS: tuple[str, ...] = ("source_line", "is_malformed", "_beyond")
ANSWER_TIME = "answer_time"
"""Optional field: when the call was answered. Where given, the duration is checked from here."""


@dataclass(frozen=True)
class SourceSpec:
    """How to understand one switch's files. `canonical` needs none of the fields' defaults changed."""

    name: str
    description: str = ""
    switch: str = ""
    """Whose records these are: sources of one switch share their call ids. Empty: the source is a switch by itself."""
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    columns: tuple[str, ...] = ()
    column_counts: tuple[int, ...] = ()
    time_zone: str | None = None
    time_format: str | None = None
    default_country: str | None = None
    account_id: str | None = None
    anonymous_words: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    direction_words: Mapping[str, str] = field(default_factory=dict)
    disposition_words: Mapping[str, str] = field(default_factory=dict)


_TOP_KEYS = {
    "name": str,
    "description": str,
    "extends": str,
    "switch": str,
    "default_country": str,
    "account_id": str,
    "anonymous_words": list,
    "dialect": dict,
    "time": dict,
    "fields": dict,
    "direction_words": dict,
    "disposition_words": dict,
}
_DIALECT_KEYS = {"delimiter": str, "quote": str, "header": bool, "columns": list, "column_counts": list}
_TIME_KEYS = {"zone": str, "format": str}


def _key_faults(file: str, section: str, table: Mapping[str, Any], known: Mapping[str, type]) -> list[Fault]:
    faults = []
    for key, value in table.items():
        name = f"{section}.{key}" if section else key
        if key not in known:
            remedy = f"use one of {', '.join(sorted(known))}"
            faults.append(Fault(file, "the source file has a key that is not known", remedy, column=name))
        elif not isinstance(value, known[key]):
            remedy = f"write a {known[key].__name__}"
            faults.append(Fault(file, "the key has a value of the wrong type", remedy, None, name, str(value)))
    return faults


def _word_faults(file: str, section: str, words: Mapping[str, str], allowed: tuple[str, ...]) -> list[Fault]:
    return [
        Fault(
            file,
            "the word leads to nothing known",
            f"use one of {', '.join(allowed)}",
            None,
            f"{section}.{word}",
            meaning,
        )
        for word, meaning in words.items()
        if meaning not in allowed
    ]


def _content_faults(file: str, source: SourceSpec) -> list[Fault]:
    faults = _word_faults(file, "direction_words", source.direction_words, DIRECTIONS)
    faults += _word_faults(file, "disposition_words", source.disposition_words, DISPOSITIONS)
    known = (*CANONICAL_COLUMNS, ANSWER_TIME)
    faults += [
        Fault(
            file,
            "the field is not a column of a call",
            f"use one of {', '.join(known)}",
            column=f"fields.{name}",
        )
        for name in source.fields
        if name not in known
    ]
    faults += [
        Fault(file, "the name is kept for the reader's own use", "rename the column", column=f"fields.{name}")
        for name, templates in source.fields.items()
        if any("{" + reserved + "}" in text for text in templates for reserved in RESERVED_COLUMNS)
    ]
    if source.time_zone is not None and source.time_zone not in zoneinfo.available_timezones():
        remedy = "write an IANA name such as UTC or America/Sao_Paulo"
        faults.append(Fault(file, "the time zone is not known", remedy, None, "time.zone", source.time_zone))
    if (source.time_format is None) != (source.time_zone is None):
        remedy = "give both time.zone and time.format, or neither for ISO times with an offset"
        faults.append(Fault(file, "a local time needs its zone and its format", remedy, column="time"))
    if not source.header and not source.columns:
        faults.append(Fault(file, "a file without header needs its columns", "list dialect.columns", column="dialect"))
    if len(source.delimiter) != 1 or len(source.quote) > 1:
        faults.append(Fault(file, "delimiter and quote are one character", "mend the dialect", column="dialect"))
    return faults


def parse_source(file: str, name: str, content: Mapping[str, Any]) -> SourceSpec:
    """The source that a TOML describes. Raises InputRefusedError with every fault of it."""
    dialect, times = content.get("dialect", {}), content.get("time", {})
    faults = _key_faults(file, "", content, _TOP_KEYS)
    if not faults:
        faults = _key_faults(file, "dialect", dialect, _DIALECT_KEYS) + _key_faults(file, "time", times, _TIME_KEYS)
    refuse_if_any(faults)
    columns = tuple(dialect.get("columns", ()))
    templates = {
        key: (value,) if isinstance(value, str) else tuple(value) for key, value in content.get("fields", {}).items()
    }
    source = SourceSpec(
        name=name,
        description=content.get("description", ""),
        switch=content.get("switch", ""),
        delimiter=dialect.get("delimiter", ","),
        quote=dialect.get("quote", '"'),
        header=dialect.get("header", True),
        columns=columns,
        column_counts=tuple(dialect.get("column_counts", (len(columns),) if columns else ())),
        time_zone=times.get("zone"),
        time_format=times.get("format"),
        default_country=content.get("default_country"),
        account_id=content.get("account_id"),
        anonymous_words=tuple(content.get("anonymous_words", ())),
        fields=templates,
        direction_words=content.get("direction_words", {}),
        disposition_words={word.lower(): to for word, to in content.get("disposition_words", {}).items()},
    )
    refuse_if_any(_content_faults(file, source))
    return source
