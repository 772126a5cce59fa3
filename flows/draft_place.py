"""Where a month's draft stands: `drafts/2020-02` leads to the folder of the run that computed it."""

from __future__ import annotations

import os
from pathlib import Path

from flows.files import make_durable

DRAFTS = "drafts"


def draft_link(warehouse: Path, month: str) -> Path:
    """Where people and programs look for the month's draft."""
    return warehouse / DRAFTS / month


def drafted_run(warehouse: Path, month: str) -> str | None:
    """The run that computed the month's draft; None where there is no draft."""
    link = draft_link(warehouse, month)
    return link.readlink().name if link.is_symlink() else None


def drafted_months(warehouse: Path) -> list[str]:
    """The invoice months that have a draft, in order."""
    links = (warehouse / DRAFTS).iterdir() if (warehouse / DRAFTS).is_dir() else ()
    return sorted(link.name for link in links if link.is_symlink() and not link.name.startswith("."))


def lead_to_draft(warehouse: Path, month: str, run_id: str) -> None:
    """The month's draft is this run's, from one moment to the next, and after a power cut too."""
    link = draft_link(warehouse, month)
    link.parent.mkdir(exist_ok=True)
    beside = link.with_name(f".{month}.{os.getpid()}.link")
    beside.unlink(missing_ok=True)
    beside.symlink_to(Path("..") / "work" / run_id)
    beside.replace(link)
    make_durable([link.parent, warehouse])


def forget_draft(warehouse: Path, month: str) -> None:
    """The month has no draft; what its run left is swept as that of any stopped run."""
    draft_link(warehouse, month).unlink(missing_ok=True)
