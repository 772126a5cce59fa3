"""`python -m tests.bench` as it is used: a small one through all its parts, what it refuses, what it clears away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench.__main__ import main
from tests.bench.compare.ways import OUR_MATCHING, POSTGRES_PREFIX
from tests.bench.processes import BenchFailure, measured, module

ROOT = Path(__file__).parents[2]
SMALL = ["--sizes", "1k", "--rounds", "1", "--compare-calls", "1k", "--compare-prefixes", "200", "--look-ups", "1k"]


@pytest.fixture(autouse=True)
def _own_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.integration
def test_a_small_bench_measures_every_part_and_writes_what_it_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = {name: tmp_path / name for name in ("figures.json", "plot.svg", "page.md")}
    flags = ["--data", str(tmp_path / "data"), *written_flags(written)]
    assert main([*SMALL, *flags]) == 0
    screen = capsys.readouterr()
    assert screen.err == ""
    for title in ("Month end", "Stages", "Reading", "Longest prefix", "What people use instead"):
        assert title in screen.out
        assert f"### {title}" in written["page.md"].read_text(encoding="utf-8")
    assert "![Time and memory" in written["page.md"].read_text(encoding="utf-8")
    figures = json.loads(written["figures.json"].read_text(encoding="utf-8"))
    month_end, compared = figures["month_end"]["1000"], figures["compare"]
    stages = list(month_end["stages"])
    assert stages == [
        "start and opening",
        "ingest",
        "repeats",
        "rate",
        "invoice",
        "account",
        "anomalies",
        "publish",
        "ending",
    ]
    assert sum(month_end["stages"].values()) == pytest.approx(month_end["seconds"], abs=0.1)
    assert month_end["check"]["calls"] > 500
    assert month_end["peak_mib"] > 100
    assert len({way["amount_micros"] for way in compared["ways"]}) == 1
    assert len(compared["ways"]) + len(compared["skipped"]) == 8
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [".lock", "month-1000", "work"]
    assert list((tmp_path / "data" / "work").iterdir()) == []


def written_flags(written: dict[str, Path]) -> list[str]:
    figures, plot, page = (str(path) for path in written.values())
    return ["--json", figures, "--plot", plot, "--table", page]


def test_a_part_that_fails_is_told_in_a_sentence_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> dict[str, Any]:
        raise BenchFailure("the calls could not be made: no space")

    monkeypatch.setattr("tests.bench.__main__.compare", fails)
    flags = ["--data", str(tmp_path / "data"), "--json", str(tmp_path / "figures.json")]
    assert main([*SMALL, *flags, "--only", "prefixes,compare"]) == 1
    screen = capsys.readouterr()
    assert screen.err == "the calls could not be made: no space\n"
    assert "Longest prefix" in screen.out
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["prefixes"]["calls"] == 1000


def test_a_size_that_the_disk_has_no_room_for_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.bench.__main__.warm_up", lambda *_: None)
    monkeypatch.setattr("tests.bench.__main__.WARM_UP_CALLS", 10)
    flags = ["--data", str(tmp_path / "data"), "--sizes", "1000000M", "--only", "month-end"]
    assert main(flags) == 1
    told = capsys.readouterr().err
    assert told.startswith("1,000,000 M calls need about 90,000 GB in ")
    assert told.endswith("are free; name another folder with --data, or a smaller size\n")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--data", str(ROOT / "data" / "bench")], "is in the repository; name a folder outside with --data"),
        (["--draw"], "--draw needs figures: name the file that holds them with --json"),
    ],
)
def test_what_cannot_begin_is_refused(flags: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(flags) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--only", "everything"], ["--sizes", "many"], ["--rounds", "0"]])
def test_wrong_use_ends_with_2(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(flags)
    assert ended.value.code == 2
    assert flags[1] in capsys.readouterr().err or flags[0] == "--rounds"


def test_two_benches_do_not_measure_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fcntl

    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["--data", str(tmp_path), "--only", "prefixes"]) == 2
    assert "another bench is at work in" in capsys.readouterr().err


def test_a_process_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(BenchFailure, match=r"^the floor ended with 1: .*no-such-folder"):
        measured(module("tests.bench.floor", "read", "/no-such-folder/*.csv", "/tmp"), "the floor")


@pytest.mark.bench
def test_a_million_calls_come_to_the_same_amounts_and_matching_is_50_times_as_fast_as_prefix_range(
    tmp_path: Path,
) -> None:
    path = tmp_path / "figures.json"
    assert main(["--sizes", "1M", "--only", "month-end,compare", "--json", str(path)]) == 0
    ways = {way["way"]: way["seconds"] for way in json.loads(path.read_text(encoding="utf-8"))["compare"]["ways"]}
    if POSTGRES_PREFIX not in ways:
        pytest.skip("PostgreSQL with its prefix extension is not installed")
    assert ways[POSTGRES_PREFIX] >= 50 * ways[OUR_MATCHING]
