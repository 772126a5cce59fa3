"""`tollbook verify`: the log, every published file and every input still there, against what was written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from flows.settings import month_text, parse_month
from flows.warehouse import DATABASE, opened, published_runs
from rate_tables.manifests import content_faults, folder_contents, read_manifest
from schemas.faults import InputRefusedError
from transforms.timestamps import add_months

GONE, ALTERED, ADDED, UNLOGGED = "gone", "altered", "not listed", "not logged"
FILES_AT_A_TIME = 2
_CONTROLS = "select * from run_controls where run_id = $run_id order by all"


class Places(NamedTuple):
    """Where the inputs are looked for; None: where the log says that the run found them."""

    cdrs: Path | None = None
    contracts: Path | None = None
    rate_tables: Path | None = None


class Difference(NamedTuple):
    """One file or entry that is not as it was written down."""

    what: str
    verdict: str
    detail: str


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


class _Look:
    """What has been found so far."""

    def __init__(self, warehouse: Path) -> None:
        self.warehouse = warehouse
        self.differences: list[Difference] = []
        self.notes: list[str] = []
        self.files = 0

    def differs(self, what: str, verdict: str, detail: str) -> None:
        self.differences.append(Difference(what, verdict, detail))

    def compare(self, files: dict[str, tuple[Path, str]], against: str) -> None:
        """Files by the name they are told by: each one's path, and the SHA-256 that was written down."""
        with ThreadPoolExecutor(max_workers=FILES_AT_A_TIME) as pool:
            found = list(pool.map(lambda file: _sha256_or_none(file[0]), files.values()))
        self.files += len(files)
        for (name, (_, expected)), sha256 in zip(files.items(), found, strict=True):
            if sha256 is None:
                self.differs(name, GONE, f"{against} lists it")
            elif sha256 != expected:
                self.differs(name, ALTERED, f"its SHA-256 is {sha256[:12]}…, {against} says {expected[:12]}…")


def _sha256_or_none(path: Path) -> str | None:
    return sha256_of(path) if path.is_file() else None


def _entries(lines: Iterable[Line], event: str) -> list[dict[str, Any]]:
    return [line.entry for line in lines if line.entry is not None and line.entry.get("event") == event]


def _look_at_log(look: _Look) -> list[Line]:
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


def _look_at_database(look: _Look, lines: list[Line], runs: list[dict[str, Any]]) -> None:
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


def _look_at_run(look: _Look, run: dict[str, Any], published: list[dict[str, Any]]) -> None:
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


def _look_at_controls(look: _Look, run_id: str) -> None:
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


def _place(given: Path | None, settings: dict[str, str], name: str) -> Path | None:
    return given if given is not None else Path(settings[name]) if name in settings else None


def _look_at_inputs(look: _Look, run: dict[str, Any], settings: dict[str, str], places: Places) -> None:
    """Call records and rate version of a run where they are still there; what is gone was put away, and is no fault."""
    manifest = json.loads(run["manifest"])
    against = f"the manifest of {run['run_id']}"
    if (cdrs := _place(places.cdrs, settings, "cdrs")) is not None:
        records: dict[str, str] = manifest.get("call_records", {})
        there = {name: (cdrs / name, sha256) for name, sha256 in records.items() if (cdrs / name).is_file()}
        look.compare(there, against)
        _note_gone(look, run, "call records", len(records) - len(there), len(records), cdrs)
        month = cdrs / month_text(add_months(parse_month(manifest["invoice_month"]), -1))
        for path in sorted(month.rglob("*")) if there else ():
            name = path.relative_to(cdrs).as_posix()
            if path.is_file() and not path.name.startswith(".") and name not in records:
                look.differs(name, ADDED, f"{against} does not list it: it came after the issue")
    if (rate_tables := _place(places.rate_tables, settings, "rate_tables")) is not None:
        _look_at_rates(look, rate_tables / manifest["rate_version"], manifest["rate_manifest_sha256"], against)


def _look_at_rates(look: _Look, folder: Path, expected: str, against: str) -> None:
    if not folder.is_dir():
        look.notes.append(f"rate version {folder.name} is not in {folder.parent}: not compared")
        return
    manifest, faults = read_manifest(folder)
    if manifest is None or manifest.digest != expected:
        look.differs(f"{folder.name}/manifest.toml", ALTERED, f"{against} has another one")
    if manifest is not None:
        faults = [*faults, *content_faults(manifest, folder_contents(folder))]
        look.files += len(manifest.files)
    for fault in faults:
        is_gone = not (folder / fault.file).is_file()
        look.differs(f"{folder.name}/{fault.file}", GONE if is_gone else ALTERED, fault.problem)


def _look_at_contracts(look: _Look, run: dict[str, Any], settings: dict[str, str], places: Places) -> None:
    """The contracts as they are now, by the newest month: older months have their copies, and contracts go on."""
    contracts = _place(places.contracts, settings, "contracts")
    if contracts is None:
        return
    files: dict[str, str] = json.loads(run["manifest"]).get("contracts", {})
    there = {
        f"{contracts.name}/{name}": (contracts / name, sha256)
        for name, sha256 in files.items()
        if (contracts / name).is_file()
    }
    look.compare(
        there, f"the newest month, {run['run_id']} (what it billed is kept in runs/{run['run_id']}/contracts),"
    )
    _note_gone(look, run, "contract tables", len(files) - len(there), len(files), contracts)


def _note_gone(look: _Look, run: dict[str, Any], what: str, gone: int, count: int, folder: Path) -> None:
    if gone:
        look.notes.append(f"{gone} of {count} {what} of {run['run_id']} are not in {folder} any more: not compared")


def verify(warehouse: Path, places: Places) -> Verified:
    """Everything that can be compared, compared. Nothing is written."""
    look = _Look(warehouse)
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
        if run["kind"] == "bill":
            _look_at_inputs(look, run, begun.get(run["run_id"], {}), places)
    if bills := [run for run in runs if run["kind"] == "bill"]:
        _look_at_contracts(look, bills[-1], begun.get(bills[-1]["run_id"], {}), places)
    ends_with = line_sha256(lines[-1].content) if lines else None
    return Verified(look.differences, look.notes, look.files, len(runs), len(lines), ends_with)
