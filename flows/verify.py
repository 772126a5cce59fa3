"""`tollbook verify`: the log, every published file and every input still there, against what was written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from flows.audit import (
    AUDIT_LOG,
    BEGUN,
    ENDED,
    PUBLISHES,
    Line,
    chain_faults,
    line_sha256,
    read_log,
    torn_lines,
    unended,
)
from flows.files import FILES, read_json, read_parquet, run_folder, sha256_of
from flows.publish import CONTROLS
from flows.settings import month_text
from flows.verify_inputs import Places, look_at_contracts, look_at_rates, look_at_records, read_by_reruns
from flows.verify_look import ADDED, ALTERED, GONE, UNLOGGED, Difference, Look
from flows.warehouse import DATABASE, opened, published_runs
from schemas.faults import InputRefusedError
from transforms.timestamps import add_months

_CONTROLS = "select * from run_controls where run_id = $run_id order by all"


class Verified(NamedTuple):
    """What differs; what is worth a word but no fault; how much was looked at; the SHA-256 of the log's last line.

    That one, noted elsewhere, proves later that the log was not cut off or written anew.
    """

    differences: list[Difference]
    notes: list[str]
    files: int
    runs: int
    entries: int
    log_ends_with: str | None


def _entries(lines: Iterable[Line], event: str) -> list[dict[str, Any]]:
    return [line.entry for line in lines if line.entry is not None and line.entry.get("event") == event]


def _look_at_log(look: Look) -> list[Line]:
    try:
        lines = read_log(look.warehouse)
    except FileNotFoundError:
        look.differs(AUDIT_LOG, GONE, "what was run is not known")
        return []
    for fault in chain_faults(lines):
        look.differs(f"{AUDIT_LOG}, line {fault.line}", ALTERED, fault.problem)
    look.notes += [f"{AUDIT_LOG}, line {line} is torn: a power cut or a full disk" for line in torn_lines(lines)]
    look.notes += [
        f"`{entry.get('command')}` begun {entry.get('at')} by {entry.get('user')} (process {entry.get('pid')}) "
        "did not say how it ended: it was stopped, or is at work"
        for entry in unended(lines)
    ]
    return lines


def _look_at_database(look: Look, lines: list[Line], runs: list[dict[str, Any]]) -> None:
    """The file that analysts open, by the log; and that it knows all that was published, and nothing else."""
    link = look.warehouse / DATABASE
    database = link.resolve()
    published = _entries(lines, PUBLISHES)
    known = {entry["database_sha256"] for entry in published if entry.get("database") == database.name}
    look.files += 1
    if not known:
        look.differs(database.name, UNLOGGED, f"{AUDIT_LOG} has no publication of it")
    elif sha256_of(database) not in known:
        look.differs(database.name, ALTERED, f"it is not the file that {AUDIT_LOG} says was published")
    issued = {run["run_id"] for run in runs}
    for run_id in sorted(issued - {entry.get("run_id") for entry in published}):
        look.differs(f"run {run_id}", UNLOGGED, f"it is published, but not by {AUDIT_LOG}: entries were removed")
    done = {entry.get("run_id") for entry in _entries(lines, ENDED)}
    for run_id in sorted({str(entry.get("run_id")) for entry in published} - issued):
        if run_id in done:
            look.differs(f"run {run_id}", GONE, f"{AUDIT_LOG} says that it was published, {DATABASE} does not have it")
        else:
            look.notes.append(f"run {run_id} was stopped just before it was published")


def _look_at_run(look: Look, run: dict[str, Any], published: list[dict[str, Any]]) -> None:
    """The files of one run by its list, the list by the log, the manifest by the database."""
    run_id, folder = str(run["run_id"]), run_folder(look.warehouse, str(run["run_id"]))
    name = f"runs/{run_id}/{FILES}"
    if not (folder / FILES).is_file():
        look.differs(name, GONE, "the run's files cannot be compared with it")
        return
    if (logged := [entry["files_sha256"] for entry in published if entry.get("run_id") == run_id]) and (
        sha256_of(folder / FILES) not in logged
    ):
        look.differs(name, ALTERED, f"it is not the list that {AUDIT_LOG} says was published")
    try:
        listed: dict[str, str] = read_json(folder / FILES)["sha256"]
    except (ValueError, KeyError, TypeError):
        look.differs(name, ALTERED, "it is no list of files")
        return
    look.compare({file: (look.warehouse / file, sha256) for file, sha256 in listed.items()}, name)
    for file in _files_of_run(look.warehouse, run):
        if file not in listed and file != name:
            look.differs(file, ADDED, f"{name} does not list it")
    if (folder / "manifest.json").is_file() and run["manifest"] != _canonical(folder / "manifest.json"):
        look.differs(f"runs/{run_id}/manifest.json", ALTERED, f"it is not the manifest in {DATABASE}")


def _canonical(manifest: Path) -> str:
    try:
        return json.dumps(read_json(manifest), sort_keys=True, ensure_ascii=False)
    except ValueError:
        return ""


def _files_of_run(warehouse: Path, run: dict[str, Any]) -> Iterator[str]:
    """What stands where the run published, but for what is hidden."""
    folders = [run_folder(warehouse, run["run_id"]), *warehouse.glob(f"*/month=*/run_id={run['run_id']}")]
    if run["kind"] == "bill":
        folders.append(warehouse / "details" / month_text(add_months(run["invoice_month"], -1)))
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(warehouse).as_posix()


def _look_at_controls(look: Look, run_id: str) -> None:
    """The controls that were kept, once more from the published tables: the same, and all balanced."""
    name = f"runs/{run_id}/{CONTROLS}"
    try:
        kept = read_parquet(run_folder(look.warehouse, run_id) / CONTROLS)
        with opened(look.warehouse / DATABASE) as connection:
            now: pl.DataFrame = connection.sql(_CONTROLS, params={"run_id": run_id}).pl()
    except FileNotFoundError:
        return  # told already
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        look.differs(name, ALTERED, f"the controls cannot be compared: {str(error).splitlines()[0]}")
        return
    if not kept.select(now.columns).sort(now.columns).equals(now.sort(now.columns)):
        look.differs(name, ALTERED, f"the controls of {DATABASE} come out otherwise now")
    if (failed := now.filter(pl.col("difference") != 0).height) > 0:
        look.differs(name, ALTERED, f"{failed} controls of {DATABASE} do not balance now")


def verify(warehouse: Path, places: Places) -> Verified:
    """Everything that can be compared, compared. Nothing is written."""
    look = Look(warehouse)
    lines = _look_at_log(look)
    runs: list[dict[str, Any]] = []
    try:
        runs = published_runs(warehouse)
    except InputRefusedError as refused:
        fault = refused.faults[0]
        look.differs(DATABASE, ALTERED, f"{fault.problem}; {fault.remedy}")
    else:
        if (warehouse / DATABASE).exists():
            _look_at_database(look, lines, runs)
        elif published := _entries(lines, PUBLISHES):
            look.differs(DATABASE, GONE, f"{AUDIT_LOG} says that {published[-1]['database']} was published")
    begun = {entry.get("run_id"): entry.get("settings", {}) for entry in _entries(lines, BEGUN)}
    for run in runs:
        _look_at_run(look, run, _entries(lines, PUBLISHES))
        _look_at_controls(look, str(run["run_id"]))
        look_at_rates(look, run, begun.get(run["run_id"], {}), places)
        if run["kind"] == "bill":
            reruns = read_by_reruns(runs, run, "call_records")
            look_at_records(look, run, begun.get(run["run_id"], {}), places, reruns)
    if bills := [run for run in runs if run["kind"] == "bill"]:
        newest, settings = bills[-1], begun.get(bills[-1]["run_id"], {})
        look_at_contracts(look, newest, settings, places, read_by_reruns(runs, newest, "contracts"))
    ends_with = line_sha256(lines[-1].content) if lines else None
    return Verified(look.differences, look.notes, look.files, len(runs), len(lines), ends_with)
