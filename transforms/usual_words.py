"""Fields of usual lines that are words, ids or counts, read by machine code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from transforms.durations import DURATION_DIGITS
from transforms.machine_code import compiled
from transforms.usual_bytes import WORD_BYTES, Bytes, Longs, Places, Words64, word_at
from transforms.usual_lines import NOWHERE, OTHER, USUAL, Lines, digits, field_begin, is_there

NOT_TOLD = 255
"""The code of a word that is empty."""
_HASH_FACTOR, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


class Words(NamedTuple):
    """Texts under each other, and where each ends."""

    text: Bytes
    ends: Longs


class Ids(NamedTuple):
    """Texts one behind the other, as bytes and `words_anywhere`; where each begins, and the last ends."""

    text: Bytes
    words: Words64
    borders: Longs


class Accounts(NamedTuple):
    """Account ids, found by the slots of their hashes; of each the place of its country's plan, and its bucket."""

    ids: Ids
    slots: Longs
    plans: Longs
    buckets: Longs


@compiled
def parse_texts(lines: Lines, column: int, text_begins: Places, lengths: Places) -> None:
    """Where a text of each usual line begins, and its length; of an empty one the line is OTHER."""
    _, _, begins, ends, kinds = lines
    for line in range(len(kinds)):
        if kinds[line] == USUAL:
            begin = field_begin(begins, ends, line, column)
            text_begins[line], lengths[line] = begin, ends[line, column] - begin
            if lengths[line] == 0:
                kinds[line] = OTHER


@compiled
def parse_words(lines: Lines, column: int, words: Words, codes: Bytes) -> None:
    """Which of few words the field of each usual line is; NOT_TOLD of an empty one; of others the line is OTHER."""
    block, _, begins, ends, kinds = lines
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
def _slot(text: Bytes, words: Words64, begin: int, length: int, slot_count: int) -> int:
    """The slot of a text's hash, of a power of two of them."""
    found = np.uint64(length)
    for offset in range(0, length, WORD_BYTES):
        found = (found ^ word_at(text, words, begin + offset, length - offset)) * _HASH_FACTOR
        found ^= found >> _HALF
    return int(np.int64(found & np.uint64(slot_count - 1)))


@compiled
def fill_slots(ids: Ids, slots: Longs) -> None:
    """The place of each id to the slot of its hash, or the next that is free. A power of two of slots."""
    text, words, borders = ids
    for place in range(len(borders) - 1):
        begin, end = borders[place], borders[place + 1]
        slot = _slot(text, words, begin, end - begin, len(slots))
        while slots[slot] != NOWHERE:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = place


@compiled
def parse_accounts(lines: Lines, column: int, accounts: Accounts, found: Longs, plans: Longs) -> None:
    """The place of the account that each usual line names, and of its plan; of nobody's id the line is OTHER."""
    block, words, begins, ends, kinds = lines
    (ids, id_words, borders), slots, plan_of, _ = accounts
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        begin = field_begin(begins, ends, line, column)
        length = ends[line, column] - begin
        slot = _slot(block, words, begin, length, len(slots))
        account = slots[slot]
        while account != NOWHERE:
            first = borders[account]
            is_same = borders[account + 1] - first == length
            for offset in range(0, length if is_same else 0, WORD_BYTES):
                here = word_at(block, words, begin + offset, length - offset)
                is_same &= here == word_at(ids, id_words, first + offset, length - offset)
            if is_same:
                break
            slot = (slot + 1) & (len(slots) - 1)
            account = slots[slot]
        found[line] = account
        if account == NOWHERE:
            kinds[line] = OTHER
        else:
            plans[line] = plan_of[account]


@compiled
def parse_seconds(lines: Lines, column: int, below: int, seconds: Longs) -> None:
    """The seconds of each usual line; where they are no digits, or so many seconds, the line is OTHER."""
    block, _, begins, ends, kinds = lines
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        begin, end = field_begin(begins, ends, line, column), ends[line, column]
        seconds[line] = digits(block, begin, end)
        if seconds[line] < 0 or seconds[line] >= below or end - begin > DURATION_DIGITS:
            kinds[line] = OTHER
