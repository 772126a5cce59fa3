"""What a folder of invoices holds already: each file's hash, and that of the texts it was drawn from."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import NamedTuple

from flows.files import sha256_of

LEDGER = ".invoices.jsonl"


class Entry(NamedTuple):
    """A file that was drawn: the hash of what decides its bytes, and of the bytes."""

    file: str
    inputs: str
    sha256: str


class MadeBefore:
    """The ledger of a folder: a line a file, only ever added to, so that a run that is stopped goes on where it was.

    It is a memory aid, no proof: a file is trusted only if it still has the hash that stands here.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER
        self._lock = threading.Lock()
        self._entries = _read(self._path)

    def has(self, target: Path, inputs: str) -> bool:
        """Whether the file is there, whole, and drawn from these inputs."""
        entry = self._entries.get(target.name)
        return entry is not None and entry.inputs == inputs and target.is_file() and sha256_of(target) == entry.sha256

    def note(self, entry: Entry) -> None:
        """The file was drawn. A torn line before it is closed."""
        line = json.dumps(entry._asdict(), sort_keys=True)
        with self._lock, self._path.open("a", encoding="utf-8") as ledger:
            ledger.write(f"{line}\n" if _ends_whole(self._path) else f"\n{line}\n")


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as ledger:
        size = ledger.seek(0, 2)
        if size == 0:
            return True
        ledger.seek(size - 1)
        return ledger.read() == b"\n"


def _read(path: Path) -> dict[str, Entry]:
    """The last entry of each file; lines that are none are passed over."""
    entries = {}
    lines = path.read_bytes().splitlines() if path.is_file() else []
    for line in lines:
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError):
            continue
        entries[entry.file] = entry
    return entries
