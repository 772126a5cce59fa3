"""Lines of a block, cut into fields by machine code; what has an odd byte, or another width, is told apart.

Machine code reads what is usual, and the expressions all else: nothing is refused by it, and no rule has an exception
in it. What it reads is the same as the expressions make of it (`tests/properties/test_usual_lines.py`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from transforms.machine_code import compiled, inlined
from transforms.usual_bytes import Bytes, Places, Words64

PLAIN, DELIMITER, LINE_END, RETURN, ODD = range(5)
"""Kinds of bytes."""
OTHER, USUAL, BLANK = range(3)
"""Kinds of lines."""
NOWHERE = -1
MOST_DIGITS = 18
_RETURN, _LINE_FEED = ord("\r"), ord("\n")
_ZERO = ord("0")
_ONE, _BYTE, _TOP_BYTE, _LOW_BYTE = np.uint64(1), np.uint64(8), np.uint64(56), np.uint64(255)
_EACH_BYTE = np.uint64(0x0101010101010101)
_HIGH_BITS, _LOW_BITS = np.uint64(0x8080808080808080), np.uint64(0x7F7F7F7F7F7F7F7F)


class Lines(NamedTuple):
    """The lines of a block: where each begins and each of its fields ends, and what kind of line it is.

    words: `words_anywhere` of the block.
    """

    block: Bytes
    words: Words64
    begins: Places
    ends: Places
    kinds: Bytes


@compiled
def _last_word(block: Bytes, filler: int) -> np.uint64:
    """The bytes that are no whole word, a line's end where the last has none, and fillers."""
    word, size = np.uint64(0), len(block)
    for place in range(size - size % 8, size + 8 - size % 8):
        byte = filler
        if place < size:
            byte = block[place]
        elif place == size and size and block[size - 1] != _LINE_FEED:
            byte = _LINE_FEED
        word |= np.uint64(byte) << np.uint64(8 * (place % 8))
    return word


@inlined
def _line_kind(is_usual: bool, is_blank: bool) -> int:
    if is_blank:
        return BLANK
    return USUAL if is_usual else OTHER


@compiled
def cut_lines(words: Words64, kinds: Bytes, plain: tuple[int, int], lines: Lines) -> int:
    """Cuts the block into lines and fields; how many lines there are, or more than there is room for.

    OTHER is a line of another width, or with a byte that is ODD. A return before a line's end belongs to that.
    `words`: the block's bytes, eight at a time; `plain`: bytes from one to the other that are PLAIN, below 128. Eight
    that are need no look at each: the highest bit of a byte tells where it is beyond one bound or the other.
    """
    block, _, begins, ends, line_kinds = lines
    from_first, from_behind = np.uint64(128 - plain[0]) * _EACH_BYTE, np.uint64(128 - plain[1]) * _EACH_BYTE
    last_word = _last_word(block, plain[0])
    last = ends.shape[1] - 1
    line = field = begin = returns = 0
    is_odd = False
    for number in range(len(words) + 1):
        word = words[number] if number < len(words) else last_word
        low = word & _LOW_BITS
        looked_at = (word | ~(low + from_first) | (low + from_behind)) & _HIGH_BITS
        while looked_at:
            lowest = looked_at & (~looked_at + _ONE)
            looked_at ^= lowest
            within = (((lowest - _ONE) & _EACH_BYTE) * _EACH_BYTE >> _TOP_BYTE) - _ONE
            kind = kinds[word >> within * _BYTE & _LOW_BYTE]
            place = number * 8 + int(within)
            if kind == DELIMITER:
                if field < last:
                    ends[line, field] = place
                field += 1
            elif kind == RETURN:
                returns += 1
            elif kind == ODD:
                is_odd = True
            elif kind == LINE_END:
                if line == len(begins):
                    return line + 1
                end = place
                if returns and block[place - 1] == _RETURN:
                    end -= 1
                    returns -= 1
                begins[line], ends[line, last] = begin, end
                is_usual = field == last and not is_odd and not returns
                line_kinds[line] = _line_kind(is_usual, end == begin)
                line += 1
                field, begin, returns, is_odd = 0, place + 1, 0, False
    return line


@compiled
def field_begin(begins: Places, ends: Places, line: int, column: int) -> int:
    """Where a field of the line begins."""
    return int(ends[line, column - 1] + 1 if column else begins[line])


@compiled
def digits(block: Bytes, begin: int, end: int) -> int:
    """The number that digits make, at most MOST_DIGITS of them; NOWHERE where there are others, or none."""
    if not begin < end <= begin + MOST_DIGITS:
        return NOWHERE
    number = 0
    for place in range(begin, end):
        digit = int(block[place]) - _ZERO
        if digit < 0 or digit > 9:
            return NOWHERE
        number = number * 10 + digit
    return number


@compiled
def is_there(block: Bytes, begin: int, end: int, text: Bytes, first: int, last: int) -> bool:
    """Whether the block has the text from `first` to `last`, and ends with it or goes on."""
    if end - begin < last - first:
        return False
    for offset in range(last - first):  # noqa: SIM110 - machine code has no generators
        if block[begin + offset] != text[first + offset]:
            return False
    return True
