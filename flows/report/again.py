"""The report of a published run, made again from the warehouse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from flows.code_version import code_version
from flows.files import read_json, sha256_of, write_text
from flows.report.files import FACTS, REPORT
from flows.settings import month_text
from flows.warehouse import published_runs
from schemas.faults import Fault, InputRefusedError


class MadeAgain(NamedTuple):
    """A run's report, made now; where the published one stands, and the SHA-256 that the run wrote down of it."""

    run_id: str
    page: str
    published: Path
    sha256: str
    program: str

    def write(self, target: Path) -> None:
        """The page as a file, whole or not there."""
        write_text(self.page, target)


def _find_run(warehouse: Path, invoice_month: dt.date, run_id: str | None) -> str:
    month = month_text(invoice_month)
    runs = [run for run in published_runs(warehouse) if run["invoice_month"] == invoice_month]
    found = [run for run in runs if (run["kind"] == "bill" if run_id is None else run["run_id"] == run_id)]
    if found:
        return str(found[0]["run_id"])
    if run_id is None:
        remedy = f"run `tollbook bill {month}` first, or name the warehouse with --warehouse"
        raise InputRefusedError(Fault(month, "is not issued, so there is no report of it", remedy))
    known = ", ".join(str(run["run_id"]) for run in runs) or "none"
    raise InputRefusedError(Fault("--run", f"no such run of {month} is published", f"known: {known}", value=run_id))


def made_again(warehouse: Path, invoice_month: dt.date, run_id: str | None) -> MadeAgain:
    """The report of the run that issued the month, or of the run that is named. Raises InputRefusedError."""
    from flows.report.page import report_page

    found = _find_run(warehouse, invoice_month, run_id)
    folder = warehouse / "runs" / found
    facts = folder / FACTS
    listed = read_json(folder / "files.json")["sha256"]
    name = facts.relative_to(warehouse).as_posix()
    if name not in listed:
        problem = "was published by a program that made no reports"
        raise InputRefusedError(Fault(found, problem, "ask its tables in tollbook.duckdb"))
    if not facts.is_file() or sha256_of(facts) != listed[name]:
        problem = "the figures of the report are gone or altered"
        remedy = "restore the file from a copy; `tollbook verify` lists what else differs"
        raise InputRefusedError(Fault(str(facts), problem, remedy))
    figures = read_json(facts)
    published = folder / REPORT
    sha256 = listed[published.relative_to(warehouse).as_posix()]
    return MadeAgain(found, report_page(figures), published, sha256, figures["run"]["program"])


def restored(made: MadeAgain) -> Path:
    """Where the published report stands, which is the one made now; put back where it was gone.

    Raises InputRefusedError where it is another one: nothing that was published is written over.
    """
    import hashlib

    if hashlib.sha256(made.page.encode()).hexdigest() != made.sha256:
        problem = f"was made by Tollbook {made.program}; this one, {code_version()}, makes another page of its figures"
        raise InputRefusedError(Fault(str(made.published), problem, "write that one to a file with -o"))
    if not made.published.exists():
        made.write(made.published)
    elif sha256_of(made.published) != made.sha256:
        remedy = "move it away, and this command puts back the one that was published"
        raise InputRefusedError(Fault(str(made.published), "was altered after it was published", remedy))
    return made.published
