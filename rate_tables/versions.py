"""Rate versions: found, verified against their manifest, and loaded (contract §4). Read-only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from rate_tables.manifests import (
    MANIFEST,
    Manifest,
    content_faults,
    draft_content_faults,
    folder_contents,
    kept_content_faults,
    read_manifest,
)
from rate_tables.version_checks import version_faults
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.rate_files import RATE_TABLES
from schemas.text_tables import ReadTable, TableSpec, empty_table, read_csv_table


class RateTables(NamedTuple):
    """One rate version, verified: a typed frame a file. `digest` is the SHA-256 of the manifest."""

    version: str
    published_on: dt.date
    digest: str
    folder: Path
    international_rates: pl.DataFrame
    premium_prefixes: pl.DataFrame
    toll_free_rates: pl.DataFrame
    plans: pl.DataFrame
    charges: pl.DataFrame
    fees: pl.DataFrame
    usf_factors: pl.DataFrame
    usf_shares: pl.DataFrame
    taxes: pl.DataFrame
    numbering_plan: pl.DataFrame
    dialing_plans: pl.DataFrame
    policy: pl.DataFrame


class RateVersion(NamedTuple):
    """What the manifest of a version says of it. Frozen: it has a hash for every table."""

    name: str
    published_on: dt.date
    note: str
    is_frozen: bool
    folder: Path


def version_folders(root: Path) -> list[Path]:
    """Folders with a manifest, by name; a hidden one is being written."""
    folders = (path.parent for path in root.glob(f"*/{MANIFEST}"))
    return sorted(folder for folder in folders if not folder.name.startswith("."))


def list_versions(root: Path) -> list[RateVersion]:
    """The versions under the folder, by date of publication and name. A bad manifest refuses them all."""
    if not root.is_dir():
        raise InputRefusedError(Fault(str(root), "there is no such folder", "name it with --rate-tables"))
    versions, faults = [], []
    for folder in version_folders(root):
        manifest, found = read_manifest(folder)
        faults += _within(folder, found)
        if manifest is not None:
            is_frozen = not manifest.unfrozen
            versions.append(RateVersion(folder.name, manifest.published_on, manifest.note, is_frozen, folder))
    refuse_if_any(faults)
    return sorted(versions, key=lambda version: (version.published_on, version.name))


def default_version(root: Path) -> str:
    """The frozen version with the greatest date of publication, then name (contract §1)."""
    frozen = [version.name for version in list_versions(root) if version.is_frozen]
    if not frozen:
        raise InputRefusedError(Fault(str(root), "holds no frozen rate version", "freeze one, or name another folder"))
    return frozen[-1]


def load_version(root: Path, name: str) -> RateTables:
    """The version, frozen and without fault, or a refusal that lists every fault with file and line."""
    tables, faults = read_version(version_folder(root, name))
    refuse_if_any(faults)
    if tables is None:  # a version without tables has faults: a programmer's error
        raise AssertionError(f"rate version {name} was neither read nor refused")
    return tables


def version_folder(root: Path, name: str) -> Path:
    """The folder of the version, or a refusal that names those that are there."""
    folder = root / name
    if Path(name).name != name or not folder.is_dir():
        names = ", ".join(folder.name for folder in version_folders(root)) or "none"
        raise InputRefusedError(Fault(str(root), "there is no such rate version", f"use one of: {names}", value=name))
    return folder


class OpenVersion(NamedTuple):
    """A version that is frozen or not yet. `faults`: what its tables hold; a loaded version has none."""

    tables: RateTables
    manifest: Manifest
    contents: Mapping[str, bytes]
    faults: list[Fault]

    @property
    def is_frozen(self) -> bool:
        """Whether the manifest has every hash (and so the files are what they were)."""
        return not self.manifest.unfrozen


def open_version(root: Path, name: str) -> OpenVersion:
    """The version, frozen or not; what its tables hold is told, not refused.

    Raises InputRefusedError where there is none, its manifest is bad, or a frozen one is not what it was.
    """
    folder = version_folder(root, name)
    manifest, manifest_faults = read_manifest(folder)
    refuse_if_any(_within(folder, manifest_faults))
    if manifest is None:  # it has faults then: a programmer's error
        raise AssertionError(f"the manifest of {name} was neither read nor refused")
    contents = folder_contents(folder)
    is_frozen = not manifest.unfrozen
    refuse_if_any(_within(folder, kept_content_faults(manifest, contents) if is_frozen else []))
    known = manifest if is_frozen else manifest._replace(files={})  # rows of a draft change
    tables, faults = _read_tables(known, contents)
    faults += version_faults(tables)
    faults += [] if is_frozen else draft_content_faults(contents)
    version = RateTables(folder.name, manifest.published_on, manifest.digest, folder, **tables)
    return OpenVersion(version, manifest, contents, _within(folder, faults))


def try_version(root: Path, name: str) -> RateTables:
    """The version without fault, frozen or not: for commands that try it out and bill nothing."""
    opened = open_version(root, name)
    refuse_if_any(opened.faults)
    return opened.tables


def read_version(folder: Path) -> tuple[RateTables | None, list[Fault]]:
    """The version in the folder as far as it can be read, and every fault of it."""
    manifest, faults = read_manifest(folder)
    if manifest is None:
        return None, _within(folder, faults)
    contents = folder_contents(folder)
    faults += content_faults(manifest, contents)
    tables, table_faults = _read_tables(manifest, contents)
    faults += table_faults
    faults += version_faults(tables)
    version = RateTables(folder.name, manifest.published_on, manifest.digest, folder, **tables)
    return version, _within(folder, faults)


def _read_tables(manifest: Manifest, contents: Mapping[str, bytes]) -> tuple[dict[str, pl.DataFrame], list[Fault]]:
    """The typed tables by name, an absent one empty, with the faults of their cells and row counts."""

    def read(spec: TableSpec) -> ReadTable:
        return _read_table(spec, manifest, contents)

    with ThreadPoolExecutor(max_workers=2) as pool:
        found = dict(zip(RATE_TABLES, pool.map(read, RATE_TABLES), strict=True))
    return {spec.name: table.rows for spec, table in found.items()}, [
        fault for table in found.values() for fault in table.faults
    ]


def _read_table(spec: TableSpec, manifest: Manifest, contents: Mapping[str, bytes]) -> ReadTable:
    file = f"{spec.name}.csv"
    if file not in contents:
        return ReadTable(empty_table(spec), [])
    rows, faults = read_csv_table(contents[file], spec, file)
    stated = manifest.files[file].rows if file in manifest.files else None
    if not faults and stated is not None and stated != rows.height:
        problem = f"has {rows.height} rows and the manifest says {stated}"
        faults = [Fault(file, problem, "put back the file that the manifest names")]
    return ReadTable(rows, faults)


def _within(folder: Path, faults: list[Fault]) -> list[Fault]:
    """The faults with the version before the file's name."""
    return [replace(fault, file=f"{folder.name}/{fault.file}") for fault in faults]
