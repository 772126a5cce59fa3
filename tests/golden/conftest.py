"""The switch of `make golden-update`."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-update", action="store_true", help="accept the golden months as they come out now")


@pytest.fixture
def is_golden_update(request: pytest.FixtureRequest) -> bool:
    """False also where the tests are run from above this folder: the switch is known only here."""
    return bool(request.config.getoption("--golden-update", default=False))
