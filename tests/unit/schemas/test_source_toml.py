"""What a source's TOML may say, and how it is refused: every fault with its key and what to do."""

from __future__ import annotations

import tomllib

import pytest

from schemas.faults import InputRefusedError
from schemas.source_spec import SourceSpec
from schemas.source_toml import parse_source
from schemas.time_formats import confused_formats


def _parsed(text: str) -> SourceSpec:
    return parse_source("sources/x.toml", "x", tomllib.loads(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('colour = "red"', "column colour: the source file has a key that is not known"),
        ("[dialect]\nfence = 1", "column dialect.fence: the source file has a key that is not known"),
        ("[dialect]\nheader_lines = true", "column dialect.header_lines: the key has a value of the wrong type"),
        ('[dialect]\nencoding = "ebcdic"', "use one of utf-8, latin-1, cp1252, utf-16"),
        ('[dialect]\nescape = ","', "delimiter, quote and escape are ASCII and differ"),
        ('[dialect]\ndelimiter = "||"', "delimiter, quote and escape are one character"),
        ("[dialect]\nheader = false", "a file without header needs its columns"),
        ("[dialect]\nheader_lines = -1", "a file has no fewer than 0 header lines"),
        ('[dialect]\nheader_begins = ["a", "b"]', "header_begins names more lines than header_lines"),
        ('[dialect]\ncomment = ""', "every line begins with an empty text"),
        ("[dialect]\nheader = false\ncolumn_counts = [0]", "a row has 1 to 1000 fields"),
        ('[dialect]\ncolumns = ["a", "a"]', "the column is listed twice ('a')"),
        ('[dialect]\nquote = ""\nquoting = "loose"', "loose quoting needs a quote"),
        ('[time]\nzone = "UTC"', "a local time needs its zone and its format"),
        ('[time]\nformat = "%Y-%m-%d %H:%M:%S"', "a local time needs its zone and its format"),
        ('[time]\nzone = "Mars/Base"\nformat = "%Y-%m-%d %H:%M"', "the time zone is not known ('Mars/Base')"),
        ('[time]\nzone = "UTC"\nformat = "%m-%d %H:%M"', "the format lacks a year"),
        ('[time]\nzone = "UTC"\nformat = "%Y-%d %H:%M"', "the format lacks a day or a month"),
        ('[time]\nzone = "UTC"\nformat = "%Y-%m-%d %I:%M"', "%I and %p stand for the hour together"),
        ('[time]\nzone = "UTC"\nformat = "%Y-%m-%d %H:%M %Z"', "a directive that is not known (%Z)"),
        ('[time]\nzone = "UTC"\nformat = "%Y-%m-%dT%H:%M%z"', "a local time needs its zone and its format"),
        ('[time]\nepoch = "s"\nzone = "UTC"', "an epoch time has neither zone nor format"),
        ('[time]\nepoch = "days"', "use one of s, ms, us"),
        ("[time]\nepoch_offset_seconds = 5", "an epoch offset needs the epoch's unit"),
        ('[time]\nepoch = "s"\ntwice = "first"', "only local hours occur twice or never"),
        ('[time.end_time]\nzone = "UTC"', "column time.end_time: a local time needs its zone and its format"),
        ("[time.call_id]\n", "column time.call_id: the source file has a key that is not known"),
        ('[duration]\nunit = "ms"', "parts of a second need a rule"),
        ('[duration]\nunit = "times"\nrounding = "up"\n[fields]\ncall_id = "{a}"', "needs the end"),
        ('[fields]\ncolour = "{a}"', "column fields.colour: the field is not a column of a call"),
        ('[fields]\ncall_id = { txt = "{a}" }', "column fields.call_id: the field has no template"),
        ('[fields]\ncall_id = "{source_line}"', "the name is kept for the reader's own use"),
        ('[dialect]\nheader = false\ncolumns = ["a"]\n[fields]\ncall_id = "{b}"', "does not list ('b')"),
        ('[[set_aside]]\nreason = "boring"\nwhen = { a = "b" }', "use one of not_a_call, other_leg"),
        ('[[set_aside]]\nreason = "other_leg"', "every row would be set aside"),
        ('[direction_words]\nin = "inside"', "use one of inbound, outbound, internal"),
        ('disposition_otherwise = "lost"', "use one of answered, no_answer, busy, failed"),
    ],
)
def test_a_source_that_says_what_cannot_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        _parsed(text)
    assert said in str(refused.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InputRefusedError) as refused:
        _parsed('disposition_otherwise = "lost"\n[time]\nzone = "UTC"\n[direction_words]\na = "b"')
    assert len(refused.value.faults) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"),
        ("%d.%m.%y %H:%M", "%y.%m.%d %H:%M"),
        ("%Y-%m-%d %H:%M:%S", "%Y-%d-%m %H:%M:%S"),
        ("%d%m%Y%H%M%S", "%m%d%Y%H%M%S"),
    ],
)
def test_formats_that_read_one_text_as_two_days_are_refused(one: str, other: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        _parsed(f'[time]\nzone = "UTC"\nformat = ["{one}", "{other}"]')
    assert "an ambiguous day is never guessed" in str(refused.value)


@pytest.mark.parametrize(
    "formats",
    [
        ("%Y-%m-%d %H:%M:%S", "%Y%m%d %H:%M:%S"),
        ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"),
        ("%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S"),
        ("%Y-%m-%d %H:%M:%S%.f", "%d %b %Y %H:%M"),
        ("%F %T", "%d/%m/%Y %I:%M %p"),
    ],
)
def test_formats_that_no_text_fits_in_two_ways_stand_together(formats: tuple[str, ...]) -> None:
    assert confused_formats(formats) == []


def test_answered_statuses_and_all_other_ones() -> None:
    source = _parsed('answered_statuses = ["16", "OK"]\ndisposition_otherwise = "failed"')
    assert source.disposition_words == {"16": "answered", "ok": "answered"}
    assert source.disposition_otherwise == "failed"
