"""The tools that analysts use open the published file while publications replace it: one whole month, or the next."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy

from flows.publish import _swap
from flows.warehouse import DATABASE
from tests.integration.demo_month import ROOT, Billed

pytestmark = pytest.mark.integration
NOTEBOOK = ROOT / "flows" / "notebooks" / "month.py"
TURNS = 25


class Shelf(NamedTuple):
    """A published file that two months' files take turns to be, and how many invoices each has."""

    link: Path
    files: tuple[Path, Path]
    invoices: set[int]


@pytest.fixture
def shelf(books: Billed, tmp_path: Path) -> Shelf:
    """The files of both runs of the books, as they were published."""
    [first] = books.warehouse.glob("tollbook-2020-02-[0-9a-f]*.duckdb")
    files = tuple(shutil.copy(path, tmp_path / path.name) for path in (first, books.database.resolve()))
    link = tmp_path / DATABASE
    _swap(files[0], link)
    return Shelf(link, (files[0], files[1]), {12, 24})


@contextmanager
def publishing(shelf: Shelf) -> Iterator[None]:
    """While this lasts, the link leads to the one file and the other by turns, as a publication makes it."""
    done, failed = threading.Event(), list[BaseException]()

    def publish() -> None:
        try:
            while not done.wait(0.01):
                for path in shelf.files:
                    _swap(path, shelf.link)
        except BaseException as error:  # told by the test, not by a thread that nobody looks at
            failed.append(error)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert failed == []


def test_sqlalchemy_opens_and_queries_while_a_run_publishes(shelf: Shelf) -> None:
    query = sqlalchemy.text("select count(*), sum(total) - (select sum(amount) from invoice_line_items) from invoices")
    seen = set()
    with publishing(shelf):
        for _ in range(TURNS):
            engine = sqlalchemy.create_engine(
                f"duckdb:///{shelf.link}", connect_args={"read_only": True}, poolclass=sqlalchemy.NullPool
            )
            with engine.connect() as connection:
                [(count, rest)] = connection.execute(query).fetchall()
            engine.dispose()
            seen.add(count)
            assert rest == 0
    assert seen <= shelf.invoices


def test_sqlalchemy_lists_tables_and_views_with_their_columns(shelf: Shelf) -> None:
    engine = sqlalchemy.create_engine(f"duckdb:///{shelf.link}", connect_args={"read_only": True})
    found = sqlalchemy.inspect(engine)
    assert "invoices" in found.get_table_names()
    assert {"plan_pool_use", "usf_by_quarter"} <= set(found.get_view_names())
    assert "used_minutes" in {column["name"] for column in found.get_columns("plan_pool_use")}
    engine.dispose()


def _child(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder), "DO_NOT_TRACK": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=180, check=False, cwd=folder, env={**os.environ, **home}
    )


def test_the_notebook_draws_the_month_while_a_run_publishes(shelf: Shelf, tmp_path: Path) -> None:
    words = ("export", "html", str(NOTEBOOK), "-o", str(tmp_path / "month.html"), "--no-include-code", "-f")
    with publishing(shelf):
        drawn = _child(
            *(sys.executable, "-m", "marimo", *words, "--", "--warehouse", str(tmp_path), "--month", "2020-02"),
            folder=tmp_path,
        )
    assert drawn.returncode == 0, drawn.stderr
    page = (tmp_path / "month.html").read_text(encoding="utf-8")
    for title in ("Revenue by category", "minutes a day", "Dearest destinations"):
        assert title in page


def test_the_notebook_as_a_script_writes_the_sums_of_the_month(books: Billed, tmp_path: Path) -> None:
    words = ("--", "--warehouse", str(books.warehouse), "--month", "2020-02")
    written = _child(sys.executable, str(NOTEBOOK), *words, folder=tmp_path)
    rows = books.ask(
        "select currency, count(*), sum(subtotal), sum(tax_total), sum(total) from invoices "
        "where invoice_month = '2020-02-01' group by all order by all"
    )
    expected = [
        f"2020-02: {n} invoices, {net:,} {cur} and {tax:,} of tax: {all_:,} {cur}" for cur, n, net, tax, all_ in rows
    ]
    assert written.stdout.splitlines() == expected, written.stderr


def test_the_notebook_says_so_where_nothing_is_published(tmp_path: Path) -> None:
    told = _child(sys.executable, str(NOTEBOOK), "--", "--warehouse", str(tmp_path / "none"), folder=tmp_path)
    assert "nothing was published here yet" in told.stdout + told.stderr


def test_harlequin_opens_the_file_while_a_run_publishes(shelf: Shelf, tmp_path: Path) -> None:
    """Its headless `hsql` connects with the same adapter as its screen."""
    hsql = shutil.which("hsql")
    if shutil.which("harlequin") is None or hsql is None:
        pytest.skip(
            "harlequin (with hsql) is not on PATH; its pins and ours differ, so it has an environment of its own"
        )
    with publishing(shelf):
        for _ in range(3):
            asked = _child(
                *(hsql, "--read-only", "-c", "select count(*) as n from invoices", str(shelf.link)), folder=tmp_path
            )
            assert asked.returncode == 0, asked.stderr
            assert any(str(count) in asked.stdout for count in shelf.invoices)
