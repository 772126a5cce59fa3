"""Ways to bill a small month: for one test, or once for all tests of a module."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rules.small_month import SmallMonth, bill_small_month

Bill = Callable[..., SmallMonth]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "TOLLBOOK_PREFECT", "TOLLBOOK_RATES", "TOLLBOOK_ISSUE_DATE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def bill_once(tmp_path_factory: pytest.TempPathFactory) -> Bill:
    """Bills a month that several tests of a module look at. A month that is refused fails here."""

    def bill_whole(**inputs: Any) -> SmallMonth:
        month = bill_small_month(tmp_path_factory.mktemp("month"), **inputs)
        assert month.exit_code == 0, month.message
        return month

    return bill_whole


@pytest.fixture
def bill_whole(tmp_path: Path) -> Bill:
    """Bills a month for one test. A month that is refused fails here."""
    numbers = itertools.count()

    def bill_whole(**inputs: Any) -> SmallMonth:
        month = bill_small_month(tmp_path / f"month{next(numbers)}", **inputs)
        assert month.exit_code == 0, month.message
        return month

    return bill_whole


@pytest.fixture
def try_to_bill(tmp_path: Path) -> Bill:
    """Bills a month that may be refused."""
    numbers = itertools.count()
    return lambda **inputs: bill_small_month(tmp_path / f"tried{next(numbers)}", **inputs)
