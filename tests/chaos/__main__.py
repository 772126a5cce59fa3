"""`make chaos`: a month killed at random moments; `--seed` names the moments, so that a fault is met again."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.month import ROOT, make_chaos_month
from tests.chaos.trials import kill_trials, run_undisturbed


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=1)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        month = make_chaos_month(Path(folder), ROOT / "rate_tables")
        undisturbed = run_undisturbed(month)
        print(f"undisturbed the month takes {undisturbed.seconds:.2f} s; {asked.kills} kills, seed {asked.seed}")
        faulty = at_work = reads = 0
        for number, trial in enumerate(kill_trials(month, undisturbed, asked.kills, asked.seed), 1):
            at_work, reads, faulty = at_work + trial.was_at_work, reads + trial.reads, faulty + bool(trial.faults)
            if trial.faults:
                print(f"kill {number} after {trial.after_seconds:.3f} s:", *trial.faults, sep="\n  ")
            elif number % 10 == 0:
                print(f"{number} kills, {at_work} of them while the month was at work; {faulty} faults", flush=True)
        print(f"{asked.kills} kills, {at_work} at work, {reads} reads beside them, {faulty} with faults")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
