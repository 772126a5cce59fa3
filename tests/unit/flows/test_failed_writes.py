"""A file of stored calls that cannot be written: the others are awaited before their folder is removed."""

from __future__ import annotations

import time
from pathlib import Path

import polars as pl
import pytest

from flows import ingest


def test_nobody_writes_to_a_folder_that_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def write(frame: pl.DataFrame, target: Path) -> None:
        if "bucket=0000" in str(target):
            raise OSError(28, "No space left on device")
        time.sleep(0.2)
        written.append(frame.height)

    monkeypatch.setattr(ingest, "write_scratch", write)
    calls = pl.DataFrame({"a": [1]})
    with pytest.raises(OSError, match="No space"), ingest._held(tmp_path, 2) as held:
        held.add([(0, calls), (1, calls)])
        held.write()
        held.finish()
    assert written == [1]
