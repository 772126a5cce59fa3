"""What every request goes through, and every answer: host, size, headers, a line of the log, no error unanswered."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.confidential import masked

MOST_BODY_BYTES = 4096
MOST_HEADER_BYTES = 16 * 1024
_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Robots-Tag": "noindex, nofollow",
}
_OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}

Answer = Callable[[Request, int, str], Response]
"""Makes a page of a status and a key of the texts."""


class TooLargeError(Exception):
    """The body is longer than anything that the page asks for."""


def host_of(header: str) -> str | None:
    """The name in a `Host` header, without the port; None where it is none."""
    found = _HOST.fullmatch(header.lower())
    return found[1] if found else None


def _is_for_us(scope: Scope, hosts: frozenset[str]) -> bool:
    named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return len(named) == 1 and host_of(named[0]) in hosts


def _is_too_long(scope: Scope) -> bool:
    """By what the header says. uvicorn refuses a length that is no number."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return any(not length.isdigit() or int(length[:9]) > MOST_BODY_BYTES for length in lengths)


def _is_head_too_long(scope: Scope) -> bool:
    """Target and headers together. The limit of uvicorn is for what comes in several pieces."""
    lines = sum(len(name) + len(value) for name, value in scope["headers"])
    return lines + len(scope["raw_path"]) + len(scope["query_string"]) > MOST_HEADER_BYTES


def _limited(receive: Receive) -> Receive:
    """Raises TooLargeError where more comes than was said."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY_BYTES:
            raise TooLargeError
        return message

    return limited


class _Answered:
    """What was sent of an answer."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send, self._headers = send, headers
        self.status: int | None = None
        self.sent_bytes = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = [(name, value) for name, value in message.get("headers", []) if name != b"server"]
            names = {name.lower() for name, _ in given}
            ours = {name.lower().encode(): value.encode() for name, value in self._headers.items()}
            message = {**message, "headers": [*given, *((n, v) for n, v in ours.items() if n not in names)]}
        self.sent_bytes += len(message.get("body", b""))
        await self._send(message)


def _log_line(scope: Scope, answered: _Answered, began: float) -> str:
    """Method, route, status, bytes, time. The route as it is declared: nothing of what was asked for is in it."""
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    route = getattr(scope.get("route"), "path", "-")
    took = round((time.perf_counter() - began) * 1000)
    return f"{at} {method} {route} {answered.status or '-'} {answered.sent_bytes} bytes {took} ms"


class Shield:
    """The outermost layer of the page."""

    def __init__(
        self, app: ASGIApp, *, hosts: frozenset[str], is_over_tls: bool, answer: Answer, log: Callable[[str], None]
    ) -> None:
        self._app, self._hosts, self._answer, self._log = app, hosts, answer, log
        self._headers = {**_HEADERS, "Cache-Control": "no-store", **(_OVER_TLS if is_over_tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, answered whatever happens."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        answered = _Answered(send, self._headers)
        try:
            await self._pass_on(scope, receive, answered)
        except Exception as error:
            # its text may quote what it was about
            self._log(f"error: {type(error).__name__}: {masked(str(error)).splitlines()[:1]}")
            if answered.status is None:  # what broke off later ends with its connection: shorter than it said
                await self._answer(Request(scope), 500, "unavailable")(scope, receive, answered)
        finally:
            self._log(_log_line(scope, answered, began))

    async def _pass_on(self, scope: Scope, receive: Receive, send: _Answered) -> None:
        if not _is_for_us(scope, self._hosts):
            await self._answer(Request(scope), 400, "refused")(scope, receive, send)
        elif _is_head_too_long(scope):
            await self._answer(Request(scope), 431, "too_large")(scope, receive, send)
        elif _is_too_long(scope):
            await self._answer(Request(scope), 413, "too_large")(scope, receive, send)
        else:
            await self._app(scope, _limited(receive), send)
