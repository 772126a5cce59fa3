"""The inputs of issued months that are still there, against the manifests of their runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from flows.files import sha256_of
from flows.settings import month_text, parse_month
from flows.verify_look import ADDED, ALTERED, GONE, Look, Reruns
from rate_tables.manifests import content_faults, folder_contents, read_manifest
from transforms.timestamps import add_months


class Places(NamedTuple):
    """Where the inputs are looked for; None: where the log says that the run found them."""

    cdrs: Path | None = None
    contracts: Path | None = None
    rate_tables: Path | None = None


def _place(given: Path | None, settings: dict[str, str], name: str) -> Path | None:
    return given if given is not None else Path(settings[name]) if name in settings else None


def read_by_reruns(runs: Iterable[dict[str, Any]], run: dict[str, Any], inputs: str) -> Reruns:
    """Files of the inputs (`call_records`, `contracts`) that reruns of the run's month read, as they were then."""
    found: dict[str, dict[str, str]] = {}
    for rerun in runs:
        if rerun["kind"] == "rerun" and rerun["invoice_month"] == run["invoice_month"]:
            for name, sha256 in json.loads(rerun["manifest"]).get(inputs, {}).items():
                found.setdefault(name, {})[sha256] = rerun["run_id"]
    return found


def look_at_records(look: Look, run: dict[str, Any], settings: dict[str, str], places: Places, reruns: Reruns) -> None:
    """Call records of a bill where they are still there; what is gone was put away, and is no fault."""
    manifest = json.loads(run["manifest"])
    against = f"the manifest of {run['run_id']}"
    if (cdrs := _place(places.cdrs, settings, "cdrs")) is not None:
        records: dict[str, str] = manifest.get("call_records", {})
        there = {name: (cdrs / name, sha256) for name, sha256 in records.items() if (cdrs / name).is_file()}
        look.compare(there, against, reruns)
        _note_gone(look, run, "call records", len(records) - len(there), len(records), cdrs)
        month = cdrs / month_text(add_months(parse_month(manifest["invoice_month"]), -1))
        for path in sorted(month.rglob("*")) if there else ():
            name = path.relative_to(cdrs).as_posix()
            if path.is_file() and not path.name.startswith(".") and name not in records:
                _look_at_added(look, name, path, against, reruns)


def _look_at_added(look: Look, name: str, path: Path, against: str, reruns: Reruns) -> None:
    """A file of call records that the bill did not have: one that a rerun read is there for that."""
    if name not in reruns:
        look.differs(name, ADDED, f"{against} does not list it: it came after the issue")
    elif (rerun := reruns[name].get(sha256_of(path))) is not None:
        look.notes.append(f"{name} came after the issue: rerun {rerun} read it")
    else:
        rerun = ", ".join(sorted(set(reruns[name].values())))
        look.differs(name, ALTERED, f"it came after the issue, and is not what rerun {rerun} read")


def look_at_rates(look: Look, run: dict[str, Any], settings: dict[str, str], places: Places) -> None:
    """The rate version of a bill or rerun, where it is still there."""
    manifest, against = json.loads(run["manifest"]), f"the manifest of {run['run_id']}"
    if (rate_tables := _place(places.rate_tables, settings, "rate_tables")) is not None:
        _look_at_rates(look, rate_tables / manifest["rate_version"], manifest["rate_manifest_sha256"], against)


def _look_at_rates(look: Look, folder: Path, expected: str, against: str) -> None:
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


def look_at_contracts(
    look: Look, run: dict[str, Any], settings: dict[str, str], places: Places, reruns: Reruns
) -> None:
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
    against = f"the newest month, {run['run_id']} (what it billed is kept in runs/{run['run_id']}/contracts),"
    look.compare(there, against, {f"{contracts.name}/{name}": read for name, read in reruns.items()})
    _note_gone(look, run, "contract tables", len(files) - len(there), len(files), contracts)


def _note_gone(look: Look, run: dict[str, Any], what: str, gone: int, count: int, folder: Path) -> None:
    if gone:
        look.notes.append(f"{gone} of {count} {what} of {run['run_id']} are not in {folder} any more: not compared")
