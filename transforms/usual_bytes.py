"""Bytes that machine code reads eight at a time, wherever they begin."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from transforms.machine_code import inlined

Bytes: TypeAlias = npt.NDArray[np.uint8]
Places: TypeAlias = npt.NDArray[np.int32]
"""Places among bytes, or lengths of texts."""
Longs: TypeAlias = npt.NDArray[np.int64]
Words64: TypeAlias = npt.NDArray[np.uint64]

WORD_BYTES = 8
pl.Series(np.empty(0, np.uint8))  # here, once: two threads that make Polars look for numpy at a time end in an error
_BEFORE = np.array([2 ** (8 * length) - 1 for length in range(WORD_BYTES)], np.uint64)
"""So many bytes of a word, the others left out."""


def column_values(series: pl.Series) -> npt.NDArray[Any]:
    """The whole numbers of a column, none of them missing, that nobody writes to: of one kind, so compiled for once."""
    if series.null_count() or not series.dtype.is_integer():
        raise ValueError(
            f"{series.name}: whole numbers are needed; it is {series.dtype}, {series.null_count()} missing"
        )
    values = series.to_numpy()
    values.flags.writeable = False
    return values


def words_anywhere(text: Bytes) -> Words64:
    """The words that begin at each byte, but for the last seven; the first byte of each is its lowest."""
    return np.ndarray((max(len(text) - WORD_BYTES + 1, 0),), np.uint64, text.data, strides=(1,))


def with_words(text: Bytes) -> tuple[Bytes, Words64]:
    """The text with zeros behind it, and its `words_anywhere`: also where it is shorter than a word."""
    padded = np.concatenate([text, np.zeros(2 * WORD_BYTES, np.uint8)])
    return padded, words_anywhere(padded)


@inlined
def _last_word_at(text: Bytes, begin: int, length: int) -> np.uint64:
    """The same as `word_at` where fewer than eight bytes are left."""
    word = np.uint64(0)
    for offset in range(min(length, WORD_BYTES)):
        word |= np.uint64(text[begin + offset]) << np.uint64(8 * offset)
    return word


@inlined
def word_at(text: Bytes, words: Words64, begin: int, length: int) -> np.uint64:
    """At most eight bytes of the text from there on, zeros behind them. `words`: those of the text."""
    if begin >= len(words):
        return _last_word_at(text, begin, length)
    if length >= WORD_BYTES:
        return np.uint64(words[begin])
    return np.uint64(words[begin] & _BEFORE[max(length, 0)])
