"""Files that are whole or not there: written beside their target, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

COMPRESSION_LEVEL = 1
PROBE_BYTES = 2**20
SYNCED_AT_A_TIME = 4
FILES = "files.json"


def run_folder(warehouse: Path, run_id: str) -> Path:
    """Where manifest, controls, list of files (FILES) and contracts of a published run stand."""
    return warehouse / "runs" / run_id


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A path beside the target to write a file or a folder to; renamed to the target when the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    remove(partial)
    try:
        yield partial
        if partial.is_dir() and target.is_dir():  # a folder gives way to a folder, never to a file
            remove(target)
        partial.replace(target)
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
        probe = target.with_name(f".probe.{os.getpid()}.partial")
        try:
            probe.write_bytes(bytes(PROBE_BYTES))
        finally:
            probe.unlink(missing_ok=True)
        raise


def write_parquet(frame: pl.DataFrame, target: Path) -> None:
    """The frame as Parquet (zstd), whole or not there."""
    with written_whole(target) as partial, _told_by_the_system(partial):
        frame.write_parquet(partial, compression="zstd", compression_level=COMPRESSION_LEVEL)


def write_published(frame: pl.DataFrame, target: Path) -> str:
    """The frame as `write_parquet` writes it, and the SHA-256 of the file."""
    write_parquet(frame, target)
    return sha256_of(target)


def write_scratch(frame: pl.DataFrame, target: Path) -> None:
    """The frame as Parquet that only the next stage reads: quick to write, not small."""
    with _told_by_the_system(target):
        frame.write_parquet(target, compression="uncompressed", statistics=False, mkdir=True)


def sha256_of(path: Path) -> str:
    """SHA-256 of the file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
