"""The account's page: which call details, and its invoices."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from flows.download_page.answers import keep_language, site_of, words_for
from flows.download_page.books import Invoice, invoices_of, language_of
from flows.download_page.pages import Choice, Choices, choices, render
from flows.download_page.site import Site, Visitor
from flows.download_page.texts import LANGUAGES


def _shown_choice(invoices: list[Invoice], offered: Choices, missing: Choice | None) -> Choice | None:
    """What was asked for, where the form offers it; else the newest month; None without any."""
    if missing is not None and missing.year in offered.years and missing.month in offered.months:
        return missing
    return Choice(invoices[0].usage_month.year, invoices[0].usage_month.month) if invoices else None


def account_page(request: Request, site: Site, visitor: Visitor, missing: Choice | None = None) -> Response:
    """The page of the visitor's account. `missing`: the month that was asked for and has no invoice; it is told."""
    invoices = invoices_of(site.warehouse, visitor.account_id)
    found = visitor.language or language_of(site.warehouse, visitor.account_id)
    account_language = found if found in LANGUAGES else "en"
    words = words_for(request, site, account_language)
    offered = choices(invoices)
    response = render(
        "home",
        words,
        404 if missing else 200,
        visitor=visitor,
        form_key=site.form_key(visitor.session_id) if visitor.session_id else "",
        file_language=words[f"files_in_{account_language}"],
        invoices=invoices,
        choice=_shown_choice(invoices, offered, missing),
        has_pdf=site.pdf is not None,
        error=words.of("no_details", month=words.month_of(missing.year, missing.month)) if missing else "",
        years=offered.years,
        months=offered.months,
    )
    return keep_language(request, site, response)


def home(request: Request) -> Response:
    """The page of the account that the token opens."""
    site = site_of(request)
    return account_page(request, site, site.visitor(request))
