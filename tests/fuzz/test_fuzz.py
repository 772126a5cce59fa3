"""A short run over spoilt files in `make test`; `make fuzz` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import read_calls, record_files
from flows.cli import run
from tests.fuzz.case import make_case, report, run_case, write_case
from tests.fuzz.samples import SAMPLES, samples
from tests.rules.small_month import number, write_month

CASES = 60


@pytest.mark.parametrize("seed", range(CASES))
def test_no_row_of_a_spoilt_file_is_lost(seed: int, tmp_path: Path) -> None:
    case = make_case(seed)
    result = run_case(case, tmp_path)
    assert not result.problems, report(case, result, tmp_path)


def test_a_seed_makes_the_same_files_each_time() -> None:
    assert make_case(7) == make_case(7)


def test_every_source_with_samples_is_spoilt() -> None:
    folders = {path.name for path in SAMPLES.glob("*") if path.is_dir()}
    assert {sample.source for sample in samples()} == {"canonical", "asterisk", *folders}


def test_a_reader_that_drops_a_row_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = record_files.read_delimited
    monkeypatch.setattr(record_files, "read_delimited", lambda *inputs, **named: whole(*inputs, **named).slice(1))
    monkeypatch.setattr(read_calls, "_control_rows", lambda *_: None)
    case = next(case for case in map(make_case, range(CASES)) if case.files[0].name == "one.csv")
    (problem, *_) = run_case(case, tmp_path).problems
    assert "lines are lost" in problem


@pytest.mark.parametrize("seed", range(1000, 1005))
def test_a_month_of_spoilt_files_is_billed_whole_or_refused_by_name(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PREFECT_API_URL", "TOLLBOOK_PREFECT", "TOLLBOOK_RATES", "TOLLBOOK_ISSUE_DATE"):
        monkeypatch.delenv(name, raising=False)
    write_month(tmp_path, invoice_month="2020-02", numbers=[number("+12125550100")])
    case = make_case(seed)
    write_case(case, tmp_path / "inbox")
    places = {"cdrs": "inbox", "contracts": "contracts", "rate-tables": "rates", "warehouse": "warehouse"}
    code = run(
        ["bill", "2020-02", *(word for flag, name in places.items() for word in (f"--{flag}", str(tmp_path / name)))]
    )
    told = capsys.readouterr().err
    assert code in (0, 2), told
    assert "Traceback" not in told
    assert code == 0 or told.startswith(tuple(f"tollbook: {file.month_name}" for file in case.files)), told
