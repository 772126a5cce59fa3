"""What runs that were stopped left behind, and what no published run names: cleared by the next run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flows.draft_place import DRAFTS, drafted_run, forget_draft
from flows.files import remove
from flows.locks import SWEEP, only_run
from flows.settings import month_text, parse_month
from flows.warehouse import DATABASE, published_runs
from schemas.faults import InputRefusedError
from transforms.timestamps import add_months

_RUN_ID = re.compile(r"([0-9]{4}-[0-9]{2})-")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_HALF_WRITTEN = (
    "*/month=*/run_id={month}-*/.*.partial*",
    "work/{month}-*/.*.partial*",
    f"{DRAFTS}/.{{month}}.*.link",
    "runs/{month}-*/.*.partial*",
    "runs/.{month}-*.partial*",
    "details/.*{usage_month}*.partial*",
    "calls/{usage_month}/.*.partial*",
    "calls/{usage_month}/*/.*.partial*",
)
_OF_A_RUN = ("*/month=*/run_id={month}-*", "work/{month}-*", "runs/{month}-*")


def details_mark(details: Path) -> Path:
    """Beside a month's folder of details: which run's it is."""
    return details.with_name(f".{details.name}.run_id")


def _usage_month(month: str) -> str:
    return month_text(add_months(parse_month(month), -1))


def _found(warehouse: Path, patterns: tuple[str, ...], month: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from warehouse.glob(pattern.format(month=month, usage_month=_usage_month(month)))


def _of_other_runs(warehouse: Path, month: str, kept: set[str]) -> Iterator[Path]:
    """Folders, databases and details of runs of the month that are not kept."""
    for folder in _found(warehouse, _OF_A_RUN, month):
        if folder.name.removeprefix("run_id=") not in kept:
            yield folder
    shown = (warehouse / DATABASE).resolve()
    for database in warehouse.glob(f"tollbook-{month}-*.duckdb"):
        if database.stem.removeprefix("tollbook-") not in kept and database.resolve() != shown:
            yield database
    details = warehouse / "details" / _usage_month(month)
    mark = details_mark(details)
    if mark.is_file() and mark.read_text(encoding="utf-8") not in kept:
        yield from (details, mark)


def _kept_draft(warehouse: Path, month: str, runs: list[dict[str, Any]]) -> str | None:
    """The run of the month's draft. A month that is issued has none any more."""
    if any(run["kind"] == "bill" and run["invoice_month"] == parse_month(month) for run in runs):
        forget_draft(warehouse, month)
    return drafted_run(warehouse, month)


def sweep_month(warehouse: Path, month: str, resumed: str | None) -> None:
    """The invoice month, but for its published runs, its draft and the run that goes on now; its lock is held.

    What cannot be removed is without effect: no published run names it.
    """
    runs = published_runs(warehouse)
    going_on = {run_id for run_id in (resumed, _kept_draft(warehouse, month, runs)) if run_id is not None}
    swept = [*_found(warehouse, _HALF_WRITTEN, month)]
    swept += _of_other_runs(warehouse, month, going_on | {str(run["run_id"]) for run in runs})
    swept += [folder for folder in _found(warehouse, ("work/{month}-*",), month) if folder.name not in going_on]
    for path in swept:
        with suppress(OSError):
            remove(path)


def _unfinished_months(warehouse: Path) -> set[str]:
    """Invoice months that a run which has not ended, or was stopped, has left something of."""
    begun = [_RUN_ID.match(path.name) for path in warehouse.glob("work/*")]
    read = [_MONTH.fullmatch(path.relative_to(warehouse).parts[1]) for path in warehouse.glob("calls/*/*/.*.partial*")]
    months = {found[1] for found in begun if found}
    return months | {month_text(add_months(parse_month(found[0]), 1)) for found in read if found}


def sweep_others(warehouse: Path, month: str) -> None:
    """What stopped runs of other months left; a month that is at work is left alone."""
    for other in sorted(_unfinished_months(warehouse) - {month}):
        with suppress(InputRefusedError), only_run(warehouse, other, SWEEP):
            sweep_month(warehouse, other, resumed=None)


def sweep_publication(warehouse: Path) -> None:
    """Links and marks that a publication left half made beside the database; no other publishes now."""
    for pattern in (".*.partial*", ".*.link"):
        for path in warehouse.glob(pattern):
            remove(path)
