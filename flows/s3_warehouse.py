"""A warehouse on S3: one run at a time, in a working copy here; what it published is put, then the state swapped.

Under the prefix: `published/<run id>/<name in the warehouse>`, never altered, as a run id means the same bytes;
`log/<sha256>.jsonl`; `state.json`, which alone says what is published, and is put over the one that was read or not
at all; `lock.json` while a run is at work; `scratch/` for a cluster's workers. A reader sees the old state or the new.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from flows.audit import AUDIT_LOG
from flows.confidential import make_read_only
from flows.files import (
    FILES,
    beside,
    canonical_json,
    digest,
    put_in_place,
    read_json,
    remove,
    sha256_of,
    write_json,
    write_text,
)
from flows.locks import COPY_OF, synchronised
from flows.object_store import ObjectStore, bucket_and_prefix, connected, endpoint, sha256_of_bytes
from flows.s3_lock import only_run_of
from flows.settings import Settings, address_of
from flows.stopping import StoppedError, workers
from flows.sweep import details_mark
from flows.warehouse import DATABASE, PUBLISHED_MARK, mark_published, published_runs
from schemas.faults import Fault, InputRefusedError
from schemas.warehouse_tables import CALL_TABLES

STATE, SCRATCH = "state.json", "scratch"
AT_A_TIME = 16
_CALLS = tuple(f"{table.name}/" for table in CALL_TABLES)


class State(NamedTuple):
    """What is published: the database and its SHA-256, the list of files of each run by its SHA-256, the log's."""

    database: str | None = None
    database_sha256: str = ""
    runs: dict[str, str] = {}  # noqa: RUF012 - never altered
    log_sha256: str | None = None


def working_copies() -> Path:
    """Where working copies of warehouses on S3 stand: this user's cache, or what the environment says."""
    named = os.environ.get("TOLLBOOK_WORKING_COPIES")
    cache = os.environ.get("XDG_CACHE_HOME")
    return Path(named) if named else (Path(cache) if cache else Path.home() / ".cache") / "tollbook"


def working_copy(url: str) -> Path:
    """The working copy of one warehouse: named by bucket, prefix and endpoint."""
    readable = re.sub("[^A-Za-z0-9-]+", "-", "-".join(bucket_and_prefix(url)).strip("-"))
    return (working_copies() / f"{readable}-{digest([url, endpoint()])[:8]}").resolve()


def place_of(warehouse: Path) -> tuple[Path, str | None]:
    """The folder that a run works in, and the address that it is a working copy of; None where it is none.

    Raises InputRefusedError for an address that is no `s3://`.
    """
    url = address_of(warehouse)
    if url is None:
        return warehouse, None
    bucket_and_prefix(url)
    return working_copy(url), url


def published_name(run_id: str, name: str) -> str:
    """The object of a file that a run published."""
    return f"published/{run_id}/{name}"


def _database_object(database: str, sha256: str) -> str:
    """It names the times of its runs, so one run may come to several: each has its own."""
    run_id = Path(database).stem.removeprefix("tollbook-")
    return published_name(run_id, f"{sha256[:16]}/{database}")


def read_state(store: ObjectStore) -> tuple[State, str | None]:
    """What is published, and the tag of the object that says so; nothing where nothing was put yet."""
    found = store.get(STATE)
    return (State(), None) if found is None else (State(**json.loads(found.content)), found.e_tag)


def in_parallel(work: Callable[[str], None], names: Iterable[str]) -> None:
    """The work on each name, many at a time: what takes time are round trips. Raises what the first raised."""
    with workers(AT_A_TIME) as pool:
        for _ in pool.map(work, names):
            pass


def fetch_database(store: ObjectStore, state: State, folder: Path) -> None:
    """The published database in the folder, and the link to it; neither where nothing is published."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / DATABASE
    if state.database is None:
        remove(link)
        remove(folder / PUBLISHED_MARK)
        return
    if not link.exists() or link.resolve().name != state.database or sha256_of(link) != state.database_sha256:
        store.fetch(
            _database_object(state.database, state.database_sha256), folder / state.database, state.database_sha256
        )
        make_read_only(folder / state.database)
        made = beside(link, "link")
        made.symlink_to(state.database)
        made.replace(link)
    mark_published(folder)


def _fetch_run(store: ObjectStore, folder: Path, run_id: str, files_sha256: str) -> None:
    """The files of a run that are not here yet. Those that are stay: a run id means the same bytes."""
    listed_name = f"runs/{run_id}/{FILES}"
    if not (folder / listed_name).is_file():
        store.fetch(published_name(run_id, listed_name), folder / listed_name, files_sha256)
    listed: dict[str, str] = read_json(folder / listed_name)["sha256"]
    details = {name for name in listed if name.startswith("details/")}

    def fetch(name: str) -> None:
        if not (folder / name).is_file():
            store.fetch(published_name(run_id, name), folder / name, listed[name])

    in_parallel(fetch, sorted(set(listed) - details))
    if details:
        _fetch_details(store, folder, run_id, {name: listed[name] for name in details})


def _fetch_details(store: ObjectStore, folder: Path, run_id: str, listed: dict[str, str]) -> None:
    """The run's folder of details, whole; its name is the month's, so another run's that was stopped gives way."""
    target = folder / Path(next(iter(listed))).parent
    mark = details_mark(target)
    if target.is_dir() and mark.is_file() and mark.read_text(encoding="utf-8") == run_id:
        return
    partial = beside(target)
    try:
        in_parallel(
            lambda name: store.fetch(published_name(run_id, name), partial / Path(name).name, listed[name]), listed
        )
        remove(mark)
        put_in_place(partial, target)
        write_text(run_id, mark)
    finally:
        remove(partial)


