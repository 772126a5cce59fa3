"""The wide stages of a month on a Dask cluster: each unit a task, whatever worker it is done by.

Narrow stages stay in the process that runs the month and holds its lock: they read sums, or publish.
"""

from __future__ import annotations

import importlib
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from flows.cluster_units import (
    PrefectSide,
    Seen,
    another_program,
    look_around,
    program,
    units_at_work,
    work_on_unit,
)
from flows.confidential import confidential_files
from flows.failures import ClusterLostError
from flows.files import remove
from flows.object_units import Offer, forget_run, offered, seen_by_workers, taken
from flows.runner import WorkUnits, work_in_process
from flows.settings import Settings
from flows.stages import Stage
from flows.stopping import asked_to_stop
from schemas.faults import Fault, InputRefusedError, refuse_if_any

ANSWER_SECONDS = 15
"""How long a scheduler may take to answer, and a first worker to join it."""
LOOK_SECONDS = 5
ALONE_SECONDS = 120
"""How long a run waits for a worker when the last one is gone."""
TRIES_AGAIN = 2


class Way(NamedTuple):
    """How units go to a cluster, and come back.

    connect: a client of the scheduler at an address. submit: a unit handed to it, as a future of Dask's. ended: the
    path or the error in what the future held. narrow: how units of narrow stages are worked on. prefect: what workers
    need besides.
    """

    connect: Callable[[str], Any]
    submit: Callable[..., Any]
    ended: Callable[[Any], Path | Exception]
    narrow: WorkUnits
    prefect: PrefectSide | None = None


def _distributed() -> Any:  # noqa: ANN401 - the library's functions have no types
    """Dask's library. Raises InputRefusedError where it is not installed."""
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        problem, remedy = "Dask is not installed", "install it: pip install 'tollbook[dask]', or leave --dask out"
        raise InputRefusedError(Fault("--dask", problem, remedy)) from error


def _may_pass(error: Exception) -> Exception:
    """A silent cluster may be there a little later, where nobody sits and waits; an address that is none stays so."""
    return ClusterLostError(str(error)) if isinstance(error, OSError) else error


