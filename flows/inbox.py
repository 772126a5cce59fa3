"""Finds a month's files of call records, and says who they are: nothing is passed over but hidden files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from flows.files import sha256_of
from flows.sources import CANONICAL
from schemas.faults import Fault, InputRefusedError, refuse_if_any

READ_ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")
FILES_AT_A_TIME = 2
SETTLED_NANOSECONDS = 2_000_000_000
"""A file that changed later than this before it was hashed may change again without the system's clock telling."""
_EXPANSION = {".gz": 8, ".zst": 8, ".parquet": 5}


class RecordFile(NamedTuple):
    """One input file: its path, its name in every table (`2020-01/calls.csv`), its source and its identity."""

    path: Path
    name: str
    source: str
    sha256: str
    stat: tuple[int, int, int]
    """Size, time of change and inode when it was hashed: what is read later must be the same file."""
    state: tuple[int, ...] | None = None
    """All that tells later, without reading it, that nobody touched it since; None where that cannot be told."""

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.stat[0]

    @property
    def ending(self) -> str:
        """The one of READ_ENDINGS that says how it is read."""
        return ending_of(self.path) or ""


class Known(NamedTuple):
    """A file as it was when it was hashed before: its state then, and its SHA-256."""

    state: tuple[int, ...]
    sha256: str


def ending_of(path: Path) -> str | None:
    """The ending that says how a file is read; None where none of ours fits."""
    return next((ending for ending in sorted(READ_ENDINGS, key=len, reverse=True) if path.name.endswith(ending)), None)


def stat_of(path: Path) -> tuple[int, int, int]:
    """What tells one state of a file from another without reading it."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _state_of(found: os.stat_result) -> tuple[int, ...]:
    """The time of the last change of anything about the file is set by the system alone, never by who writes."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _file_fault(path: Path, name: str) -> Fault | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode(errors="backslashreplace")
        return Fault(shown, "the file's name is not UTF-8", "rename it")
    if not path.is_file():
        return Fault(name, "is not a file that can be read (a broken link, a pipe or the like)", "take it out")
    if ending_of(path) is None:
        remedy = f"take it out of the month, or rename it to one of {', '.join(READ_ENDINGS)}"
        return Fault(name, "the file is of no kind that is read", remedy)
    return None


def _entries(folder: Path, inbox: Path) -> list[Path]:
    """What is in a folder, by name, but for what is hidden."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _unreadable(folder.relative_to(inbox).as_posix(), "folder", error) from error


def _unreadable(name: str, kind: str, error: OSError) -> InputRefusedError:
    remedy = "make it readable, or take it out of the month"
    return InputRefusedError(Fault(name, f"the {kind} cannot be read: {error.strerror}", remedy))


def _files_in(folder: Path, inbox: Path, source: str, faults: list[Fault]) -> list[tuple[str, Path, str]]:
    """Files straight in a folder, by name; what would be passed over is added to the faults."""
    found = []
    for path in _entries(folder, inbox):
        name = path.relative_to(inbox).as_posix()
        if path.is_dir() and ending_of(path) is not None:
            faults.append(Fault(name, "is a folder and has the name of a file of call records", "rename it"))
        elif path.is_dir() and folder.parent == inbox:
            continue  # a source's own
        elif path.is_dir():
            faults.append(Fault(name, "a folder inside a source's folder is not read", "move its files up"))
        elif (fault := _file_fault(path, name)) is not None:
            faults.append(fault)
        else:
            found.append((name, path, source))
    return found


def find_record_files(inbox: Path, month: str, known: Mapping[str, Known] | None = None) -> list[RecordFile]:
    """A month's files in the order of their paths. Raises InputRefusedError where there is none, or one unknown.

    Those that are known, by name and state, are not read.
    """
    folder = inbox / month
    if not folder.is_dir():
        remedy = f"make it and put the month's call records in, or name the inbox with --cdrs (looked in {inbox})"
        raise InputRefusedError(Fault(f"{inbox.name}/{month}", "the month's folder is missing", remedy))
    faults: list[Fault] = []
    found = _files_in(folder, inbox, CANONICAL, faults)
    for path in _entries(folder, inbox):
        if path.is_dir() and ending_of(path) is None:
            found += _files_in(path, inbox, path.name, faults)
    refuse_if_any(faults)
    if not found:
        remedy = f"put files of the kinds {', '.join(READ_ENDINGS)} into {folder}"
        raise InputRefusedError(Fault(f"{inbox.name}/{month}", "the month is empty: it holds no call records", remedy))
    with ThreadPoolExecutor(max_workers=FILES_AT_A_TIME) as pool:  # hashing is none of the interpreter's work
        return list(pool.map(partial(_identified, known or {}), sorted(found)))


def _identified(known: Mapping[str, Known], file: tuple[str, Path, str]) -> RecordFile:
    name, path, source = file
    try:
        before, begun = path.stat(), time.time_ns()
        state, stat = _state_of(before), (before.st_size, before.st_mtime_ns, before.st_ino)
        if name in known and known[name].state == state:
            return RecordFile(path, name, source, known[name].sha256, stat, state)
        sha256 = sha256_of(path)
    except OSError as error:
        raise _unreadable(name, "file", error) from error
    is_settled = begun - before.st_ctime_ns > SETTLED_NANOSECONDS
    return RecordFile(path, name, source, sha256, stat, state if is_settled else None)


def _plain_size(path: Path, size: int) -> int:
    return size * _EXPANSION.get(path.suffix, 1)


def sizes_in(inbox: Path, month: str) -> int:
    """About how many bytes the month's files are as plain text, before they are looked at; 0 where that cannot be."""
    try:
        paths = [path for path in (inbox / month).rglob("*") if ending_of(path) is not None]
        return sum(_plain_size(path, path.stat().st_size) for path in paths)
    except OSError:
        return 0


def expected_bytes(record_files: Iterable[RecordFile]) -> int:
    """About how many bytes the files are as plain text; decides into how many buckets a month is cut."""
    return sum(_plain_size(record.path, record.size) for record in record_files)
