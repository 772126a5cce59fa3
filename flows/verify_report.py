"""What `tollbook verify` shows."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from flows.verify import Verified


def show_verified(console: Console, verified: Verified) -> None:
    """What differs in one table, what is worth a word, and how much was looked at."""
    if verified.differences:
        table = Table("what", "verdict", "detail", box=box.SIMPLE_HEAD, pad_edge=False)
        for difference in verified.differences:
            table.add_row(*difference)
        console.print(table)
    for note in verified.notes:
        console.print(f"note: {note}", soft_wrap=True)
    looked_at = f"{verified.runs:,} runs, {verified.files:,} files, {verified.entries:,} entries of the log"
    outcome = f"{len(verified.differences):,} differ" if verified.differences else "all as written down"
    console.print(f"{looked_at}: {outcome}", soft_wrap=True)
    if verified.log_ends_with is not None:
        console.print(f"the log ends with {verified.log_ends_with}", soft_wrap=True)
