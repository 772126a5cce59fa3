"""Fields of usual lines that are words, ids or counts, read by machine code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from transforms.durations import DURATION_DIGITS
from transforms.machine_code import compiled
from transforms.usual_lines import NOWHERE, OTHER, USUAL, Bytes, Lines, Longs, Places, digits, field_begin, is_there

NOT_TOLD = 255
"""The code of a word that is empty."""
_HASH_BASIS, _HASH_PRIME = 0xCBF29CE484222325 - 2**64, 0x100000001B3


class Words(NamedTuple):
    """Texts under each other, and where each ends."""

    text: Bytes
    ends: Longs


class Accounts(NamedTuple):
    """Account ids, found by the slots of their hashes; of each the place of its country's plan, and its bucket."""

    ids: Words
    slots: Longs
    plans: Longs
    buckets: Longs


@compiled
def parse_texts(lines: Lines, column: int, text_begins: Places, lengths: Places) -> None:
    """Where a text of each usual line begins, and its length; of an empty one the line is OTHER."""
    _, begins, ends, kinds = lines
    for line in range(len(kinds)):
        if kinds[line] == USUAL:
            begin = field_begin(begins, ends, line, column)
            text_begins[line], lengths[line] = begin, ends[line, column] - begin
            if lengths[line] == 0:
                kinds[line] = OTHER


@compiled
def parse_words(lines: Lines, column: int, words: Words, codes: Bytes) -> None:
    """Which of few words the field of each usual line is; NOT_TOLD of an empty one; of others the line is OTHER."""
    block, begins, ends, kinds = lines
    text, text_ends = words
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        begin, end = field_begin(begins, ends, line, column), ends[line, column]
        code, first = NOT_TOLD, 0
        for word in range(len(text_ends)):
            last = text_ends[word]
            if last - first == end - begin and is_there(block, begin, end, text, first, last):
                code = word
                break
            first = last
        codes[line] = code
        if code == NOT_TOLD and begin < end:
            kinds[line] = OTHER


@compiled
def _hash(text: Bytes, begin: int, end: int) -> int:
    """FNV-1a."""
    found = np.int64(_HASH_BASIS)
    for place in range(begin, end):
        found = (found ^ np.int64(text[place])) * np.int64(_HASH_PRIME)
    return int(found ^ (found >> 32))


@compiled
def fill_slots(words: Words, slots: Longs) -> None:
    """The place of each word to the slot of its hash, or the next that is free. A power of two of slots."""
    text, ends = words
    first = 0
    for word in range(len(ends)):
        slot = _hash(text, first, ends[word]) & (len(slots) - 1)
        while slots[slot] != NOWHERE:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = word
        first = ends[word]


@compiled
def parse_accounts(lines: Lines, column: int, accounts: Accounts, found: Longs, plans: Longs) -> None:
    """The place of the account that each usual line names, and of its plan; of nobody's id the line is OTHER."""
    block, begins, ends, kinds = lines
    (text, text_ends), slots, plan_of, _ = accounts
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        begin, end = field_begin(begins, ends, line, column), ends[line, column]
        account = NOWHERE
        slot = _hash(block, begin, end) & (len(slots) - 1)
        while account == NOWHERE and slots[slot] != NOWHERE:
            last = text_ends[slots[slot]]
            first = text_ends[slots[slot] - 1] if slots[slot] else 0
            if last - first == end - begin and is_there(block, begin, end, text, first, last):
                account = slots[slot]
            slot = (slot + 1) & (len(slots) - 1)
        found[line] = account
        if account == NOWHERE:
            kinds[line] = OTHER
        else:
            plans[line] = plan_of[account]


@compiled
def parse_seconds(lines: Lines, column: int, below: int, seconds: Longs) -> None:
    """The seconds of each usual line; where they are no digits, or so many seconds, the line is OTHER."""
    block, begins, ends, kinds = lines
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        begin, end = field_begin(begins, ends, line, column), ends[line, column]
        seconds[line] = digits(block, begin, end)
        if seconds[line] < 0 or seconds[line] >= below or end - begin > DURATION_DIGITS:
            kinds[line] = OTHER
