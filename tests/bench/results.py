"""What was measured, kept as JSON: each part and size by itself, so that a bench can be gone on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bench.machine import machine, stamp
from tests.bench.processes import BenchFailure

SIZED = ("month_end", "ingest")
SINGLE = ("prefixes", "compare")
_KEYS = ("processor", "cores", "memory_gib")
Results = dict[str, Any]


def empty() -> Results:
    """Nothing measured yet, on this machine."""
    return {"machine": machine(), **{part: {} for part in (*SIZED, *SINGLE)}}


def read(path: Path | None) -> Results:
    """What the file holds; nothing yet where there is none."""
    if path is None or not path.exists():
        return empty()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {"machine": found["machine"], **{part: found[part] for part in (*SIZED, *SINGLE)}}
    except (ValueError, KeyError, TypeError) as error:
        raise BenchFailure(f"{path} does not hold figures of the bench; name another file with --json") from error


def refuse_other_machine(results: Results, path: Path | None) -> None:
    """Figures of two machines do not stand in one table. Raises BenchFailure."""
    here = machine()
    if any(results["machine"].get(key) != here[key] for key in _KEYS):
        raise BenchFailure(f"{path} holds figures of another machine; remove it, or name another file with --json")


def has_figures(results: Results) -> bool:
    """Whether anything was measured."""
    return any(results[part] for part in (*SIZED, *SINGLE))


def keep(results: Results, part: str, figures: dict[str, Any], path: Path | None) -> None:
    """The figures in the place of those of the same part and size, and on the disk if a file is named."""
    stamped = figures | {"measured": stamp()}
    if part in SIZED:
        sizes = results[part] | {str(figures["calls"]): stamped}
        results[part] = dict(sorted(sizes.items(), key=lambda size: int(size[0])))
    else:
        results[part] = stamped
    if path is not None:
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