def _fetch_log(store: ObjectStore, state: State, folder: Path) -> None:
    """The log of what was put; lines that were written here behind it stay, and others are kept beside it."""
    if state.log_sha256 is None:
        return
    log, fetched = folder / AUDIT_LOG, beside(folder / AUDIT_LOG)
    try:
        store.fetch(f"log/{state.log_sha256}.jsonl", fetched, state.log_sha256)
        theirs, ours = fetched.read_bytes(), log.read_bytes() if log.is_file() else b""
        if ours.startswith(theirs):
            return
        if not theirs.startswith(ours):
            log.replace(log.with_name(f"{AUDIT_LOG}.apart-{sha256_of_bytes(ours)[:8]}"))
        fetched.replace(log)
    finally:
        remove(fetched)


def fetch_published(store: ObjectStore, state: State, folder: Path) -> None:
    """All that is published, in the folder; what a run published here, but did not put, is published no more."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json({"url": store.url}, folder / COPY_OF)
    for run_id, files_sha256 in state.runs.items():
        _fetch_run(store, folder, run_id, files_sha256)
    _fetch_log(store, state, folder)
    fetch_database(store, state, folder)


def _put_run(store: ObjectStore, folder: Path, run_id: str) -> str:
    """The run's files, then their list, whose SHA-256 is returned. Calls that a cluster's workers put are there."""
    listed_name = f"runs/{run_id}/{FILES}"
    there = store.sizes(f"published/{run_id}")

    def put(name: str) -> None:
        path, target = folder / name, published_name(run_id, name)
        if not (name.startswith(_CALLS) and there.get(target) == path.stat().st_size):
            store.put(target, path)

    in_parallel(put, sorted(read_json(folder / listed_name)["sha256"]))
    content = (folder / listed_name).read_bytes()
    store.put(published_name(run_id, listed_name), content)
    return sha256_of_bytes(content)


def put_published(store: ObjectStore, state: State, e_tag: str | None, folder: Path) -> None:
    """What runs published here since the state was fetched, for all to see from one moment to the next.

    Raises InputRefusedError where another run put its own meanwhile, as where somebody removed the lock.
    """
    new = [str(run["run_id"]) for run in published_runs(folder) if run["run_id"] not in state.runs]
    now = state._replace(runs=state.runs | {run_id: _put_run(store, folder, run_id) for run_id in new})
    if new:
        database = (folder / DATABASE).resolve()
        now = now._replace(database=database.name, database_sha256=sha256_of(database))
        store.put(_database_object(database.name, now.database_sha256), database)
    if (folder / AUDIT_LOG).is_file():
        content = (folder / AUDIT_LOG).read_bytes()
        now = now._replace(log_sha256=sha256_of_bytes(content))
        store.put(f"log/{now.log_sha256}.jsonl", content)
    if now == state:
        return
    if not store.put_over(STATE, canonical_json(now._asdict()).encode(), e_tag):
        problem = "another run published there meanwhile, so nothing of this one was published"
        raise InputRefusedError(Fault(store.url, problem, "run the month again"))
    if state.log_sha256 not in (None, now.log_sha256):
        store.delete([f"log/{state.log_sha256}.jsonl"])
    if new:
        store.delete(sorted(store.sizes(SCRATCH)))


@contextmanager
def on_object_store(settings: Settings, command: str) -> Iterator[None]:
    """The working copy as S3 has it before the block; what the block published there, and its log, put behind it.

    Nothing is done where the warehouse is a folder. Raises InputRefusedError (nothing was changed) where S3 does not
    answer, or another run is at work there, and StoreLostError.
    """
    if settings.object_store is None:
        yield
        return
    store, folder = connected(settings.object_store), settings.warehouse
    with only_run_of(store, command), synchronised(folder):
        state, e_tag = read_state(store)
        fetch_published(store, state, folder)
        try:
            yield
        except StoppedError:
            raise  # who stopped it waits for nothing
        except Exception:
            with suppress(Exception):  # its own error is told
                put_published(store, state, e_tag, folder)
            raise
        put_published(store, state, e_tag, folder)
