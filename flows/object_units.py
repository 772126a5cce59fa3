"""Units of the wide stages on workers that share S3 with the run, and no folder of the warehouse.

A worker has a working copy of its own, named by the run: it fetches plan, database and what its unit reads, and puts
what the unit wrote, then a note that lists it; by the note the run takes it. What a unit writes follows from its inputs
alone, so whoever does it again puts the same. Call records, contracts and rate tables are on a path that all see.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from flows.cluster_units import Seen, inputs_problem, program
from flows.failures import StoreLostError
from flows.files import canonical_json, digest, read_json, remove, sha256_of, write_json, write_text, written_once
from flows.month import Month
from flows.object_store import ObjectStore, connected, sha256_of_bytes
from flows.rating import bucket_path
from flows.s3_warehouse import SCRATCH, fetch_database, in_parallel, published_name, read_state, working_copy
from flows.settings import Settings
from flows.stages import Stage, month_of
from schemas.faults import Fault, InputRefusedError
from schemas.warehouse_tables import CALL_TABLES

_preparing = threading.Lock()
_prepared: set[tuple[Path, str]] = set()


class Offer(NamedTuple):
    """What a worker is told of a run: its warehouse and id, and by SHA-256 its plan and what its narrow stages made."""

    url: str
    run_id: str
    plan_sha256: str
    made: dict[str, str]

    def object_of(self, name: str) -> str:
        """Where a file of the run is put: calls where they are published, all else aside until the run is."""
        is_published = name.startswith(tuple(f"{table.name}/" for table in CALL_TABLES))
        return published_name(self.run_id, name) if is_published else f"{SCRATCH}/{self.run_id}/{name}"

    def note_of(self, stage: str, unit: str) -> str:
        """The object that says that a unit is done; there once all that it lists is."""
        return f"{SCRATCH}/{self.run_id}/notes/{stage}-{digest(unit)[:16]}.json"


class Note(NamedTuple):
    """What a unit wrote: a folder, there whole or not, with its folders; SHA-256 of every file in and beside it."""

    folder: str
    folders: list[str]
    files: dict[str, str]


def offered(settings: Settings, stage: Stage, plan: Path) -> Offer:
    """The stage's units for workers; what they read and no worker made is put. Raises InputRefusedError."""
    month, url = month_of(plan), str(settings.object_store)
    made = []
    if stage.name == "rate":
        made.append(month.ingest_plan.repeats_path())
    elif stage.name != "ingest":
        problem = f"{stage.says} is not done on a cluster where the warehouse is on S3"
        raise InputRefusedError(Fault("--dask", problem, "leave --dask out"))
    store, content = connected(url), plan.read_bytes()
    names = {path.relative_to(settings.warehouse).as_posix(): sha256_of(path) for path in made}
    offer = Offer(url, month.run_id, sha256_of_bytes(content), names)
    store.put(offer.object_of(f"plans/{offer.plan_sha256}.json"), content)
    for name in names:
        store.put(offer.object_of(name), settings.warehouse / name)
    return offer


def worker_copies(url: str) -> Path:
    """Where a machine's workers keep the run that they are at work on, beside the working copy of runs begun there."""
    copy = working_copy(url)
    return copy.with_name(f"{copy.name}-worker")


def _own_plan(store: ObjectStore, offer: Offer) -> Path:
    """The run's plan with this worker's working copy as its warehouse; copies of other runs go."""
    copy = worker_copies(offer.url) / offer.run_id
    plan = copy / "work" / offer.run_id / "plan.json"
    with _preparing:
        if (plan, offer.plan_sha256) in _prepared and plan.is_file():
            return plan
        if copy.parent.is_dir():
            for other in copy.parent.iterdir():
                if other != copy:
                    remove(other)
        fetch_database(store, read_state(store)[0], copy)
        theirs = copy / f"{offer.plan_sha256}.json"
        store.fetch(offer.object_of(f"plans/{offer.plan_sha256}.json"), theirs, offer.plan_sha256)
        content = read_json(theirs)
        write_json({**content, "settings": {**content["settings"], "warehouse": str(copy)}}, plan)
        _prepared.add((plan, offer.plan_sha256))
    return plan


def _note(store: ObjectStore, name: str, kept: Path) -> Note:
    """A note of a unit that is done, fetched once."""
    if not kept.is_file():
        found = store.get(name)
        if found is None:
            raise StoreLostError(f"{store.url}/{name}: is gone; run the month again")
        write_text(found.content.decode(), kept)
    return Note(**read_json(kept))


def _fetch(store: ObjectStore, offer: Offer, folder: Path, files: dict[str, str]) -> None:
    """Files of the run that are not here yet."""

    def fetch(name: str) -> None:
        if not (folder / name).is_file():
            store.fetch(offer.object_of(name), folder / name, files[name])

    in_parallel(fetch, sorted(files))