def _connected(way: Way, address: str) -> Any:  # noqa: ANN401
    """A client of the scheduler. Raises InputRefusedError where none answers, or no worker has joined it."""
    _distributed()
    for name in ("distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what a person has to know is told as a sentence
    try:
        client = way.connect(address)
    except (OSError, ValueError, TypeError, ImportError) as error:
        remedy = "start one with `dask scheduler`, name it like tcp://host:8786, or leave --dask out"
        fault = Fault("--dask", "no Dask scheduler answers there", remedy, value=address)
        raise InputRefusedError(fault) from _may_pass(error)
    try:
        client.wait_for_workers(1, timeout=ANSWER_SECONDS)
    except TimeoutError as error:
        client.close()
        remedy = f"start some: dask worker {address}"
        fault = Fault("--dask", "no worker has joined the scheduler", remedy, value=address)
        raise InputRefusedError(fault) from _may_pass(error)
    return client


def _faults(address: str, seen: Seen | BaseException) -> list[Fault]:
    """What makes a worker unfit for this run."""
    if isinstance(seen, BaseException):
        problem = f"has no Tollbook, or another one ({type(seen).__name__}: {seen})"
        return [Fault(f"worker {address}", problem, "install the same release there as here, with tollbook[dask]")]
    worker = f"worker {address} on {seen.host}"
    faults = [Fault(worker, problem, remedy) for problem, remedy in seen.problems]
    if seen.program != program():
        faults.append(another_program(f"{address} on {seen.host}", seen.program, program()))
    return faults


def _seen_of_folder(
    client: Any,  # noqa: ANN401
    warehouse: Path,
    inputs: list[Path],
    prefect: PrefectSide | None,
) -> dict[str, Any]:
    """What each worker sees of the warehouse, by a marker in it, and of the inputs; of a flow, more."""
    is_made = not warehouse.exists()
    warehouse.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(16)
    marker = warehouse / f".cluster-{token[:8]}"
    try:
        marker.write_text(token, encoding="utf-8")
        found: dict[str, Any] = client.run(look_around, marker, token, inputs, prefect, on_error="return")
    finally:
        remove(marker)
        if is_made:
            warehouse.rmdir()  # a month that is refused leaves nothing
    return found


def _refuse_unfit(client: Any, settings: Settings, prefect: PrefectSide | None) -> None:  # noqa: ANN401
    """Every worker sees warehouse and inputs where this process does, may write, and would write the same bytes.

    Raises InputRefusedError, which names each worker that does not.
    """
    inputs = [path.resolve() for path in (settings.cdrs, settings.contracts, settings.rate_tables)]
    there = [path for path in inputs if path.is_dir()]  # what is missing here is told as it always is
    if settings.object_store is None:
        found = _seen_of_folder(client, settings.warehouse.resolve(), there, prefect)
    else:
        found = seen_by_workers(client, settings.object_store, there)
    refuse_if_any(fault for address, seen in sorted(found.items()) for fault in _faults(address, seen))


def _is_done(future: Any, last_seen: float, client: Any) -> float | None:  # noqa: ANN401
    """None once the future has ended; until then when a worker was last seen. Raises ClusterLostError."""
    try:
        with client.as_current():
            _distributed().wait([future], timeout=LOOK_SECONDS)
    except TimeoutError:
        try:
            workers = client.nthreads()
        except OSError as error:
            raise ClusterLostError("the Dask scheduler went away; run the month again when it is back") from error
        now = time.monotonic()
        if workers:
            return now
        if now - last_seen > ALONE_SECONDS:
            problem = f"no Dask worker has been left for {ALONE_SECONDS} s"
            raise ClusterLostError(f"{problem}; start some, and run the month again") from None
        return last_seen
    return None


def _result(way: Way, client: Any, future: Any) -> Path:  # noqa: ANN401
    """The path that a unit wrote. Raises what the unit raised, and ClusterLostError."""
    last_seen: float | None = time.monotonic()
    try:
        while last_seen is not None:
            last_seen = _is_done(future, last_seen, client)
        ended = way.ended(future.result())
    except _distributed().KilledWorker as error:
        problem = "worker after worker died on the same unit, most likely for want of memory"
        remedy = "give them more memory or fewer threads, and run the month again"
        raise ClusterLostError(f"{problem}; {remedy}") from error
    except (CancelledError, _distributed().comm.CommClosedError) as error:
        raise ClusterLostError("the Dask scheduler went away; run the month again when it is back") from error
    if isinstance(ended, Exception):
        raise ended
    return ended


def _let_go(client: Any, waiting: deque[Any], plan: Path) -> None:  # noqa: ANN401
    """No unit begins any more, and none is at work when this ends; who stopped the command waits for nothing."""
    if not waiting or asked_to_stop() is not None:
        return
    try:
        client.cancel(list(waiting), force=True)
        while any(client.run(units_at_work, plan, on_error="ignore").values()):
            time.sleep(0.1)
    except (OSError, CancelledError):
        return  # the scheduler is gone, and its workers with it


def _directly_connected(address: str) -> Any:  # noqa: ANN401
    return _distributed().Client(address, timeout=ANSWER_SECONDS)


def _submitted_directly(client: Any, stage: Stage, plan: Path, unit: str, offer: Offer | None = None) -> Any:  # noqa: ANN401
    key = f"tollbook-{stage.name}-{secrets.token_hex(8)}"
    arguments = (stage.name, plan, unit, program(), offer)
    return client.submit(work_on_unit, *arguments, key=key, pure=False, retries=TRIES_AGAIN)


DIRECTLY = Way(_directly_connected, _submitted_directly, ended=lambda path: path, narrow=work_in_process)
"""Units as Dask's own tasks, for a run in this process."""


def work_on_cluster(way: Way, client: Any, stage: Stage, plan: Path, units: list[str]) -> Generator[Path]:  # noqa: ANN401
    """The units of a stage, wide ones on the cluster as many at a time as it has threads; paths in the units' order.

    A unit whose worker is lost goes to another. Raises what a unit raised, as in process, and ClusterLostError.
    """
    if stage.width == 1:
        yield from way.narrow(stage, plan, units)
        return
    waiting: deque[Any] = deque(way.submit(client, stage, plan, unit) for unit in units)
    try:
        while waiting:
            yield _result(way, client, waiting[0])
            waiting.popleft()
    finally:
        _let_go(client, waiting, plan)


@contextmanager
def cluster(address: str, settings: Settings, way: Way = DIRECTLY) -> Iterator[WorkUnits]:
    """While this lasts, how units are worked on by the cluster of this scheduler. Raises InputRefusedError."""
    client = _connected(way, address)

    def work(stage: Stage, plan: Path, units: list[str]) -> Iterator[Path]:
        if settings.object_store is None or stage.width == 1:
            return work_on_cluster(way, client, stage, plan, units)
        offer = offered(settings, stage, plan)
        offering = way._replace(submit=partial(way.submit, offer=offer))
        return taken(offer, settings.warehouse, work_on_cluster(offering, client, stage, plan, units))

    try:
        with confidential_files():
            _refuse_unfit(client, settings, way.prefect)
        yield work
        if settings.object_store is not None:
            with suppress(Exception):  # the run took what it needs; what stays there the next one removes
                client.run(forget_run, settings.object_store, on_error="ignore")
    finally:
        if asked_to_stop() is None:
            client.close()
