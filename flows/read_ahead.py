"""The first rows of a month, read while the rest of the month is opened: a core would wait there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple

from flows.inbox import RecordFile
from flows.record_files import Block, read_blocks, refuse_changed
from flows.usual_blocks import canonical_layout
from schemas.source_spec import SourceSpec

BYTES_AHEAD = 32 * 2**20
"""Reading ahead ends with the block that reaches this: two small blocks, or a large one."""


class ReadAhead(NamedTuple):
    """A file whose reading has begun, by the source that it was begun with."""

    record: RecordFile
    source: SourceSpec
    begun: Future[tuple[list[Block], Iterator[Block]]]

    def blocks(self) -> Iterator[Block]:
        """All blocks of the file, once; the first have their rows. Raises what `read_blocks` raises."""
        first, others = self.begun.result()
        refuse_changed(self.record)
        return chain(first, others)


def read_ahead(record: RecordFile, source: SourceSpec, *, by_machine_code: bool) -> ReadAhead:
    """Begins to read the file, beside whatever the caller does next; nothing is written.

    Rows of blocks that machine code reads are left to it.
    """
    with_rows = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
    begun = with_rows.submit(_begin, record, source, by_machine_code)
    with_rows.shutdown(wait=False)
    return ReadAhead(record, source, begun)


def _begin(record: RecordFile, source: SourceSpec, by_machine_code: bool) -> tuple[list[Block], Iterator[Block]]:
    blocks = read_blocks(record, source)
    first: list[Block] = []
    size = 0
    while size < BYTES_AHEAD and (block := next(blocks, None)) is not None:
        size += BYTES_AHEAD if block.lines is None else len(block.lines)
        is_left = by_machine_code and canonical_layout(block, source) is not None
        first.append(block if is_left else block.with_rows())
    return first, blocks
