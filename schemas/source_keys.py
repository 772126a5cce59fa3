"""Every key that a source's TOML may have, with its meaning; the page of the sources is made from it."""

from __future__ import annotations

from typing import NamedTuple

from schemas.source_spec import DURATION_UNITS, ENCODINGS, EPOCH_UNITS, NEVER, QUOTINGS, ROUNDINGS, TWICE


class Key(NamedTuple):
    """One key: its table in the TOML (empty = top), what may stand there, and what holds without it."""

    table: str
    name: str
    types: tuple[type, ...]
    default: str
    meaning: str
    allowed: tuple[str, ...] = ()


_TEXTS = (str, list)

KEYS: tuple[Key, ...] = (
    Key("", "name", (str,), "the file's", "the source's name, for the reader; the file's name is what counts"),
    Key("", "description", (str,), "none", "one line for `tollbook sources list`"),
    Key("", "extends", (str,), "none", "a shipped source whose keys hold where this file has none; tables are merged"),
    Key("", "switch", (str,), "the source", "whose call ids these are: sources of one switch share them (rule 13.3)"),
    Key("", "default_country", (str,), "none", "country by whose dialing plan a number's owner is looked up (`US`)"),
    Key("", "account_id", (str,), "none", "the account of every record that names none"),
    Key("", "anonymous_words", (list,), "none", "a source number that is one of these is anonymous, whatever its case"),
    Key("", "empty_words", (list,), "none", "a cell that is exactly one of these is empty, in every column (`NULL`)"),
    Key("", "answered_statuses", (list,), "none", "dispositions that mean answered, whatever their case"),
    Key("", "disposition_otherwise", (str,), "rejected", "what a filled disposition means that no word is given for"),
    Key(
        "",
        "number_uris",
        (bool,),
        "false",
        "numbers may be `sip:user@host`, `tel:+1…` or `user@host`: the user is read",
    ),
    Key("dialect", "delimiter", (str,), "`,`", "the character between fields (`|`, `\\t`)"),
    Key("dialect", "quote", (str,), '`"`', "the character around fields; empty: there is none"),
    Key("dialect", "quoting", (str,), "strict", "`loose`: a field ends at the quote before a delimiter", QUOTINGS),
    Key("dialect", "escape", (str,), "none", "the character that takes the next one's meaning away (`\\\\`)"),
    Key("dialect", "encoding", (str,), "utf-8", "how characters are written", ENCODINGS),
    Key("dialect", "header", (bool,), "true", "`false` is `header_lines = 0`"),
    Key(
        "dialect",
        "header_lines",
        (int,),
        "1",
        "lines before the rows; the first names the columns, others are passed over",
    ),
    Key("dialect", "header_begins", (list,), "none", "the first field of each header line; other files are refused"),
    Key("dialect", "comment", _TEXTS, "none", "a line that begins so is no row"),
    Key("dialect", "columns", (list,), "by header", "names by position, in place of a header's"),
    Key(
        "dialect",
        "column_counts",
        (list,),
        "all columns",
        "how many fields a row may have, where columns are by position",
    ),
    Key(
        "dialect", "fewest_columns", (int,), "none", "a row has this many fields or more, where columns are by position"
    ),
    Key("dialect", "percent_encoded", (bool,), "false", "texts are URL-encoded (`%2B` is `+`); of JSON lines"),
    Key("time", "zone", (str,), "none", "IANA zone of local times (`America/Sao_Paulo`)"),
    Key("time", "format", _TEXTS, "ISO with offset", "strftime format, or several that no text fits in two ways"),
    Key("time", "epoch", (str,), "none", "times are numbers since 1970 in this unit", tuple(EPOCH_UNITS)),
    Key(
        "time",
        "epoch_offset_seconds",
        (int,),
        "0",
        "seconds the switch's clock was ahead in 1970 (Gregorian: 62167219200)",
    ),
    Key("time", "empty", (list,), "none", "a time that is one of these is empty (`0`)"),
    Key("time", "twice", (str,), "reject", "which one a local hour is that occurs twice; each is warned of", TWICE),
    Key(
        "time",
        "never",
        (str,),
        "reject",
        "`forward`: an hour that never occurs is read as if clocks had not moved",
        NEVER,
    ),
    Key("time", "<field>", (dict,), "as [time]", "the same keys for start_time, end_time or answer_time alone"),
    Key("duration", "compare", (bool,), "true", "`false`: end less answer (or start) is no duration, and not compared"),
    Key(
        "duration", "unit", (str,), "s", "`clock` is H:MM:SS or M:SS; `times`: answer (or start) to end", DURATION_UNITS
    ),
    Key(
        "duration",
        "rounding",
        (str,),
        "none",
        "how parts of a second become whole ones; without it they are refused",
        ROUNDINGS,
    ),
    Key("fields", "<field>", (str, list, dict), "empty", "a template, or several: the first filled one counts"),
    Key("account_words", "<text>", (str,), "as it stands", "the account that a text in account_id means"),
    Key("direction_words", "<text>", (str,), "as it stands", "inbound, outbound or internal"),
    Key(
        "disposition_words", "<text>", (str,), "as it stands", "answered, no_answer, busy or failed; whatever the case"
    ),
    Key("set_aside", "reason", (str,), "", "`not_a_call` or `other_leg`: why rows that fit are kept apart"),
    Key(
        "set_aside",
        "when",
        (dict,),
        "every row",
        "columns and their words: rows fit where every column has one of its words",
    ),
    Key(
        "set_aside",
        "unless",
        (dict,),
        "no row",
        "columns and their words: rows do not fit where a column has one of its words",
    ),
)


def keys_of(table: str) -> dict[str, Key]:
    """The keys of one table by name."""
    return {key.name: key for key in KEYS if key.table == table}
