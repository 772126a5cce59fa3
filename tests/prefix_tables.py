"""An index of prefixes whose tables are made when a test wants them, not when they pay."""

from __future__ import annotations

from transforms.prefixes import PrefixIndex


def with_tables(index: PrefixIndex, after: int) -> PrefixIndex:
    """The index with tables made after so many look-ups."""
    for part in index.parts:
        part.tables_after = after
    return index
