"""What routes answer with: words in the right language, cookies, a page with a message."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from flows.download_page.pages import page_language, render
from flows.download_page.site import Site
from flows.download_page.texts import LANGUAGES, Words

_YEAR_SECONDS = 365 * 24 * 3600
"""How long the chosen language is kept."""


def site_of(request: Request) -> Site:
    """What the page works with."""
    site: Site = request.app.state.site
    return site


def words_for(request: Request, site: Site, account_language: str | None = None) -> Words:
    """The words of the page that answers this request."""
    known = account_language or site.session_language(request)
    return Words(page_language(request, site.cookie(request, "language"), known))


def set_cookie(site: Site, response: Response, name: str, value: str, max_age: int | None) -> None:
    """A cookie that no script sees and no other site sends; until the browser ends where it has no `max_age` (s)."""
    cookie = site.cookie_name(name)
    response.set_cookie(cookie, value, max_age=max_age, secure=site.is_over_tls, httponly=True, samesite="strict")


def clear_cookie(site: Site, response: Response, name: str) -> None:
    """The browser forgets the cookie."""
    response.delete_cookie(site.cookie_name(name), secure=site.is_over_tls, httponly=True, samesite="strict")


def keep_language(request: Request, site: Site, response: Response) -> Response:
    """The answer, with a cookie for the language where `?lang=` names one."""
    if (chosen := request.query_params.get("lang")) in LANGUAGES:
        set_cookie(site, response, "language", str(chosen), _YEAR_SECONDS)
    return response


def message(request: Request, site: Site, status: int, key: str) -> Response:
    """A page that says what went wrong, the same for all who did it."""
    return render("message", words_for(request, site), status, key=key)
