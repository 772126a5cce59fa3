"""How one switch's records are to be understood: what its TOML says, typed (contract §2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

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
FIELDS: tuple[str, ...] = (*CANONICAL_COLUMNS, ANSWER_TIME)
TIME_FIELDS: tuple[str, ...] = ("start_time", "end_time", ANSWER_TIME)
MOST_COLUMNS = 1000
"""Fields of a row that are read where the source says only how many there are at least."""

ENCODINGS: tuple[str, ...] = ("utf-8", "latin-1", "cp1252", "utf-16")
QUOTINGS: tuple[str, ...] = ("strict", "loose")
EPOCH_UNITS: Mapping[str, int] = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Unit of an epoch time and its microseconds."""
TWICE: tuple[str, ...] = ("reject", "first", "second")
NEVER: tuple[str, ...] = ("reject", "forward")
DURATION_UNITS: tuple[str, ...] = ("s", "ms", "us", "clock", "times")
ROUNDINGS: tuple[str, ...] = ("up", "nearest", "down")
OTHER_ROWS: tuple[str, ...] = ("not_a_call", "other_leg")
"""Reasons of rows that are kept apart because the source says what they are."""

_PLACE = re.compile(r"\{([^{}]+)\}")


def place_name(place: int) -> str:
    """The name of a column that is called by its place, from 1: `#3` is the third."""
    return f"#{place}"


def template_columns(template: str) -> tuple[str, ...]:
    """The columns that stand in braces in a template."""
    return tuple(_PLACE.findall(template))


@dataclass(frozen=True)
class Dialect:
    """How the text of a file is cut into rows and columns."""

    delimiter: str = ","
    quote: str = '"'
    quoting: str = "strict"
    escape: str = ""
    encoding: str = "utf-8"
    header_lines: int = 1
    header_begins: tuple[str, ...] = ()
    comment: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    column_counts: tuple[int, ...] = ()
    percent_encoded: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns where the file does not give them: those of the source, then `#n`."""
        widest = max((*self.column_counts, len(self.columns)), default=0)
        return (*self.columns, *(place_name(place) for place in range(len(self.columns) + 1, widest + 1)))

    @property
    def is_named_by_file(self) -> bool:
        """Whether the first header line names the columns."""
        return self.header_lines > 0 and not self.columns and not self.column_counts


@dataclass(frozen=True)
class Times:
    """How times are written. Without formats and epoch: ISO with an offset."""

    zone: str | None = None
    formats: tuple[str, ...] = ()
    epoch: str | None = None
    epoch_offset_seconds: int = 0
    empty: tuple[str, ...] = ()
    twice: str = "reject"
    never: str = "reject"


@dataclass(frozen=True)
class Durations:
    """How durations are written, and how parts of a second become whole ones; None: there are none."""

    unit: str = "s"
    rounding: str | None = None
    is_compared: bool = True

    @property
    def can_differ(self) -> bool:
        """Whether a duration other than end less answer (or start) is worth a warning."""
        return self.is_compared and self.unit != "times"


@dataclass(frozen=True)
class RowTest:
    """True of a row where every column of `when` has one of its words, and no column of `unless` has."""

    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        return (*self.when, *self.unless)


@dataclass(frozen=True)
class Template:
    """One way to fill a field: a text with columns in braces, in rows that pass the test."""

    text: str
    test: RowTest = RowTest()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the text is filled from."""
        return template_columns(self.text)


@dataclass(frozen=True)
class OtherRows:
    """Rows that are no call, or the leg of a call that is not billed."""

    reason: str
    test: RowTest


@dataclass(frozen=True)
class SourceSpec:
    """How to understand one switch's files. `canonical` needs none of the defaults changed."""

    name: str
    description: str = ""
    switch: str = ""
    """Whose records these are: sources of one switch share their call ids. Empty: the source is a switch by itself."""
    dialect: Dialect = Dialect()
    times: Times = Times()
    field_times: Mapping[str, Times] = field(default_factory=dict)
    durations: Durations = Durations()
    default_country: str | None = None
    account_id: str | None = None
    anonymous_words: tuple[str, ...] = ()
    empty_words: tuple[str, ...] = ()
    number_uris: bool = False
    fields: Mapping[str, tuple[Template, ...]] = field(default_factory=dict)
    set_aside: tuple[OtherRows, ...] = ()
    account_words: Mapping[str, str] = field(default_factory=dict)
    direction_words: Mapping[str, str] = field(default_factory=dict)
    disposition_words: Mapping[str, str] = field(default_factory=dict)
    disposition_otherwise: str | None = None

    def times_of(self, name: str) -> Times:
        """How the times of a field are written."""
        return self.field_times.get(name, self.times)

    def templates(self, name: str) -> tuple[Template, ...]:
        """The ways to fill a field; a source without fields has the columns of that name."""
        return self.fields.get(name, () if self.fields else (Template("{" + name + "}"),))

    @property
    def tested_columns(self) -> tuple[str, ...]:
        """The columns that tests look at: where one is absent, no test could be true by it."""
        tests = [rows.test for rows in self.set_aside]
        tests += [template.test for templates in self.fields.values() for template in templates]
        return tuple(dict.fromkeys(name for test in tests for name in test.columns))