def _fetch_bucket(store: ObjectStore, offer: Offer, month: Month, bucket: int) -> None:
    """The calls of one bucket as the month's files left them, and what is repeated among them."""
    copy = month.settings.warehouse
    files = dict(offer.made)
    for record in month.record_files:
        name = offer.note_of("ingest", record.name)
        note = _note(store, name, copy / "notes" / Path(name).name)
        wanted = (f"{note.folder}/piece.json", f"{note.folder}/bucket={bucket:04d}/")
        files |= {name: sha256 for name, sha256 in note.files.items() if name.startswith(wanted)}
    _fetch(store, offer, copy, files)


def _written(month: Month, stage: Stage, unit: str, folder: Path) -> Note:
    """What the unit left in this copy. Raises InputRefusedError where a part of it is gone."""
    copy = month.settings.warehouse
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if stage.name == "rate":
        paths += [bucket_path(month, table.name, int(unit)) for table in CALL_TABLES]
    else:
        lacking = [name for name in read_json(folder / "piece.json")["parts"] if not (folder / name).is_file()]
        if lacking:
            problem = f"stored calls are not there as they were written ({lacking[0]})"
            raise InputRefusedError(Fault(str(folder), problem, "remove the folder, and run the month again"))
    folders = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_dir()]
    files = {path.relative_to(copy).as_posix(): sha256_of(path) for path in paths}
    return Note(folder.relative_to(copy).as_posix(), folders, files)


def work_on_offer(offer: Offer, stage: Stage, unit: str) -> Path:
    """The note of a unit, worked on here unless somebody did before; safe to do twice, even at the same time."""
    store, name = connected(offer.url), offer.note_of(stage.name, unit)
    if store.get(name) is not None:
        return Path(name)
    plan = _own_plan(store, offer)
    month = month_of(plan)
    copy = month.settings.warehouse
    if stage.name == "rate":
        _fetch_bucket(store, offer, month, int(unit))
    note = _written(month, stage, unit, stage.work(plan, unit))
    in_parallel(lambda file: store.put(offer.object_of(file), copy / file), sorted(note.files))
    store.put(name, canonical_json(note._asdict()).encode())
    return Path(name)


def _take(store: ObjectStore, offer: Offer, warehouse: Path, name: Path) -> Path:
    """What the unit of a note wrote, in the working copy of the run; its folder."""
    found = store.get(name.as_posix())
    if found is None:
        raise StoreLostError(f"{store.url}/{name}: is gone; run the month again")
    note = Note(**json.loads(found.content))
    folder = warehouse / note.folder
    within = {file: sha256 for file, sha256 in note.files.items() if file.startswith(f"{note.folder}/")}
    _fetch(store, offer, warehouse, {file: note.files[file] for file in note.files.keys() - within.keys()})
    if not folder.is_dir():
        with written_once(folder, folder.is_dir) as partial:
            for inner in note.folders:
                (partial / inner).mkdir(parents=True, exist_ok=True)
            in_parallel(lambda file: _fetch_within(store, offer, note, file, partial), within)
    return folder


def _fetch_within(store: ObjectStore, offer: Offer, note: Note, name: str, partial: Path) -> None:
    store.fetch(offer.object_of(name), partial / Path(name).relative_to(note.folder), note.files[name])


def taken(offer: Offer, warehouse: Path, notes: Generator[Path]) -> Iterator[Path]:
    """The folders of the units, in their order, each taken when its note comes."""
    store = connected(offer.url)
    with closing(notes):
        for name in notes:
            yield _take(store, offer, warehouse, name)


def look_at_store(url: str, name: str, token: str, inputs: Sequence[Path]) -> Seen:
    """Whether this worker sees the run's store by an object in it, may write there, and sees the inputs."""
    problems = []
    try:
        store = connected(url)
        found = store.get(name)
        if found is None or found.content != token.encode():
            problems.append((f"sees another store at {url}", "set AWS_ENDPOINT_URL and AWS_REGION there as here"))
        else:
            own = f"{name}-{secrets.token_hex(4)}"
            store.put(own, b"")
            store.delete([own])
    except (InputRefusedError, StoreLostError) as error:
        problems.append((f"cannot use the warehouse ({error})", "set AWS_… in the worker's own environment"))
    return Seen(socket.gethostname(), program(), (*problems, *inputs_problem(inputs)))


def seen_by_workers(client: Any, url: str, inputs: Sequence[Path]) -> dict[str, Any]:  # noqa: ANN401
    """What each worker sees of the store."""
    store, token = connected(url), secrets.token_hex(16)
    name = f"{SCRATCH}/look-{token[:8]}"
    store.put(name, token.encode())
    try:
        found: dict[str, Any] = client.run(look_at_store, url, name, token, inputs, on_error="return")
    finally:
        store.delete([name])
    return found


def forget_run(url: str) -> None:
    """A worker's copies go: the run took what it needs."""
    remove(worker_copies(url))
