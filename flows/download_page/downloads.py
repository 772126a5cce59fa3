"""What can be downloaded: call details and invoices, each once it stands in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from flows.audit import append
from flows.download_page.answers import site_of
from flows.download_page.books import Content, Invoice, call_details, content_of, invoices_of
from flows.download_page.home import account_page
from flows.download_page.pages import Choice
from flows.download_page.site import Site, Visitor
from flows.settings import month_text

DOWNLOADED = "downloaded"
_PIECE_BYTES = 2**16
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]+")


def content_disposition(filename: str) -> str:
    """The header under which a browser saves a file (RFC 6266): plain names quoted, others by `filename*` besides."""
    if _PLAIN_NAME.fullmatch(filename):
        return f'attachment; filename="{filename}"'
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


class _FileResponse(StreamingResponse):
    """A content as a file to save; it is closed however the sending ends."""

    def __init__(self, content: Content, media_type: str, filename: str) -> None:
        self._stream = content.stream
        headers = {"Content-Length": str(content.size), "Content-Disposition": content_disposition(filename)}
        super().__init__(self._pieces(), headers=headers, media_type=media_type)

    def _pieces(self) -> Iterator[bytes]:
        while piece := self._stream.read(_PIECE_BYTES):
            yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._stream.close()


def _sent(site: Site, visitor: Visitor, content: Content, facts: dict[str, str], form: tuple[str, str]) -> Response:
    """The content as a file, once its being sent stands in the log: nothing leaves without that."""
    try:
        size = {"bytes": content.size, "content_sha256": content.sha256}
        who = {"account_id": visitor.account_id, "token_id": visitor.token_id}
        append(site.warehouse, DOWNLOADED, {**who, **facts, **size})
    except BaseException:
        content.stream.close()
        raise
    return _FileResponse(content, *form)


def _details(site: Site, visitor: Visitor, invoice: Invoice) -> Response:
    month = month_text(invoice.usage_month)
    facts = {"what": "call_details", "usage_month": month}
    filename = f"{invoice.account_id}-{month}.csv"
    return _sent(site, visitor, call_details(site.warehouse, invoice), facts, ("text/csv; charset=utf-8", filename))


def chosen_details(request: Request) -> Response:
    """The call details that the form asks for."""
    site = site_of(request)
    visitor = site.visitor(request)
    asked = {name: request.query_params.get(name, "") for name in ("account", "year", "month")}
    month = f"{asked['year']}-{asked['month'].rjust(2, '0')}"
    if asked["account"] != visitor.account_id or not _MONTH.fullmatch(month):
        raise HTTPException(404)
    for invoice in invoices_of(site.warehouse, visitor.account_id):
        if month_text(invoice.usage_month) == month:
            return _details(site, visitor, invoice)
    return account_page(request, site, visitor, Choice(int(month[:4]), int(month[5:])))


def details_of(request: Request) -> Response:
    """The call details of an account and usage month, for programs: with a token in the `Authorization` header."""
    site = site_of(request)
    visitor = site.visitor(request)
    asked = request.path_params
    if asked["account"] == visitor.account_id:
        for invoice in invoices_of(site.warehouse, visitor.account_id):
            if month_text(invoice.usage_month) == asked["month"]:
                return _details(site, visitor, invoice)
    raise HTTPException(404)


def invoice_pdf(request: Request) -> Response:
    """An issued invoice as PDF, in the language that it was issued in."""
    site = site_of(request)
    visitor = site.visitor(request)
    for invoice in invoices_of(site.warehouse, visitor.account_id):
        if site.pdf is not None and invoice.invoice_id == request.path_params["invoice"]:
            with site.drawing:
                content = content_of(site.pdf(site.warehouse, invoice.invoice_id, invoice.language))
            facts = {"what": "invoice", "invoice_id": invoice.invoice_id, "language": invoice.language}
            return _sent(site, visitor, content, facts, ("application/pdf", f"{invoice.invoice_id}.pdf"))
    raise HTTPException(404)
