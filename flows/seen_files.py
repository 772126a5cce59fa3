"""What call record files were hashed to, by what the system says of each: a file that nobody touched is known.

A rerun of a few accounts would else read a whole month's records to learn that none of them changed. What a month is
billed from, and `tollbook verify`, always hash the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from flows.files import canonical_json, read_json, write_text
from flows.inbox import Known, RecordFile

SEEN = ".seen.json"


def seen_path(calls: Path, usage_month: str) -> Path:
    """Where it stands, beside the month's stored calls; hidden, as it is no part of what a month holds."""
    return calls / usage_month / SEEN


def known_files(path: Path) -> Mapping[str, Known]:
    """What was remembered; nothing where it cannot be read: the files are hashed then."""
    try:
        return {name: Known(tuple(state), sha256) for name, (state, sha256) in read_json(path)["files"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def remember(path: Path, records: Iterable[RecordFile]) -> None:
    """The files as they were when they were hashed, but for those that had just been written.

    Written where it differs; where it cannot be written the files are hashed again.
    """
    files = {record.name: [list(record.state), record.sha256] for record in records if record.state is not None}
    text = canonical_json({"files": files})
    with suppress(OSError):
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(text, path)
