"""Every way of rating on the same calls, in turn and each in a process of its own; all must come to the same amount."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.compare.ways import WAYS, Way
from tests.bench.months import size_text
from tests.bench.processes import measured, module
from tests.bench.rounds import Say, emptied

SUMS = ("amount_micros", "priced", "unpriced")
PREFIXES = 50_000


def run_way(way: Way, folder: Path) -> dict[str, Any]:
    """What the way came to in a process of its own, with its peak of memory; or what it lacks here."""
    output = folder / "outcome.json"
    command = module("tests.bench.compare.ways", way.module, str(folder))
    cost = measured(command, way.title, is_tree=True, output=output)
    return json.loads(output.read_text(encoding="utf-8")) | {"peak_mib": cost.peak_mib}


def _summed_up(way: Way, outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the rounds; the sums, all of them if they differ."""
    sums = {name: sorted({outcome[name] for outcome in outcomes}) for name in SUMS}
    return {
        "way": way.module,
        "title": way.title,
        "load_seconds": statistics.median(outcome["load_seconds"] for outcome in outcomes),
        "seconds": statistics.median(outcome["seconds"] for outcome in outcomes),
        "peak_mib": max(outcome["peak_mib"] for outcome in outcomes),
        "counted": outcomes[0]["counted"],
        **{name: found[0] if len(found) == 1 else found for name, found in sums.items()},
    }


def is_equal(compared: dict[str, Any]) -> bool:
    """Whether every way came to the same sums, and there is more than one way."""
    found = [tuple(str(way[name]) for name in SUMS) for way in compared["ways"]]
    return len(found) > 1 and len(set(found)) == 1


def compare(
    folder: Path, calls: int, prefixes: int, count: int, say: Say, ways: Sequence[Way] = WAYS
) -> dict[str, Any]:
    """All ways on so many calls: medians, sums, and what was left out and why."""
    outcomes: dict[str, list[dict[str, Any]]] = defaultdict(list)
    skipped: dict[str, str] = {}
    with emptied(folder) as task:
        measured(module("tests.bench.compare.task", str(task), str(calls), str(prefixes)), "the making of the calls")
        for number in range(1, count + 1):
            for way in ways:
                if way.title in skipped:
                    continue
                found = run_way(way, task)
                if found.get("missing"):
                    skipped[way.title] = found["missing"]
                    say(f"skipped: {way.title}: {found['missing']}")
                    continue
                outcomes[way.module].append(found)
                say(
                    f"{size_text(calls)} calls, round {number} of {count}: {way.title}: "
                    f"loaded in {found['load_seconds']:.2f} s, {found['seconds']:.3f} s"
                )
    summed = [_summed_up(way, outcomes[way.module]) for way in ways if way.module in outcomes]
    return {"calls": calls, "prefixes": prefixes, "rounds": count, "ways": summed, "skipped": skipped}
