"""The wide stages of a flow run on a Dask cluster: each unit a Prefect task there, by prefect-dask.

Narrow stages stay tasks of the flow run's own process, which holds the month's lock.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL

from flows import cluster
from flows.cluster_units import PrefectSide, prefect_libraries, program, work_on_unit
from flows.confidential import masked_errors
from flows.flow_steps import as_tasks, is_worth_another_try
from flows.prefect_address import shared_server
from flows.runner import WorkUnits
from flows.settings import Settings
from flows.stages import Stage
from schemas.faults import Fault, InputRefusedError


@task(
    task_run_name="{stage} {unit}",
    retries=2,
    retry_delay_seconds=[1, 10],
    retry_condition_fn=is_worth_another_try,
    cache_policy=NO_CACHE,
)
def work_on_worker(stage: str, plan: Path, unit: str, expected: str) -> Path:
    """One unit of a stage on a worker, which must run the expected program; safe to try again, or to do twice."""
    with masked_errors():
        ended = work_on_unit(stage, plan, unit, expected)
        if isinstance(ended, Exception):
            raise ended
    return ended


def _submitted(runner: Any, _client: Any, stage: Stage, plan: Path, unit: str) -> Any:  # noqa: ANN401
    """The unit as a task run; what Dask knows of it."""
    named = work_on_worker.with_options(name=f"{stage.name}: {stage.says}")
    parameters = {"stage": stage.name, "plan": plan, "unit": unit, "expected": program()}
    return runner.submit(named, parameters).wrapped_future


def _ended(state: State[Path]) -> Path | Exception:
    """The path, or the error, that a task run ended with."""
    ended = state.result(raise_on_failure=False)
    return ended if isinstance(ended, Exception) else Path(str(ended))


def _task_runner(address: str) -> Any:  # noqa: ANN401 - a library that need not be there
    """prefect-dask's task runner. Raises InputRefusedError where it is not installed."""
    try:
        library = importlib.import_module("prefect_dask")
    except ImportError as error:
        remedy = "install it: pip install 'tollbook[dask]', or name no scheduler"
        raise InputRefusedError(Fault("--dask", "prefect-dask is not installed", remedy)) from error
    return library.DaskTaskRunner(address=address, client_kwargs={"timeout": cluster.ANSWER_SECONDS})


@contextmanager
def units_of_flow(dask: str | None, settings: Settings) -> Iterator[WorkUnits]:
    """How a flow run's units are worked on: as tasks here, or wide ones as tasks on the cluster of this scheduler.

    Raises InputRefusedError.
    """
    if dask is None:
        yield as_tasks
        return
    prefect = PrefectSide(shared_server(PREFECT_API_URL.value()), prefect_libraries())
    with _task_runner(dask) as runner:
        way = cluster.Way(lambda _: runner.client, partial(_submitted, runner), _ended, as_tasks, prefect)
        with cluster.cluster(dask, settings, way) as work:
            yield work
