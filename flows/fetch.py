"""A copy of a warehouse on S3 for readers: its files, compared by SHA-256, and views of calls that lead to them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from flows.audit import AUDIT_LOG, PUBLISHES, append
from flows.confidential import make_read_only
from flows.failures import StoreLostError
from flows.files import FILES, digest, read_json, remove, run_folder, sha256_of, write_json, written_whole
from flows.locks import COPY_OF
from flows.next_database import call_files
from flows.object_store import ObjectStore, connected
from flows.s3_warehouse import State, fetch_published, read_state, working_copy
from flows.settings import month_text
from flows.warehouse import DATABASE, NEW_DATABASE, create_call_views, opened, published_runs
from schemas.faults import Fault, InputRefusedError


class Fetched(NamedTuple):
    """How many runs the copy has, the newest invoice month among them, and whether nothing was new."""

    runs: int
    newest: str
    is_unchanged: bool


def _mark(folder: Path) -> dict[str, str]:
    return read_json(folder / COPY_OF) if (folder / COPY_OF).is_file() else {}


def _refuse_other_folder(url: str, folder: Path) -> None:
    """Only an empty folder, or a copy of this very warehouse. Raises InputRefusedError."""
    if folder.resolve() == working_copy(url):
        problem, remedy = "is where runs of this warehouse work", "name another folder"
    elif folder.is_dir() and any(folder.iterdir()) and _mark(folder).get("url") != url:
        problem, remedy = f"holds other things than a copy of {url}", "name an empty folder"
    else:
        return
    raise InputRefusedError(Fault(str(folder), problem, remedy))


def _lead_to_own_calls(folder: Path, url: str) -> None:
    """The database of the copy, with its views of calls over the copy's files; the copy's log says that it is so."""
    database = (folder / DATABASE).resolve()
    run_id = database.stem.removeprefix("tollbook-")
    with written_whole(database) as partial:
        shutil.copyfile(database, partial)
        with opened(partial, NEW_DATABASE) as connection:
            create_call_views(connection, call_files(connection, folder))
        make_read_only(partial)
    facts = {"run_id": run_id, "database": database.name, "database_sha256": sha256_of(database)}
    files_sha256 = sha256_of(run_folder(folder, run_id) / FILES)
    append(folder, PUBLISHES, {**facts, "files_sha256": files_sha256, "copy_of": url})


def _fetch_all(store: ObjectStore, folder: Path) -> State:
    """The state that was fetched. One that was replaced meanwhile, with objects that went, is fetched anew."""
    while True:
        state, _ = read_state(store)
        if state.database is None:
            remedy = "bill a month there: tollbook bill 2020-02 --warehouse " + store.url
            raise InputRefusedError(Fault(store.url, "nothing was published there yet", remedy))
        try:
            fetch_published(store, state, folder)
        except StoreLostError:
            if read_state(store)[0] == state:
                raise
        else:
            return state


def fetch_warehouse(url: str, folder: Path) -> Fetched:
    """The warehouse's published files in the folder. Raises InputRefusedError and StoreLostError."""
    url = url.rstrip("/")
    _refuse_other_folder(url, folder)
    store = connected(url)
    state, mark = read_state(store)[0], _mark(folder)
    is_unchanged = mark.get("state") == digest(state._asdict()) and (folder / DATABASE).exists()
    if not is_unchanged:
        if (folder / AUDIT_LOG).is_file() and mark.get("log") == sha256_of(folder / AUDIT_LOG):
            remove(folder / AUDIT_LOG)  # its last line is of the copy's own making, and nobody wrote in it since
        state = _fetch_all(store, folder)
        _lead_to_own_calls(folder, url)
        log = sha256_of(folder / AUDIT_LOG)
        write_json({"url": url, "state": digest(state._asdict()), "log": log}, folder / COPY_OF)
    runs = published_runs(folder)
    return Fetched(len(runs), month_text(max(run["invoice_month"] for run in runs)), is_unchanged)
