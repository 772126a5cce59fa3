"""`python -m tests.fuzz --files 2000` spoils so many files and ingests them; `--seed N` replays one case."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz.case import Case, Result, make_case, report, run_case, write_case


def fuzz(seeds: range, least_files: int, kept: Path) -> tuple[Counter[str], Counter[tuple[str, str]], list[str]]:
    """Totals, outcomes by mutation, and the reports of failed cases; ends when there were enough files."""
    totals: Counter[str] = Counter()
    by_mutation: Counter[tuple[str, str]] = Counter()
    failures = []
    for seed in seeds:
        case = make_case(seed)
        with tempfile.TemporaryDirectory(prefix="tollbook-fuzz-") as folder:
            result = run_case(case, Path(folder))
        _count(case, result, totals, by_mutation)
        if result.problems:
            write_case(case, kept / f"seed-{seed}")
            failures.append(report(case, result, kept / f"seed-{seed}"))
        if totals["files"] >= least_files:
            break
    return totals, by_mutation, failures


def _count(case: Case, result: Result, totals: Counter[str], by_mutation: Counter[tuple[str, str]]) -> None:
    outcome = "failed" if result.problems else "refused" if result.is_refused else "ingested"
    totals.update({"cases": 1, "files": len(case.files), outcome: 1, "rows": result.rows})
    by_mutation.update((name.split(" ")[0], outcome) for file in case.files for name in file.mutations)


def summary(totals: Counter[str], by_mutation: Counter[tuple[str, str]]) -> str:
    """The figures of a run, as a table by mutation."""
    outcomes = ("ingested", "refused", "failed")
    lines = [", ".join(f"{totals[name]} {name}" for name in ("files", "cases", *outcomes, "rows"))]
    lines.append(f"{'mutation':<18}" + "".join(f"{name:>10}" for name in outcomes))
    mutations = sorted({name for name, _ in by_mutation})
    lines += [
        f"{mutation:<18}" + "".join(f"{by_mutation[mutation, name]:>10}" for name in outcomes) for mutation in mutations
    ]
    return "\n".join(lines)


def main() -> int:
    """Exit code 0: no case failed."""
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("--files", type=int, default=2000, help="how many files are spoilt at least")
    arguments.add_argument("--first", type=int, default=0, help="the first seed")
    arguments.add_argument("--seed", type=int, help="only the case of this seed")
    arguments.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir()) / "tollbook-fuzz", help="for failed cases"
    )
    asked = arguments.parse_args()
    seeds = range(asked.seed, asked.seed + 1) if asked.seed is not None else range(asked.first, sys.maxsize)
    totals, by_mutation, failures = fuzz(seeds, asked.files, asked.keep)
    print("\n".join([*failures, summary(totals, by_mutation)]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
