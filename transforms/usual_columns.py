"""What was read of usual lines, as columns in the order of their buckets, laid out as Arrow has them."""

from __future__ import annotations

import numpy as np

from transforms.machine_code import compiled
from transforms.usual_bytes import Bytes, Longs, Places, Words64, word_at
from transforms.usual_lines import NOWHERE, USUAL, Lines

INLINE = 12
"""A text of so many bytes stands in its view itself; a longer one beside, and the view says where."""


@compiled
def bucket_places(kinds: Bytes, accounts: Longs, buckets: Longs, counts: Longs, nexts: Longs, places: Places) -> int:
    """The place of each usual line in the order of their accounts' buckets, then as they stand, NOWHERE of others.

    Gives how many usual ones there are, and fills `counts` a bucket. `nexts`: room for as many numbers.
    """
    for line in range(len(kinds)):
        if kinds[line] == USUAL:
            counts[buckets[accounts[line]]] += 1
    before = 0
    for bucket in range(len(counts)):
        nexts[bucket] = before
        before += counts[bucket]
    for line in range(len(kinds)):
        places[line] = NOWHERE
        if kinds[line] == USUAL:
            bucket = buckets[accounts[line]]
            places[line] = nexts[bucket]
            nexts[bucket] += 1
    return before


@compiled
def put_lines(places: Places, first_line: int, put: Longs) -> None:
    """The numbers of lines, each at its place."""
    for line in range(len(places)):
        if places[line] >= 0:
            put[places[line]] = first_line + line


@compiled
def put_numbers(values: Longs, places: Places, put: Longs) -> None:
    """The values of lines, each at its place."""
    for line in range(len(places)):
        if places[line] >= 0:
            put[places[line]] = values[line]


@compiled
def put_codes(codes: Bytes, places: Places, put: Bytes) -> None:
    """The codes of lines, each at its place."""
    for line in range(len(places)):
        if places[line] >= 0:
            put[places[line]] = codes[line]


@compiled
def long_text_size(lengths: Places, places: Places) -> int:
    """Bytes of all texts that are longer than INLINE."""
    size = 0
    for line in range(len(places)):
        if places[line] >= 0 and lengths[line] > INLINE:
            size += lengths[line]
    return size


@compiled
def put_texts(lines: Lines, begins: Places, lengths: Places, places: Places, views: Words64, long_text: Bytes) -> None:
    """The texts of lines as Arrow's views, each at its place; long ones stand in the one buffer beside.

    A view: 32 bits of length, then 12 bytes of text; or the first 4, the number of the buffer (0) and the place in it.
    """
    block, words = lines.block, lines.words
    used = 0
    for line in range(len(places)):
        place = places[line]
        if place < 0:
            continue
        begin, length = begins[line], lengths[line]
        first = np.uint64(length) | word_at(block, words, begin, min(length, 4)) << np.uint64(32)
        second = word_at(block, words, begin + 4, length - 4)
        if length > INLINE:
            second = np.uint64(used) << np.uint64(32)
            for offset in range(length):
                long_text[used + offset] = block[begin + offset]
            used += length
        views[place, 0], views[place, 1] = first, second


@compiled
def put_number_texts(texts: Words64, lengths: Places, places: Places, views: Words64, long_text: Bytes) -> None:
    """Numbers, two words a line with zeros behind them, as Arrow's views, each at its place; see `put_texts`."""
    used = 0
    for line in range(len(places)):
        place = places[line]
        if place < 0:
            continue
        length, first, second = lengths[line], texts[line, 0], texts[line, 1]
        views[place, 0] = np.uint64(length) | (first << np.uint64(32))
        views[place, 1] = (first >> np.uint64(32)) | (second << np.uint64(32))
        if length > INLINE:
            views[place, 1] = np.uint64(used) << np.uint64(32)
            for offset in range(length):
                word = first if offset < 8 else second
                long_text[used + offset] = word >> np.uint64(8 * (offset % 8)) & np.uint64(255)
            used += length
