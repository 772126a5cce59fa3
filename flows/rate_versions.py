"""`tollbook rates freeze` and `list`: a version made law, and which there are."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from flows.files import written_whole
from flows.rate_lint import Lint, lint_version
from flows.warehouse import published
from rate_tables.manifests import MANIFEST, TABLE_FILES, FileEntry, manifest_text, read_manifest
from rate_tables.versions import open_version, version_folders
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.rate_files import RATE_TABLES

_READ_ONLY_FILE, _READ_ONLY_FOLDER = 0o444, 0o555
_RUNS = """
select rate_version, strftime(invoice_month, '%Y-%m') as invoice_month, kind, manifest
from runs order by invoice_month, kind, run_id
"""


class Frozen(NamedTuple):
    """A version that was frozen now, its manifest's hash, and what lint said of it."""

    version: str
    rows: int
    digest: str
    lint: Lint


class ListedVersion(NamedTuple):
    """A version as `rates list` shows it. `digest`: of its manifest; `runs`: what used it, as words."""

    name: str
    published_on: dt.date | None
    rows: int
    digest: str
    state: str
    runs: tuple[str, ...]
    note: str


def freeze_version(root: Path, name: str, published_on: dt.date | None = None) -> Frozen:
    """The version with every hash in its manifest, its folder read-only. Refused with the errors of lint."""
    version = open_version(root, name)
    if version.is_frozen:  # and of the same bytes: else it was not opened
        remedy = "make a later change as a new version (tollbook rates import ... --into NEW)"
        raise InputRefusedError(Fault(name, "the version is frozen already", remedy))
    lint = lint_version(root, name)
    refuse_if_any(version.faults)
    rows = {f"{spec.name}.csv": getattr(version.tables, spec.name).height for spec in RATE_TABLES}
    entries = {file: FileEntry(rows[file], hashlib.sha256(version.contents[file]).hexdigest()) for file in TABLE_FILES}
    day = published_on or version.manifest.published_on
    manifest = manifest_text(name, day, version.manifest.note, entries).encode()
    folder = version.tables.folder
    with written_whole(folder / MANIFEST) as partial:
        partial.write_bytes(manifest)
    frozen = open_version(root, name)  # read again: what was hashed is what stands there
    refuse_if_any(frozen.faults)
    for file in (*TABLE_FILES, MANIFEST):
        (folder / file).chmod(_READ_ONLY_FILE)
    folder.chmod(_READ_ONLY_FOLDER)
    return Frozen(name, sum(rows.values()), frozen.manifest.digest, lint)


def listed_versions(root: Path, warehouse: Path) -> tuple[list[ListedVersion], list[Fault]]:
    """Every version by date of publication and name, and the faults of those that are not what they were."""
    if not root.is_dir():
        raise InputRefusedError(Fault(str(root), "there is no such folder", "name it with --rate-tables"))
    runs = _runs(warehouse)
    listed, faults = [], []
    for folder in version_folders(root):
        version, found = _listed(root, folder.name, runs)
        listed.append(version)
        faults += found
    return sorted(listed, key=lambda one: (one.published_on or dt.date.min, one.name)), faults


def _runs(warehouse: Path) -> list[tuple[str, str, str, str]]:
    """Rate version, invoice month, kind, and the hash of the version's manifest of each published run."""
    with published(warehouse) as connection:
        rows = [] if connection is None else connection.sql(_RUNS).fetchall()
    return [
        (version, month, kind, str(json.loads(manifest).get("rate_manifest_sha256", "")))
        for version, month, kind, manifest in rows
    ]


def _listed(root: Path, name: str, runs: list[tuple[str, str, str, str]]) -> tuple[ListedVersion, list[Fault]]:
    try:
        version = open_version(root, name)
    except InputRefusedError as refused:
        manifest, _ = read_manifest(root / name)
        day = None if manifest is None else manifest.published_on
        return ListedVersion(name, day, 0, "", "refused", (), ""), list(refused.faults)
    digest = version.manifest.digest
    rows = sum(getattr(version.tables, spec.name).height for spec in RATE_TABLES)
    used = [(month, kind, sha256) for used_version, month, kind, sha256 in runs if used_version == name]
    words = tuple(
        f"{month} {kind}" + ("" if sha256 in ("", digest) else " (of other bytes)") for month, kind, sha256 in used
    )
    state = "frozen" if version.is_frozen else "not frozen"
    listed = ListedVersion(name, version.manifest.published_on, rows, digest, state, words, version.manifest.note)
    return listed, version.faults if version.is_frozen else []
