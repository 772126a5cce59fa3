"""Stored calls of a file, counted without opening its month."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from flows.files import write_scratch
from flows.stored_calls import stored_call_count


def test_calls_are_counted_in_every_bucket_whichever_build_stored_them(tmp_path: Path) -> None:
    for bucket, count in ((0, 2), (1, 3)):
        folder = tmp_path / f"bucket={bucket:04d}"
        folder.mkdir()
        pl.DataFrame({"call_id": ["c"] * count}).write_ipc(folder / "part=00000.arrow")
    assert stored_call_count(tmp_path) == 5
    pl.DataFrame({"call_id": ["c"]}).write_parquet(tmp_path / "bucket=0001" / "part=00001.parquet")
    assert stored_call_count(tmp_path) == 6
    write_scratch(pl.DataFrame({"call_id": ["c"] * 4}), tmp_path / "bucket=0002" / "part=00000.arrows")
    assert stored_call_count(tmp_path) == 10
    (tmp_path / "empty").mkdir()
    assert stored_call_count(tmp_path / "empty") == 0
