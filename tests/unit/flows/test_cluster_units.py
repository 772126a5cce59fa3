"""What a worker looks at, and what goes between processes."""

from __future__ import annotations

import os
import pickle
import stat
import threading
from pathlib import Path

import pytest

from flows import cluster_units
from flows.cluster_units import PrefectSide, look_around, prefect_libraries, program, work_on_unit
from flows.confidential import confidential_files
from flows.failures import ClusterLostError, passes_by_itself, system_refusal
from flows.files import beside, written_once
from schemas.faults import Fault, InputRefusedError

NOWHERE = "http://127.0.0.1:9/api"


def test_a_worker_that_sees_warehouse_and_inputs_has_no_problem(tmp_path: Path) -> None:
    marker = tmp_path / ".cluster-1"
    marker.write_text("token", encoding="utf-8")
    seen = look_around(marker, "token", [tmp_path])
    assert (seen.program, seen.problems) == (program(), ())
    assert list(tmp_path.iterdir()) == [marker]


def test_a_worker_tells_of_a_warehouse_and_inputs_that_it_does_not_see(tmp_path: Path) -> None:
    seen = look_around(tmp_path / "none" / ".cluster-1", "token", [tmp_path / "inbox"])
    told = " / ".join(problem for problem, _ in seen.problems)
    assert f"cannot read and write the warehouse {tmp_path}/none (No such file or directory)" in told
    assert f"does not see {tmp_path}/inbox" in told


def test_a_worker_tells_of_another_folder_under_the_same_path(tmp_path: Path) -> None:
    (tmp_path / ".cluster-1").write_text("another's", encoding="utf-8")
    (problem, _), *_ = look_around(tmp_path / ".cluster-1", "token", []).problems
    assert problem == f"sees another folder at {tmp_path}"


def _problems_of_a_flow(folder: Path, prefect: PrefectSide) -> list[str]:
    """What a worker that sees the warehouse finds in the way of a flow run's tasks."""
    marker = folder / ".cluster-1"
    marker.write_text("token", encoding="utf-8")
    return [problem for problem, _ in look_around(marker, "token", [folder], prefect).problems]


def test_a_worker_tells_of_a_prefect_server_that_it_does_not_reach(tmp_path: Path) -> None:
    found = _problems_of_a_flow(tmp_path, PrefectSide(NOWHERE, prefect_libraries()))
    assert found == [f"does not reach the Prefect server {NOWHERE} (Connection refused)"]


def test_a_worker_tells_of_another_prefect_or_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_units, "why_silent", lambda _: None)
    found = _problems_of_a_flow(tmp_path, PrefectSide(NOWHERE, "Prefect 3.0.0, Python 3.11"))
    assert found == [f"runs {prefect_libraries()}, and the flow Prefect 3.0.0, Python 3.11"]


def test_a_worker_that_joins_with_another_program_does_no_unit(tmp_path: Path) -> None:
    ended = work_on_unit("rate", tmp_path / "plan.json", "0", "another program")
    assert isinstance(ended, InputRefusedError)
    assert "runs another program" in str(ended)
    assert cluster_units.units_at_work(tmp_path / "plan.json") == 0


def test_a_unit_whose_error_does_not_pass_returns_it(tmp_path: Path) -> None:
    ended = work_on_unit("rate", tmp_path / "plan.json", "0", program())
    assert isinstance(ended, FileNotFoundError)
    assert "work_on_unit" in ended.__notes__[0]


def test_a_refusal_is_the_same_behind_a_process_boundary() -> None:
    faults = [Fault("a.csv", "twice", "keep one", 3, "number", "x"), Fault("b.csv", "is gone", "put it back")]
    refused = pickle.loads(pickle.dumps(InputRefusedError(faults)))
    assert (str(refused), refused.faults) == (str(InputRefusedError(faults)), tuple(faults))


def test_a_lost_cluster_is_told_in_its_sentence_and_may_pass() -> None:
    error = ClusterLostError("the scheduler went away")
    assert passes_by_itself(error)
    assert system_refusal(error) == ("the scheduler went away", False)


def test_the_umask_stays_strict_until_the_last_thread_is_done(tmp_path: Path) -> None:
    before = os.umask(0o022)
    entered, may_leave = threading.Event(), threading.Event()

    def hold() -> None:
        with confidential_files():
            entered.set()
            may_leave.wait(60)

    other = threading.Thread(target=hold)
    try:
        with confidential_files():
            other.start()
            assert entered.wait(60)
        (tmp_path / "file").touch()
        may_leave.set()
        other.join(60)
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_no_two_hosts_write_to_one_temporary_path(tmp_path: Path) -> None:
    target = tmp_path / "calls.parquet"
    first, second = beside(target), beside(target)
    assert first != second
    assert str(os.getpid()) in first.name
    assert first.match(".calls.parquet.*.partial")


@pytest.mark.parametrize(("is_done", "kept"), [(True, "first"), (False, "second")])
def test_a_folder_that_another_made_meanwhile_stays_if_it_is_done(is_done: bool, kept: str, tmp_path: Path) -> None:
    target = tmp_path / "bucket"
    with written_once(target, lambda: is_done) as partial:
        (partial / "by").write_text("second", encoding="utf-8")
        target.mkdir()
        (target / "by").write_text("first", encoding="utf-8")
    assert (target / "by").read_text(encoding="utf-8") == kept
    assert [path.name for path in tmp_path.iterdir()] == ["bucket"]
