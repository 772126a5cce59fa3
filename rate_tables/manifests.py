"""A version's manifest, and whether the files in its folder are the ones it names (contract §4)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from schemas.faults import Fault
from schemas.rate_files import RATE_TABLES

MANIFEST = "manifest.toml"
TABLE_FILES: tuple[str, ...] = tuple(f"{spec.name}.csv" for spec in RATE_TABLES)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FREEZE = "freeze the version: only frozen ones are billed with"


class FileEntry(NamedTuple):
    """What the manifest says of one file. No hash: not frozen yet."""

    rows: int | None
    sha256: str | None


class Manifest(NamedTuple):
    """The manifest of a version. `digest` is the SHA-256 of its bytes."""

    version: str
    published_on: dt.date
    note: str
    files: Mapping[str, FileEntry]
    digest: str

    @property
    def unfrozen(self) -> list[str]:
        """Files of the contract that the manifest has no hash for."""
        return [name for name in TABLE_FILES if name not in self.files or self.files[name].sha256 is None]


def read_manifest(folder: Path) -> tuple[Manifest | None, list[Fault]]:
    """The manifest of the folder, or None with what is wrong with it."""
    path = folder / MANIFEST
    if not path.is_file():
        return None, [Fault(MANIFEST, "is missing", "a version is a folder with a manifest; write one")]
    content = path.read_bytes()
    try:
        fields = tomllib.loads(content.decode())
    except UnicodeDecodeError:
        return None, [Fault(MANIFEST, "is not UTF-8", "save the file as UTF-8")]
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        problem = f"is not TOML: {str(error).partition(' (')[0]}"
        return None, [Fault(MANIFEST, problem, "mend the syntax", line=int(at[1]) if at else None)]
    return _manifest(fields, folder.name, hashlib.sha256(content).hexdigest())


def manifest_text(version: str, published_on: dt.date, note: str, files: Mapping[str, FileEntry]) -> str:
    """A manifest of these entries, as `read_manifest` reads it. Without hashes the version is not frozen."""
    parts = [f'version = "{version}"\npublished_on = {published_on}\nnote = {_toml_text(note)}\n']
    for name, entry in sorted(files.items()):
        lines = [f'[files."{name}"]']
        lines += [f"rows = {entry.rows}"] if entry.rows is not None else []
        lines += [f'sha256 = "{entry.sha256}"'] if entry.sha256 is not None else []
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _toml_text(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, but that TOML also wants U+007F escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _manifest(fields: dict[str, object], name: str, digest: str) -> tuple[Manifest | None, list[Fault]]:
    faults: list[Fault] = []
    if fields.get("version") != name:
        remedy = f'write version = "{name}" or rename the folder'
        value = str(fields.get("version", ""))
        faults.append(Fault(MANIFEST, "names another version", remedy, column="version", value=value))
    published_on = _date(fields.get("published_on"))
    if published_on is None:
        remedy = "write published_on = 2020-01-01, the day of its publication"
        faults.append(Fault(MANIFEST, "has no date of publication", remedy, column="published_on"))
    entries = fields.get("files", {})
    files: dict[str, FileEntry] = {}
    for file, entry in entries.items() if isinstance(entries, dict) else ():
        files[file], found = _file_entry(file, entry)
        faults += found
    if published_on is None:
        return None, faults
    return Manifest(name, published_on, str(fields.get("note", "")), files, digest), faults


def _date(value: object) -> dt.date | None:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else None


def _file_entry(file: str, entry: object) -> tuple[FileEntry, list[Fault]]:
    fields = entry if isinstance(entry, dict) else {}
    rows, sha256 = fields.get("rows"), fields.get("sha256")
    faults = []
    if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 0):
        faults.append(_entry_fault(file, "rows", "is not a number of rows", "write the count of data rows"))
        rows = None
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        remedy = "write the 64 hexadecimal digits in lower case"
        faults.append(_entry_fault(file, "sha256", "is not a SHA-256", remedy))
        sha256 = None
    return FileEntry(rows, sha256), faults


def _entry_fault(file: str, key: str, problem: str, remedy: str) -> Fault:
    return Fault(MANIFEST, problem, remedy, column=f'files."{file}".{key}')


def folder_contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each file of the folder but the manifest; a folder in it stands as an empty file."""
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in paths}


def content_faults(manifest: Manifest, contents: Mapping[str, bytes]) -> list[Fault]:
    """Files without a hash, absent, not named, or with another hash than the manifest's."""
    unfrozen = [name for name in manifest.unfrozen if name in contents]
    faults = [Fault(name, "has no hash in the manifest", _FREEZE) for name in unfrozen]
    return faults + [fault for fault in kept_content_faults(manifest, contents) if fault.file not in unfrozen]


def draft_content_faults(contents: Mapping[str, bytes]) -> list[Fault]:
    """What is wrong with the files of a version that is not frozen: absent, or of no rate table."""
    absent = [name for name in TABLE_FILES if name not in contents]
    faults = [
        Fault(name, "is missing", "put the file of the contract there, with its header at least") for name in absent
    ]
    strange = [name for name in contents if name not in TABLE_FILES]
    return faults + [Fault(name, "is no file of a rate version", "take it out of the folder") for name in strange]


def kept_content_faults(manifest: Manifest, contents: Mapping[str, bytes]) -> list[Fault]:
    """Files that are absent, not named, or have another hash than the manifest's."""
    faults = []
    unnamed = [name for name in contents if name not in manifest.files]
    faults += [Fault(name, "is not named by the manifest", "take it out of the folder") for name in unnamed]
    absent = sorted({*TABLE_FILES, *manifest.files} - contents.keys())
    faults += [Fault(name, "is missing", "put back the file that the manifest names") for name in absent]
    for name, content in contents.items():
        entry = manifest.files.get(name)
        actual = hashlib.sha256(content).hexdigest()
        if entry is not None and entry.sha256 not in (None, actual):
            remedy = "a frozen version never changes: put the file back, or publish another version"
            faults.append(Fault(name, "has another hash than the manifest", remedy, column="sha256", value=actual))
    return faults
