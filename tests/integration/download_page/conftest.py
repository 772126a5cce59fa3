"""A demo month and its page: tokens, sites with a clock that can be moved, a stub that draws PDFs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from flows.download_page.app import make_app
from flows.download_page.site import Site
from flows.download_page.tokens import NewToken, create_token
from schemas.categories import Language
from tests.integration.demo_month import Billed, bill, make_demo, no_settings_from_outside
from tests.integration.download_page.asgi import Browser

ENGLISH, FRENCH = "A00001", "A00003"


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="session")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """January 2020 of 12 accounts, billed on 1 February. The third is in French."""
    folder = tmp_path_factory.mktemp("page")
    return bill(Billed(make_demo(folder / "demo", 600), folder / "warehouse"))


def stub_pdf(warehouse: Path, invoice_id: str, language: Language) -> bytes:
    """Stands for what draws PDFs."""
    return f"%PDF-1.7 {invoice_id} {language}".encode()


@dataclass
class Page:
    """A page of a warehouse, whose clock the test moves; what it logged."""

    warehouse: Path
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site = Site(self.warehouse, stub_pdf, self.logged.append, now=lambda: self.now)
        self.app: ASGIApp = make_app(self.site)

    def token(self, account: str = ENGLISH, days: int = 90) -> NewToken:
        return create_token(self.warehouse, account, dt.timedelta(days=days), self.now)

    def browser(self, account: str | None = None, **headers: str) -> Browser:
        """A browser; logged in where an account is named."""
        made = Browser(self.app, **headers)
        if account is not None:
            assert made.log_in(self.token(account).text).status == 303
        return made

    def passes(self, **time: float) -> None:
        self.now += dt.timedelta(**time)


@pytest.fixture
def page(billed: Billed) -> Page:
    return Page(billed.warehouse)


@pytest.fixture
def make_page() -> Callable[[Path], Page]:
    return Page
