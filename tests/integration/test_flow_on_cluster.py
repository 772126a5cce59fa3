"""The Prefect flow whose wide stages are tasks on a Dask cluster: the same bytes, whatever becomes of the workers."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.flow_cluster import units_of_flow
from flows.settings import Settings
from schemas.faults import InputRefusedError
from tests.integration.dask_cluster import running_cluster
from tests.integration.demo_month import ROOT, Billed, bill, make_demo, no_settings_from_outside
from tests.integration.prefect_server import PATIENCE_SECONDS, Server, environment_of, running_server, wait_until
from tests.integration.small_office import Office, Outcome, calls_csv, to_london
from tests.integration.test_cluster import DIES_ONCE, assert_same

NOT_HERE = """
import sys
import flows.stages
from flows.cli import run
def not_here(*_):
    raise AssertionError("a wide unit was worked on by the flow run's own process")
flows.stages.ingest_file = flows.stages.rate_bucket = not_here
sys.exit(run(sys.argv[1:]))
"""
NOWHERE = "http://127.0.0.1:9/api"
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """The demo month, billed with neither Prefect nor a cluster."""
    folder = tmp_path_factory.mktemp("demo")
    return bill(Billed(make_demo(folder / "inputs"), folder / "warehouse"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("prefect-home")) as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with two workers."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def _as_flow_run(server: Server, words: list[str]) -> Outcome:
    """The command line as a flow run of the server, in a process of its own that cannot do a wide unit."""
    told = subprocess.run(
        [sys.executable, "-c", NOT_HERE, *words],
        env=environment_of(server.home, PREFECT_API_URL=server.url, PYTHONPATH=str(ROOT)),
        cwd=server.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    return Outcome(told.returncode, told.stdout, told.stderr)


def _tasks(server: Server, count: int) -> list[str]:
    """The names of so many completed tasks of the server's only flow run; they come to it a little late."""

    def found() -> list[str]:
        runs = server.ask("task_runs/filter", {"task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
        return sorted(run["name"] for run in runs) if len(runs) >= count else []

    return wait_until(found, "the server does not know of the tasks")


def test_a_flow_run_on_a_cluster_publishes_the_same_bytes_though_a_worker_is_killed(
    in_process: Billed, server: Server, tmp_path: Path
) -> None:
    died, preload = tmp_path / "died", tmp_path / "dies_once.py"
    preload.write_text(DIES_ONCE.format(died=str(died)), encoding="utf-8")
    billed = Billed(in_process.inputs, tmp_path / "warehouse")
    with running_cluster(tmp_path, preload=preload) as address:
        told = _as_flow_run(server, [*billed.words("2020-02"), "--dask", address])
    assert told.code == 0, told.err
    assert died.exists()
    assert_same(billed, in_process)
    assert not list(billed.warehouse.rglob("*.partial"))
    inbox = in_process.inputs / "inbox"
    files = [str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file()]
    wide = [*(f"ingest {name}" for name in files), "rate 0"]
    narrow = [f"{stage} 2020-02" for stage in ("account", "anomalies", "invoice", "publish", "repeats")]
    assert _tasks(server, len(wide) + len(narrow)) == sorted([*wide, *narrow])


def test_what_a_worker_refuses_fails_the_flow_run_with_the_sentence_of_one_process(
    empty_office: Office, told: Callable[[list[str]], Outcome], server: Server, address: str
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    empty_office.put("b.csv.gz", b"\x1f\x8b\x08\x00no gzip at all")
    alone = told(empty_office.arguments())
    refused = _as_flow_run(server, empty_office.arguments("--dask", address))
    assert (refused.code, refused.err) == (alone.code, alone.err)
    assert "b.csv.gz" in refused.err
    assert empty_office.shows_nothing()


def test_a_flow_run_whose_scheduler_does_not_answer_fails_with_the_sentence(
    empty_office: Office, server: Server
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    refused = _as_flow_run(server, empty_office.arguments("--dask", "tcp://127.0.0.1:9"))
    sentence = "--dask: no Dask scheduler answers there ('tcp://127.0.0.1:9'); start one with `dask scheduler`"
    assert refused.code == 2
    assert refused.err.startswith(f"tollbook: {sentence}")
    assert refused.err.count("\n") == 1
    failed = server.ask("flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}})
    assert any(run["state"]["message"].startswith(sentence) for run in failed)


def test_a_flow_run_without_a_server_of_its_workers_is_refused(
    empty_office: Office, told: Callable[[list[str]], Outcome]
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    refused = told(empty_office.arguments("--prefect", "--dask", "tcp://127.0.0.1:9"))
    assert refused.code == 2
    assert "need a Prefect server that the workers reach, and none is named; start one and set PREFECT" in refused.err
    assert not empty_office.warehouse.exists()


def _refusal(dask: str, office: Office) -> str:
    """What a flow run is told that would have this scheduler, of a server that answers nobody."""
    settings = Settings(dt.date(2020, 2, 1), office.folder / "inbox", office.contracts, office.rate_tables)
    with (
        temporary_settings({PREFECT_API_URL: NOWHERE}),
        pytest.raises(InputRefusedError) as refused,
        units_of_flow(dask, replace(settings, warehouse=office.warehouse)),
    ):
        pytest.fail("it was not refused")
    return str(refused.value)


def test_each_worker_that_cannot_reach_the_prefect_server_is_named(empty_office: Office, address: str) -> None:
    refused = _refusal(address, empty_office).splitlines()
    assert [line.split(":")[0] for line in refused] == ["worker tcp"] * 2
    assert all(f"does not reach the Prefect server {NOWHERE} (Connection refused); start" in line for line in refused)
    assert not empty_office.warehouse.exists()


def test_without_prefect_dask_a_sentence_says_how_to_install_it(
    empty_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    assert "pip install 'tollbook[dask]'" in _refusal("tcp://127.0.0.1:9", empty_office)


@pytest.mark.parametrize("entrypoint", ["flows/month_end.py:month_end", "flows/rerun.py:rerun_disputed_month"])
def test_a_worker_can_unpack_a_flow_that_a_deployment_loaded_by_its_path(entrypoint: str, tmp_path: Path) -> None:
    """The flow goes to workers with each task, and they do not know the module that it was loaded as."""
    packed = tmp_path / "packed"
    pack = "import cloudpickle, sys; from prefect.flows import load_flow_from_entrypoint as load\n"
    pack += "open(sys.argv[2], 'wb').write(cloudpickle.dumps(load(sys.argv[1])))"
    unpack = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).name)"
    environment = environment_of(tmp_path, PYTHONPATH=str(ROOT))
    for program in ([pack, entrypoint, str(packed)], [unpack, str(packed)]):
        told = subprocess.run(
            [sys.executable, "-P", "-c", *program],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == entrypoint.rpartition(":")[2]
