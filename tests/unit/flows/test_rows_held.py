"""How many calls reading holds before it writes them: enough for files of a good size, and never a whole month."""

from __future__ import annotations

import pytest

from flows.ingest import rows_held


@pytest.mark.parametrize(
    ("buckets", "rows"),
    [(1, 32_768), (2, 65_536), (16, 524_288), (32, 786_432), (64, 786_432), (128, 1_048_576), (256, 2_097_152)],
)
def test_a_month_of_more_buckets_holds_more(buckets: int, rows: int) -> None:
    assert rows_held(buckets) == rows


def test_memory_does_not_grow_without_end() -> None:
    assert rows_held(2**20) == rows_held(512) == 2**21
