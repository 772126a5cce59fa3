"""In and out: a token pasted into a form opens a session."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flows.audit import append
from flows.download_page.answers import clear_cookie, keep_language, message, set_cookie, site_of, words_for
from flows.download_page.books import language_of
from flows.download_page.pages import render
from flows.download_page.sessions import LONGEST
from flows.download_page.site import LOGGED_IN, Site, TooManyFailuresError


def _login_page(request: Request, site: Site, status: int, *, error: str = "", told: str = "") -> Response:
    """The form, with a cookie that it belongs to."""
    value = site.cookie(request, "form") or secrets.token_urlsafe(16)
    facts = {"form_key": site.form_key(value), "error": error, "told": told, "here": "/login"}
    response = render("login", words_for(request, site), status, **facts)
    set_cookie(site, response, "form", value, None)
    return keep_language(request, site, response)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; empty where it is none."""
    content = await request.body()
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        fields = parse_qs(content.decode(), max_num_fields=10, errors="strict")
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def login_form(request: Request) -> Response:
    """Where to paste the token."""
    site = site_of(request)
    words = words_for(request, site)
    known = {"out": "logged_out", "over": "session_over"}
    told = known.get(request.query_params.get("why", ""))
    return _login_page(request, site, 200, told=words[told] if told else "")


async def log_in(request: Request) -> Response:
    """A session for a token that opens an account."""
    return await run_in_threadpool(_logged_in, request, await _form(request))


def _logged_in(request: Request, form: dict[str, str]) -> Response:
    site = site_of(request)
    words = words_for(request, site)
    if not site.is_same_site(request):
        return message(request, site, 403, "refused")
    if not site.is_own_form(site.cookie(request, "form"), form.get("form_key", "")):
        return _login_page(request, site, 403, error=words["stale_form"])
    try:
        site.refuse_if_too_many(request)
    except TooManyFailuresError as failures:
        response = _login_page(request, site, 429, error=words.of("too_many", minutes=str(failures.minutes)))
        response.headers["Retry-After"] = str(failures.seconds)
        return response
    token = site.tokens.opened_by(form.get("token", "").strip(), site.now())
    if token is None:
        site.count_failure(request)
        return _login_page(request, site, 401, error=words["wrong_token"])
    language = language_of(site.warehouse, token.account_id) or "en"
    append(site.warehouse, LOGGED_IN, {"account_id": token.account_id, "token_id": token.token_id})
    site.sessions.end(site.cookie(request, "session"))
    session_id = site.sessions.begin(token.token_id, token.account_id, language, site.now())
    response = RedirectResponse("/", 303)
    set_cookie(site, response, "session", session_id, int(LONGEST.total_seconds()))
    clear_cookie(site, response, "form")
    return response


async def log_out(request: Request) -> Response:
    """The session is over, if the form that says so is one of its own pages'."""
    site, form = site_of(request), await _form(request)
    session_id = site.cookie(request, "session")
    if not site.is_same_site(request) or not site.is_own_form(session_id, form.get("form_key", "")):
        return message(request, site, 403, "refused")
    site.sessions.end(session_id)
    response = RedirectResponse("/login?why=out", 303)
    clear_cookie(site, response, "session")
    return response
