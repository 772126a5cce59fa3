"""Numbers of usual lines to E.164 by the dialing plan of their account's country, by machine code (contract §2).

The same as `transforms.numbers` makes of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from transforms.machine_code import compiled, inlined
from transforms.usual_bytes import WORD_BYTES, Bytes, Longs, Places, Words64, word_at
from transforms.usual_lines import NOWHERE, OTHER, USUAL, Lines, digits, field_begin, is_there
from transforms.usual_words import Words

NUMBER_BYTES = 16
"""E.164 with its plus sign has so many at most."""
MOST_OWN_DIGITS = 15
"""Of numbers that have a meaning of their own in a plan."""
DIALLED = 254
"""The kind of a number that is digits, until a plan has told what they are."""
_PLAN_PLACES = 1024
_PLUS, _STAR, _HASH, _ZERO, _NINE = map(ord, "+*#09")


class Plans(NamedTuple):
    """Dialing plans side by side, the empty one first.

    Lengths are a bit for each number of digits; `own_lengths` those of numbers that have a meaning of their own in the
    plan. `own_numbers`: `own_number_key` of all these, ascending, and the kind of each in `own_kinds`.
    """

    codes: Words
    international_prefixes: Words
    national_prefixes: Words
    carrier_code_digits: Longs
    lengths_at_home: Longs
    lengths_with_carrier: Longs
    own_lengths: Longs
    own_numbers: Longs
    own_kinds: Bytes


class Kinds(NamedTuple):
    """Places in NUMBER_KINDS."""

    e164: int
    short_code: int
    extension: int
    feature_code: int
    anonymous: int


class Numbers(NamedTuple):
    """A number of each line as it is stored: in two words, the first byte lowest; its length and its kind."""

    texts: Words64
    lengths: Places
    kinds: Bytes


@compiled
def own_number_key(number: int, length: int, plan: int) -> int:
    """A number of a plan, its zeros kept by a digit 1 before them; NOWHERE of a longer one than there are."""
    if length > MOST_OWN_DIGITS:
        return NOWHERE
    one = 1
    for _ in range(length):
        one *= 10
    return (one + number) * _PLAN_PLACES + plan


@compiled
def _place_of(key: int, keys: Longs) -> int:
    """Where it is among them, ascending; NOWHERE where it is not."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else NOWHERE


@compiled
def _is_e164(block: Bytes, begin: int, end: int) -> bool:
    """A plus sign, and 7 to 15 digits of which the first is no 0."""
    is_long = 8 <= end - begin <= NUMBER_BYTES
    return is_long and block[begin] == _PLUS and block[begin + 1] != _ZERO and digits(block, begin + 1, end) >= 0


@compiled
def _is_feature_code(block: Bytes, begin: int, end: int) -> bool:
    """`*` or `#`, and more of them or digits behind it."""
    if not 2 <= end - begin <= NUMBER_BYTES or (block[begin] != _STAR and block[begin] != _HASH):
        return False
    for place in range(begin + 1, end):
        if not _ZERO <= block[place] <= _NINE and block[place] != _STAR and block[place] != _HASH:
            return False
    return True


@inlined
def _word_begin(ends: Longs, word: int) -> int:
    return ends[word - 1] if word else 0


@inlined
def _begins_with(block: Bytes, begin: int, end: int, words: Words, word: int) -> int:
    """The length of the word where the digits begin with it; 0 where they do not, or it is empty."""
    text, ends = words
    first = _word_begin(ends, word)
    return ends[word] - first if is_there(block, begin, end, text, first, ends[word]) else 0


@inlined
def _dialled(block: Bytes, begin: int, end: int, plan: int, plans: Plans) -> tuple[int, int]:
    """How 7 digits or more are E.164: the plan whose calling code comes before them, and where they begin then.

    Behind the international prefix and the carrier's digits stands E.164 without its plus sign, which is the code of
    the empty plan. NOWHERE where no national length fits.
    """
    prefix = _begins_with(block, begin, end, plans.international_prefixes, plan)
    if prefix:
        first = begin + prefix + plans.carrier_code_digits[plan]
        return (0 if 7 <= end - first <= 15 and block[first] != _ZERO else NOWHERE), first
    prefix = _begins_with(block, begin, end, plans.national_prefixes, plan)
    first = begin + prefix
    if prefix and plans.lengths_with_carrier[plan] >> (end - first) & 1:
        first += plans.carrier_code_digits[plan]
    return (plan if plans.lengths_at_home[plan] >> (end - first) & 1 else NOWHERE), first


@compiled
def parse_numbers(lines: Lines, column: int, kind: Kinds, numbers: Numbers) -> None:
    """The number of each usual line: E.164 as it stands, feature codes, an empty one as anonymous.

    Digits are left to `parse_dialled`. With anything else, as separators and letters, the line is OTHER.
    """
    block, words, begins, ends, kinds = lines
    texts, lengths, number_kinds = numbers
    for line in range(len(kinds)):
        if kinds[line] != USUAL:
            continue
        begin, end = field_begin(begins, ends, line, column), ends[line, column]
        length = end - begin
        lengths[line], texts[line, 0], texts[line, 1] = length, 0, 0
        if length == 0:
            number_kinds[line] = kind.anonymous
            continue
        if _is_e164(block, begin, end):
            number_kinds[line] = kind.e164
        elif _is_feature_code(block, begin, end):
            number_kinds[line] = kind.feature_code
        else:
            number_kinds[line] = DIALLED
            if digits(block, begin, end) < 0:
                kinds[line] = OTHER
            continue
        texts[line, 0] = word_at(block, words, begin, length)
        texts[line, 1] = word_at(block, words, begin + WORD_BYTES, length - WORD_BYTES)


@compiled
def parse_dialled(lines: Lines, column: int, plan_of_line: Longs, plans: Plans, kind: Kinds, numbers: Numbers) -> None:
    """The numbers that are DIALLED, by the plans of their lines; a line with digits that are no number is OTHER.

    Digits have a meaning of their own in the plan, or are an extension, or are dialled abroad or at home.
    """
    block, words, begins, ends, kinds = lines
    texts, lengths, number_kinds = numbers
    code_text, code_ends = plans.codes
    for line in range(len(kinds)):
        if kinds[line] != USUAL or number_kinds[line] != DIALLED:
            continue
        begin, end, plan = field_begin(begins, ends, line, column), ends[line, column], plan_of_line[line]
        own = NOWHERE
        if plans.own_lengths[plan] >> (end - begin) & 1:
            own = _place_of(own_number_key(digits(block, begin, end), end - begin, plan), plans.own_numbers)
        first, code, found = begin, NOWHERE, kind.extension
        is_number = end - begin > 1
        if own >= 0:
            found, is_number = plans.own_kinds[own], True
            code = plan if found == kind.short_code else NOWHERE
        elif end - begin >= 7:
            found = kind.e164
            code, first = _dialled(block, begin, end, plan, plans)
            is_number = code >= 0
        before, behind = (_word_begin(code_ends, code), code_ends[code]) if code >= 0 else (0, 0)
        length = behind - before + end - first
        if not is_number or length > NUMBER_BYTES:
            kinds[line] = OTHER
            continue
        head = np.uint64(0)
        for offset in range(behind - before):
            head |= np.uint64(code_text[before + offset]) << np.uint64(8 * offset)
        in_first = min(WORD_BYTES - (behind - before), end - first)
        tail = word_at(block, words, first, in_first)
        texts[line, 0] = head | tail << np.uint64(8 * (behind - before))
        texts[line, 1] = word_at(block, words, first + in_first, end - first - in_first)
        lengths[line], number_kinds[line] = length, found
