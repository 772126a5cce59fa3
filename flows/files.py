"""Files that are whole or not there: written beside their target, then renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

COMPRESSION_LEVEL = 1
PROBE_BYTES = 2**20
HASHED_BYTES = 2**22
"""So many at a time: a thread back from each waits for the interpreter while others are at work in it."""
SYNCED_AT_A_TIME = 4
HOST_LETTERS = 20
FILES = "files.json"


def run_folder(warehouse: Path, run_id: str) -> Path:
    """Where manifest, controls, list of files (FILES) and contracts of a published run stand."""
    return warehouse / "runs" / run_id


def beside(target: Path, ending: str = "partial") -> Path:
    """A hidden path beside the target that no other thread, process or host has; its name says whose it is.

    Two hosts that share a folder may each have a process of the same number.
    """
    host = re.sub("[^0-9A-Za-z-]", "-", socket.gethostname())[:HOST_LETTERS]
    return target.with_name(f".{target.name}.{host}-{os.getpid()}-{secrets.token_hex(4)}.{ending}")


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A path beside the target to write a file or a folder to; renamed to the target when the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = beside(target)
    try:
        yield partial
        if partial.is_dir() and target.is_dir():  # a folder gives way to a folder, never to a file
            remove(target)
        partial.replace(target)
    finally:
        remove(partial)


@contextmanager
def written_once(target: Path, is_done: Callable[[], bool]) -> Iterator[Path]:
    """A folder to be made by whoever is first, as `written_whole` makes it: another's that is done stays as it is.

    So work that is done twice at the same time, on two hosts, never takes away what somebody reads already.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = beside(target)
    partial.mkdir()
    try:
        yield partial
        if target.is_dir() and not is_done():
            remove(target)
        try:
            partial.replace(target)  # a folder that is not empty never gives way to it
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not is_done():
                raise
    finally:
        remove(partial)


def put_in_place(staged: Path, target: Path) -> None:
    """The folder or file at its place by a rename; a folder that stood there gives way."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        remove(target)
    staged.replace(target)


def remove(path: Path) -> None:
    """The file, link or folder is gone, if it was there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _told_by_the_system(target: Path) -> Iterator[None]:
    """A failure to write the file, as the system's own error where it has one. Polars may say "transport error"."""
    try:
        yield
    except pl.exceptions.PolarsError:
        probe = beside(target.with_name("probe"))
        try:
            probe.write_bytes(bytes(PROBE_BYTES))
        finally:
            probe.unlink(missing_ok=True)
        raise


def write_parquet(frame: pl.DataFrame, target: Path) -> None:
    """The frame as Parquet (zstd), whole or not there."""
    with written_whole(target) as partial:
        _write_frame(frame, partial)


def _write_frame(frame: pl.DataFrame, path: Path) -> None:
    with _told_by_the_system(path):
        frame.write_parquet(path, compression="zstd", compression_level=COMPRESSION_LEVEL)


def write_published(frame: pl.DataFrame, target: Path) -> str:
    """The frame as `write_parquet` writes it, and the SHA-256 of the file.

    A file that has these bytes already stays: it may be on the disk, and published.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = beside(target)
    try:
        _write_frame(frame, partial)
        sha256 = sha256_of(partial)
        if not target.is_file() or sha256_of(target) != sha256:
            partial.replace(target)
    finally:
        remove(partial)
    return sha256


def write_scratch(frame: pl.DataFrame, target: Path) -> None:
    """The frame as an Arrow stream that only the next stage reads: columns as they are in memory, so quick to write."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with _told_by_the_system(target):
        frame.write_ipc_stream(target, compression="uncompressed", compat_level=pl.CompatLevel.newest())


def _scratch_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    import pyarrow as pa
    from pyarrow import ipc

    with pa.memory_map(str(path)) as content:
        table = ipc.open_stream(content).read_all()
    return table if columns is None else table.select(columns)


def read_scratch(path: Path) -> pl.DataFrame:
    """What `write_scratch` wrote, taken as it lies in the file: its text is not checked again."""
    return pl.DataFrame(_scratch_table(path))


class ScratchRows(NamedTuple):
    """The rows of some scratch files under each other, in one piece, and how many each file has."""

    rows: pl.DataFrame
    counts: list[int]


def read_scratch_files(paths: Iterable[Path], columns: list[str] | None = None) -> ScratchRows:
    """What `write_scratch` wrote to some files, at least one, of the same columns: much faster than one by one."""
    import pyarrow as pa

    tables = [_scratch_table(path, columns) for path in paths]
    return ScratchRows(pl.DataFrame(pa.concat_tables(tables)), [table.num_rows for table in tables])


def rows_of_scratch(path: Path) -> int:
    """How many rows `write_scratch` wrote."""
    return int(_scratch_table(path).num_rows)


def sha256_of(path: Path) -> str:
    """SHA-256 of the file, in hex."""
    found, buffer = hashlib.sha256(), memoryview(bytearray(min(HASHED_BYTES, path.stat().st_size + 1)))
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            found.update(buffer[:count])
    return found.hexdigest()


def make_durable(paths: Iterable[Path]) -> None:
    """Files and folders are on the disk, not in memory alone: they outlive a power cut."""
    with ThreadPoolExecutor(max_workers=SYNCED_AT_A_TIME) as pool:
        list(pool.map(_sync, paths))


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read_parquet(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """What `write_parquet` wrote. The path is taken as it is, whatever characters it holds."""
    return pl.read_parquet(path, columns=columns, glob=False)


def canonical_json(content: object) -> str:
    """The content as JSON text that depends on nothing but the content."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def digest(content: object) -> str:
    """SHA-256 over the content's canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def write_text(text: str, target: Path) -> None:
    """The text as UTF-8, whole or not there."""
    with written_whole(target) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(content: object, target: Path) -> None:
    """The content as JSON, whole or not there."""
    write_text(canonical_json(content), target)


def read_json(path: Path) -> dict[str, Any]:
    """The object that `write_json` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
