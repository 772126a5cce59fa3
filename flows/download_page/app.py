"""The routes of the page. None says more of another account than that there is nothing here."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flows.confidential import masked
from flows.download_page.answers import message
from flows.download_page.books import NotAsPublishedError
from flows.download_page.downloads import chosen_details, details_of, invoice_pdf
from flows.download_page.home import home
from flows.download_page.login import log_in, log_out, login_form
from flows.download_page.pages import static_files
from flows.download_page.shield import Shield, TooLargeError
from flows.download_page.site import NotLoggedInError, Site, TooManyFailuresError, WrongTokenError
from schemas.faults import ControlFailedError, InputRefusedError


def static(request: Request) -> Response:
    """What the pages look like; kept by browsers, as a changed file has another address."""
    found = static_files().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found.content, media_type=found.media_type, headers=kept)


def _add_refusals(app: FastAPI, site: Site) -> None:
    """What is answered to those who are not let in, or ask for what is not there."""

    async def not_logged_in(request: Request, error: Exception) -> Response:
        was_logged_in = isinstance(error, NotLoggedInError) and error.was_logged_in
        return RedirectResponse("/login?why=over" if was_logged_in else "/login", 303)

    async def wrong_token(request: Request, error: Exception) -> Response:
        response = message(request, site, 401, "refused_token")
        response.headers["WWW-Authenticate"] = 'Bearer realm="tollbook"'
        return response

    async def too_many(request: Request, error: Exception) -> Response:
        response = message(request, site, 429, "refused_token")
        response.headers["Retry-After"] = str(error.seconds if isinstance(error, TooManyFailuresError) else 60)
        return response

    async def no_such_page(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        response = message(request, site, status, "not_found" if status == 404 else "not_allowed")
        response.headers.update((error.headers if isinstance(error, HTTPException) else None) or {})
        return response

    async def too_large(request: Request, error: Exception) -> Response:
        return message(request, site, 413, "too_large")

    async def unforeseen(request: Request, error: Exception) -> Response:
        return message(request, site, 500, "unavailable")  # the shield logs what it was

    async def unavailable(request: Request, error: Exception) -> Response:
        fault = error.faults[0] if isinstance(error, InputRefusedError) else error
        site.log(f"not delivered: {masked(str(fault))}")
        return message(request, site, 503, "unavailable")

    app.add_exception_handler(NotLoggedInError, not_logged_in)
    app.add_exception_handler(WrongTokenError, wrong_token)
    app.add_exception_handler(TooManyFailuresError, too_many)
    app.add_exception_handler(HTTPException, no_such_page)
    app.add_exception_handler(TooLargeError, too_large)
    app.add_exception_handler(Exception, unforeseen)
    for error in (InputRefusedError, ControlFailedError, NotAsPublishedError, OSError):
        app.add_exception_handler(error, unavailable)


def make_app(site: Site) -> Shield:
    """The page as an ASGI application. No documentation of it is served."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.site = site
    _add_refusals(app, site)
    app.add_api_route("/", home, methods=["GET"], response_model=None)
    app.add_api_route("/login", login_form, methods=["GET"], response_model=None)
    app.add_api_route("/login", log_in, methods=["POST"], response_model=None)
    app.add_api_route("/logout", log_out, methods=["POST"], response_model=None)
    app.add_api_route("/details", chosen_details, methods=["GET"], response_model=None)
    app.add_api_route("/accounts/{account}/details/{month}.csv", details_of, methods=["GET"], response_model=None)
    app.add_api_route("/invoices/{invoice}.pdf", invoice_pdf, methods=["GET"], response_model=None)
    app.add_api_route("/static/{name}", static, methods=["GET"], response_model=None)

    def answer(request: Request, status: int, key: str) -> Response:
        return message(request, site, status, key)

    return Shield(app, hosts=site.hosts, is_over_tls=site.is_over_tls, answer=answer, log=site.log)
