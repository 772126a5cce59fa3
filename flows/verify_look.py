"""What `tollbook verify` has found so far, and how a file is compared with what was written down of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from flows.files import sha256_of
from flows.stopping import workers

GONE, ALTERED, ADDED, UNLOGGED = "gone", "altered", "not listed", "not logged"
FILES_AT_A_TIME = 2


Reruns = Mapping[str, Mapping[str, str]]
"""By the name of an input file: the rerun that read it with this SHA-256."""


class Difference(NamedTuple):
    """One file or entry that is not as it was written down."""

    what: str
    verdict: str
    detail: str


class Look:
    """What has been found so far."""

    def __init__(self, warehouse: Path) -> None:
        self.warehouse = warehouse
        self.differences: list[Difference] = []
        self.notes: list[str] = []
        self.files = 0

    def differs(self, what: str, verdict: str, detail: str) -> None:
        """Something is not as it was written down."""
        self.differences.append(Difference(what, verdict, detail))

    def compare(self, files: Mapping[str, tuple[Path, str]], against: str, reruns: Reruns | None = None) -> None:
        """Files by the name they are told by: each one's path, and the SHA-256 that was written down.

        An input that was corrected for a rerun is no fault, and worth a word.
        """
        with workers(FILES_AT_A_TIME) as pool:
            found = list(pool.map(lambda file: sha256_or_none(file[0]), files.values()))
        self.files += len(files)
        for (name, (_, expected)), sha256 in zip(files.items(), found, strict=True):
            if sha256 is None:
                self.differs(name, GONE, f"{against} lists it")
            elif sha256 != expected and (rerun := (reruns or {}).get(name, {}).get(sha256)) is not None:
                self.notes.append(f"{name} is another file than {against} has: rerun {rerun} read it so")
            elif sha256 != expected:
                self.differs(name, ALTERED, f"its SHA-256 is {sha256[:12]}…, {against} says {expected[:12]}…")


def sha256_or_none(path: Path) -> str | None:
    """SHA-256 of the file; None where there is none."""
    return sha256_of(path) if path.is_file() else None
