"""Texts put one behind the other by machine code, eight bytes at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from transforms.machine_code import inlined
from transforms.usual_bytes import WORD_BYTES, Bytes, Longs, Places, Words64, with_words, words_anywhere

_LENGTH_AT, _BYTE = np.uint64(56), np.uint64(8)
_THREE_DIGITS = 1_000
_SIX_DIGITS = 1_000_000
_ZERO = ord("0")
_DOT, _THREE_BYTES = np.uint64(ord(".")), np.uint64(0xFFFFFF)


class Page(NamedTuple):
    """What is written: bytes, and as the words that begin at each of them. A text may be followed by up to 7 more."""

    text: Bytes
    words: Words64


class Cells(NamedTuple):
    """Texts of at most so many words each, zeros behind them, and their lengths."""

    words: Words64
    lengths: Places


class Column(NamedTuple):
    """Texts one behind the other, as `words_anywhere`; where each begins, and the last ends."""

    words: Words64
    borders: Longs


def blank_page(size: int) -> Page:
    """Place for so many bytes."""
    text = np.empty(size + WORD_BYTES, np.uint8)
    return Page(text, words_anywhere(text))


def column_of(text: Bytes, borders: Longs) -> Column:
    """The texts between the borders."""
    return Column(with_words(text)[1], borders)


def cells_of(texts: Sequence[str], words: int) -> Cells:
    """The texts, none longer than so many words."""
    encoded = [text.encode() for text in texts]
    lengths = np.fromiter(map(len, encoded), np.int32, len(encoded))
    if lengths.max(initial=0) > words * WORD_BYTES:
        raise OverflowError(f"a text of {lengths.max()} bytes; at most {words * WORD_BYTES} have place")
    cells: npt.NDArray[np.bytes_] = np.array(encoded, f"S{words * WORD_BYTES}")
    return Cells(cells.view(np.uint64).reshape(-1, words), lengths)


def digits_of_thousand() -> Words64:
    """0 to 999 as text, its length in the top byte; then as three digits."""
    short, three = (cells_of([f"{number:{form}}" for number in range(_THREE_DIGITS)], 1) for form in ("d", "03d"))
    lengths = short.lengths.astype(np.uint64) << _LENGTH_AT
    return np.concatenate([short.words[:, 0] | lengths, three.words[:, 0]])


@inlined
def put_text(page: Words64, at: int, column: Column, row: int) -> int:
    """A text of the column is put; the place behind it."""
    words, borders = column
    first, length = borders[row], borders[row + 1] - borders[row]
    done = 0
    while done < length:
        page[at + done] = words[first + done]
        done += WORD_BYTES
    return int(at + length)


@inlined
def put_cell(page: Words64, at: int, cells: Cells, row: int) -> int:
    """A text of cells of two words is put; the place behind it."""
    words, lengths = cells
    page[at], page[at + WORD_BYTES] = words[row, 0], words[row, 1]
    return int(at + lengths[row])


@inlined
def put_whole(page: Page, at: int, number: int, digits: Words64) -> int:
    """A whole number, not negative, is put; the place behind it."""
    if number < _THREE_DIGITS:
        page.words[at] = digits[number]
        return at + int(np.int64(digits[number] >> _LENGTH_AT))
    if number < _SIX_DIGITS:
        thousands = digits[number // _THREE_DIGITS]
        page.words[at] = thousands
        at += int(np.int64(thousands >> _LENGTH_AT))
        page.words[at] = digits[_THREE_DIGITS + number % _THREE_DIGITS]
        return at + 3
    behind, rest = at, number
    while rest:
        behind += 1
        rest //= 10
    rest = number
    for place in range(behind - 1, at - 1, -1):
        page.text[place] = _ZERO + rest % 10
        rest //= 10
    return behind


@inlined
def put_micros(page: Page, at: int, micros: int, digits: Words64) -> int:
    """Micros, not negative, are put as a number with six decimals; the place behind it."""
    whole = micros // _SIX_DIGITS
    at = put_whole(page, at, whole, digits)
    rest = micros - whole * _SIX_DIGITS
    high, low = digits[_THREE_DIGITS + rest // _THREE_DIGITS], digits[_THREE_DIGITS + rest % _THREE_DIGITS]
    page.words[at] = _DOT | (high & _THREE_BYTES) << _BYTE | (low & _THREE_BYTES) << np.uint64(32)
    return at + 7
