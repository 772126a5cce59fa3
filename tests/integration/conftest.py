"""Offices with a small rate version, and the program run in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli import run
from tests.integration.demo_month import Billed, no_settings_from_outside
from tests.integration.small_office import (
    ACCOUNTS,
    ITEMS,
    SHIPPED_RATES,
    Office,
    Outcome,
    calls_csv,
    freeze,
    to_london,
)
from tests.integration.two_months import two_months


def _keep_rows(path: Path, is_kept: Callable[[str], bool]) -> None:
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *filter(is_kept, rows)]) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def small_rates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped rate version with little but New York and the United Kingdom in it: it loads in a moment."""
    root = tmp_path_factory.mktemp("rates")
    version = root / "2020.1"
    shutil.copytree(SHIPPED_RATES, version)
    _keep_rows(version / "international_rates.csv", lambda row: row.split(",")[1].startswith("44"))
    _keep_rows(version / "numbering_plan.csv", lambda row: row.startswith(("1212", "44")))
    freeze(version)
    return root


@pytest.fixture(scope="session")
def make_office(small_rates: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Office]:
    """Makes offices with two accounts and an empty month."""

    def made() -> Office:
        office = Office(tmp_path_factory.mktemp("office"), small_rates)
        office.month.mkdir(parents=True)
        office.contracts.mkdir()
        (office.contracts / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
        (office.contracts / "account_items.csv").write_text(ITEMS, encoding="utf-8")
        return office

    return made


@pytest.fixture
def office(make_office: Callable[[], Office]) -> Office:
    """An office whose month has one file of one call, `calls.csv`."""
    office = make_office()
    office.put("calls.csv", calls_csv(to_london("c1")))
    return office


@pytest.fixture
def empty_office(make_office: Callable[[], Office]) -> Office:
    """An office whose month has no files yet."""
    return make_office()


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """Two months and a dispute; nothing may write to them."""
    with no_settings_from_outside():
        return two_months(tmp_path_factory.mktemp("books"))


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], Outcome]:
    """Runs a command line in this process."""

    def tell(arguments: list[str]) -> Outcome:
        capsys.readouterr()
        code = run(arguments)
        written = capsys.readouterr()
        return Outcome(code, written.out, written.err)

    return tell
