"""Reading ahead gives the blocks that reading gives, and refuses what reading refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from flows import read_ahead as module
from flows.inbox import RecordFile, find_record_files
from flows.read_ahead import read_ahead
from flows.record_files import read_blocks
from flows.sources import load_source
from schemas.faults import InputRefusedError

HEADER = (
    "call_id,account_id,direction,source_number,destination_number,start_time,end_time,duration_seconds,disposition\n"
)
CANONICAL = load_source(Path("inbox"), "canonical")


def _record(folder: Path, content: str) -> RecordFile:
    (folder / "2020-01").mkdir()
    (folder / "2020-01" / "calls.csv").write_text(content, encoding="utf-8")
    return find_record_files(folder, "2020-01")[0]


def _content(rows: int) -> str:
    row = "c{},A,outbound,+15551230000,+15551230001,2020-01-02T00:00:00Z,,60,answered\n"
    return HEADER + "".join(row.format(number) for number in range(rows))


@pytest.mark.parametrize("bytes_ahead", [1, 200, 10**9])
def test_the_blocks_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_ahead: int) -> None:
    monkeypatch.setattr(module, "BYTES_AHEAD", bytes_ahead)
    monkeypatch.setattr("flows.record_files.BLOCK_BYTES", 300)
    record = _record(tmp_path, _content(20))
    ahead = list(read_ahead(record, CANONICAL, by_machine_code=False).blocks())
    plain = list(read_blocks(record, CANONICAL))
    assert len(ahead) == len(plain) > 3
    for one, other in zip(ahead, plain, strict=True):
        assert_frame_equal(one.rows(), other.rows())
        assert one.marks == other.marks


def test_what_reading_refuses_is_refused_when_the_blocks_are_asked_for(tmp_path: Path) -> None:
    begun = read_ahead(_record(tmp_path, "call_id,start_time\n"), CANONICAL, by_machine_code=False)
    with pytest.raises(InputRefusedError, match="the file lacks a column"):
        begun.blocks()


def test_a_file_that_changed_since_it_was_read_ahead_is_refused(tmp_path: Path) -> None:
    record = _record(tmp_path, _content(2))
    begun = read_ahead(record, CANONICAL, by_machine_code=False)
    begun.begun.result()
    record.path.write_text(_content(3), encoding="utf-8")
    with pytest.raises(InputRefusedError, match="changed while the month was run"):
        begun.blocks()
