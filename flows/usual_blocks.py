"""Which blocks machine code reads: those of large months, in the canonical layout, most of whose lines are usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from flows.compile_ahead import compile_reading
from flows.compiled_code import keep_compiled
from flows.inbox import RecordFile, expected_bytes, sizes_in
from flows.record_files import Block
from schemas.source_spec import SourceSpec
from transforms.delimited import Layout
from transforms.machine_code import is_available
from transforms.screen import Directory

LEAST_MONTH_BYTES = 2**28
"""A smaller month is read before the machine code is loaded, which takes half a second."""


def is_for_machine_code(record_files: Sequence[RecordFile]) -> bool:
    """Whether the month is large enough for it, and it can be had; then what is compiled is kept from now on."""
    if expected_bytes(record_files) < LEAST_MONTH_BYTES or not is_available():
        return False
    keep_compiled()
    return True


def load_machine_code(inbox: Path, month: str) -> None:
    """It is at hand, if the month looks large enough: to be done beside opening it."""
    if sizes_in(inbox, month) >= LEAST_MONTH_BYTES and is_available():
        compile_reading()


def canonical_layout(block: Block, source: SourceSpec) -> Layout | None:
    """The layout of a block that machine code can read; None of others."""
    if block.layout is None or not block.lines:
        return None
    from transforms.usual_calls import is_usual

    return block.layout if is_usual(source, block.layout) else None


def usual_layout(block: Block, source: SourceSpec, directory: Directory, usage_month: dt.date) -> Layout | None:
    """The layout of a block that machine code is to read: only few of its lines are to be read once more."""
    layout = canonical_layout(block, source)
    if layout is None:
        return None
    from transforms.usual_calls import is_mostly_usual

    return layout if is_mostly_usual(block.lines or b"", layout, directory, usage_month) else None
