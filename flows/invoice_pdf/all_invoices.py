"""The invoices of a month as PDF, a file each: drawn on every core, kept where they are there already."""

from __future__ import annotations

import datetime as dt
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb

from flows.files import digest, sha256_of, written_whole
from flows.invoice_pdf.drawing import STANDARDS, TEMPLATE, Drawer, drawing_version
from flows.invoice_pdf.labels import read_labels
from flows.invoice_pdf.made_before import Entry, MadeBefore
from flows.invoice_pdf.page import Content, Reader, invoice_page, language_of
from flows.invoice_pdf.published_invoices import AT_A_TIME, invoice_ids, read_invoices
from flows.invoice_pdf.seller import Sellers
from flows.warehouse import published
from schemas.categories import Language
from schemas.contract_files import ACCOUNT_ID
from schemas.faults import Fault, InputRefusedError

Done = Literal["drawn", "replaced", "kept"]
_INVOICE_ID = re.compile(rf"{ACCOUNT_ID.pattern}-[0-9]{{4}}-[0-9]{{2}}")
_LEFT = re.compile(rf"\.{_INVOICE_ID.pattern}\.pdf\.(?P<pid>[0-9]+)\.partial")


class Asked(NamedTuple):
    """Which invoices of which warehouse are to be drawn, and how."""

    warehouse: Path
    month: dt.date
    accounts: Sequence[str]
    language: Language | None
    sellers: Sellers


class Made(NamedTuple):
    """What became of the files: drawn anew, drawn in place of another, left as they were."""

    drawn: int
    replaced: int
    kept: int


def draw_all(asked: Asked, folder: Path, watch: Callable[[int], Callable[[], None]] = lambda _: lambda: None) -> Made:
    """Every invoice that is asked for is a file of the folder, named by its id.

    `watch` is told how many there are, and what it returns is called for each that is done.
    Raises InputRefusedError before anything is written: no such month or account, typst is not installed.
    """
    version = drawing_version()
    with published(asked.warehouse) as connection:
        ids = invoice_ids(connection, asked.month, asked.accounts)
        if connection is None:
            raise AssertionError("a month was found in a database that is not there")
        names = {invoice_id: file_name(invoice_id) for invoice_id in ids}
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        advance = watch(len(ids))
        counts: dict[Done, int] = {"drawn": 0, "replaced": 0, "kept": 0}
        for done in _on_every_core(Workshop(folder, version), _pages(connection, asked, names)):
            counts[done] += 1
            advance()
    return Made(**counts)


def _pages(connection: duckdb.DuckDBPyConnection, asked: Asked, names: dict[str, str]) -> Iterator[tuple[str, Content]]:
    """File name and texts of each invoice, one after the other."""
    labels = read_labels(connection)
    for invoice in read_invoices(connection, list(names)):
        seller = asked.sellers.on(invoice.issue_date)
        yield (
            names[invoice.invoice_id],
            invoice_page(invoice, Reader(language_of(invoice, asked.language), labels, seller)),
        )


def file_name(invoice_id: str) -> str:
    """The invoice's file: its id, which the contract keeps from leaving the folder. Raises InputRefusedError."""
    if _INVOICE_ID.fullmatch(invoice_id) is None:
        problem, remedy = "an id like this can be no file's name", "look at the row in the table invoices"
        raise InputRefusedError(Fault("invoice", problem, remedy, value=invoice_id))
    return f"{invoice_id}.pdf"


class Workshop:
    """Draws into a folder, from several threads: each has a drawer of its own."""

    def __init__(self, folder: Path, version: str) -> None:
        self._folder, self._before = folder, MadeBefore(folder)
        self._drawn_by = [version, *STANDARDS, sha256_of(TEMPLATE)]
        self._own = threading.local()

    def make(self, name: str, page: Content) -> Done:
        """The file, written whole or left as it is where it has these bytes."""
        target, inputs = self._folder / name, digest([self._drawn_by, page])
        if self._before.has(target, inputs):
            return "kept"
        content = self._drawer().draw(page)
        done: Done = "drawn" if not target.exists() else "replaced"
        if done == "replaced" and target.is_file() and target.read_bytes() == content:
            done = "kept"
        else:
            with written_whole(target) as unfinished:
                unfinished.write_bytes(content)
        self._before.note(Entry(name, inputs, sha256_of(target)))
        return done

    def _drawer(self) -> Drawer:
        if not hasattr(self._own, "drawer"):
            self._own.drawer = Drawer()
        drawer: Drawer = self._own.drawer
        return drawer


def _on_every_core(shop: Workshop, pages: Iterator[tuple[str, Content]]) -> Iterator[Done]:
    """What became of each page, as they are done; a few hundred wait at most. typst works without Python's lock."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        waiting: set[Future[Done]] = set()
        try:
            for name, page in pages:
                waiting.add(pool.submit(shop.make, name, page))
                if len(waiting) >= AT_A_TIME:
                    ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ready)
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _sweep(folder: Path) -> None:
    """Unfinished files of processes that are no more are gone."""
    for path in folder.glob(".*.partial"):
        found = _LEFT.fullmatch(path.name)
        if found is not None and not Path("/proc", found["pid"]).exists():
            path.unlink(missing_ok=True)
