"""The pages as HTML, from the templates beside this module; and what they look like."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse

from flows.download_page.books import Invoice
from flows.download_page.texts import LANGUAGES, Words, accepted_language

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "flows.download_page"


class Static(NamedTuple):
    """A file that every page may load, with its type."""

    content: bytes
    media_type: str


@cache
def static_files() -> dict[str, Static]:
    """The files by name: there are no others."""
    types = {"page.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
    folder = files(_PACKAGE) / "static"
    return {name: Static((folder / name).read_bytes(), media_type) for name, media_type in types.items()}


@cache
def _version() -> str:
    """Of the static files: another one where any of them changed, so that browsers may keep them."""
    contents = b"".join(static.content for static in static_files().values())
    return hashlib.sha256(contents).hexdigest()[:12]


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(_PACKAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def page_language(request: Request, language_cookie: str, account_language: str | None) -> str:
    """`?lang=`, else what was chosen before, else the account's language, else what the browser likes, else English."""
    wanted = (
        request.query_params.get("lang"),
        language_cookie,
        account_language,
        accepted_language(request.headers.get("accept-language", "")),
    )
    return next((language for language in wanted if language in LANGUAGES), "en")


def render(name: str, words: Words, status: int, **facts: object) -> HTMLResponse:
    """A page of the template, in that language."""
    shared = {
        "words": words,
        "languages": [(language, Words(language)["name"]) for language in LANGUAGES],
        "version": _version(),
        "visitor": None,
        "form_key": "",
        "here": "/",
    }
    text = _templates().get_template(f"{name}.html").render({**shared, **facts})
    return HTMLResponse(text, status)


class Choice(NamedTuple):
    """The year and month that the download form shows as chosen."""

    year: int
    month: int


class Choices(NamedTuple):
    """The years and months that the form offers."""

    years: list[int]
    months: list[int]


def choices(invoices: list[Invoice]) -> Choices:
    """Years and months that an invoice has calls of: years the newest first, months as in a calendar."""
    usage_months = [invoice.usage_month for invoice in invoices]
    years = sorted({month.year for month in usage_months}, reverse=True)
    return Choices(years, sorted({month.month for month in usage_months}))
