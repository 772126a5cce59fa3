"""Who asks: by token or session; and how the page knows that a form is its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request

from flows.audit import append
from flows.download_page.failed_logins import FailedLogins
from flows.download_page.pdfs import DRAWN_AT_A_TIME, PdfMaker
from flows.download_page.sessions import Sessions
from flows.download_page.tokens import TokenBook

LOGGED_IN, LOGINS_REFUSED = "logged_in", "logins_refused"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class NotLoggedInError(Exception):
    """Nobody is logged in; `was_logged_in`: a session is over."""

    def __init__(self, *, was_logged_in: bool) -> None:
        super().__init__()
        self.was_logged_in = was_logged_in


class WrongTokenError(Exception):
    """An `Authorization` header opens no account."""


class TooManyFailuresError(Exception):
    """The address has to wait before it may try again."""

    def __init__(self, wait: dt.timedelta) -> None:
        super().__init__()
        self.seconds = -(-wait // dt.timedelta(seconds=1))

    @property
    def minutes(self) -> int:
        """How long, in minutes begun."""
        return -(-self.seconds // 60)


@dataclass(frozen=True)
class Visitor:
    """Who is let in, and to which account; `session_id` is None for a program with a token."""

    account_id: str
    token_id: str
    session_id: str | None
    language: str | None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass
class Site:
    """What the page works with. `public_url` is where customers reach it through a reverse proxy with TLS."""

    warehouse: Path
    pdf: PdfMaker | None
    log: Callable[[str], None]
    public_url: str | None = None
    further_hosts: frozenset[str] = frozenset()
    now: Callable[[], dt.datetime] = _now
    sessions: Sessions = field(default_factory=Sessions)
    failed: FailedLogins = field(default_factory=FailedLogins)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def __post_init__(self) -> None:
        self.drawing = threading.BoundedSemaphore(DRAWN_AT_A_TIME)
        self.tokens = TokenBook(self.warehouse)

    @property
    def hosts(self) -> frozenset[str]:
        """The names that a `Host` header may have."""
        public = {urlsplit(self.public_url).hostname or ""} if self.public_url else set()
        return LOOPBACK | self.further_hosts | public

    @property
    def is_over_tls(self) -> bool:
        """Whether browsers reach the page by https alone."""
        return self.public_url is not None

    def cookie_name(self, name: str) -> str:
        """`__Host-` keeps a cookie from being set by a neighbour; browsers want TLS for it."""
        return f"__Host-tollbook-{name}" if self.is_over_tls else f"tollbook-{name}"

    def cookie(self, request: Request, name: str) -> str:
        """The cookie's value; empty without one."""
        return request.cookies.get(self.cookie_name(name), "")

    def form_key(self, value: str) -> str:
        """What a form of ours holds beside a cookie of this value."""
        return hmac.new(self.secret, value.encode(), hashlib.sha256).hexdigest()

    def is_own_form(self, value: str, form_key: str) -> bool:
        """Whether a form was made by this server, for the browser that has this cookie."""
        return bool(value) and hmac.compare_digest(self.form_key(value).encode(), form_key.encode())

    def is_same_site(self, request: Request) -> bool:
        """Whether a form was sent from a page of ours, as far as the browser says."""
        origin = request.headers.get("origin")
        here = {f"http://{request.headers.get('host', '')}".lower(), self.public_url}
        was_sent_from = request.headers.get("sec-fetch-site", "same-origin")
        return (origin is None or origin.lower() in here) and was_sent_from in ("same-origin", "none")

    def address(self, request: Request) -> str:
        """Where a request comes from. A reverse proxy before a public page says so in the last `X-Forwarded-For`."""
        peer = request.client.host if request.client else ""
        forwarded = request.headers.getlist("x-forwarded-for")
        if self.public_url is None or not forwarded or not _is_loopback(peer):
            return peer
        return forwarded[-1].rpartition(",")[2].strip()

    def refuse_if_too_many(self, request: Request) -> None:
        """Raises TooManyFailuresError for an address that failed often of late."""
        wait = self.failed.wait(self.address(request), self.now())
        if wait is not None:
            raise TooManyFailuresError(wait)

    def count_failure(self, request: Request) -> None:
        """One failed login more; the log tells once that an address has to wait, and of no address."""
        if self.failed.count(self.address(request), self.now()):
            append(self.warehouse, LOGINS_REFUSED, {})

    def visitor(self, request: Request) -> Visitor:
        """Who asks. Raises NotLoggedInError, WrongTokenError or TooManyFailuresError.

        The token that a session was begun with is looked up each time: it may have been revoked meanwhile.
        """
        if "authorization" in request.headers:
            return self._by_token(request)
        session_id = self.cookie(request, "session")
        session = self.sessions.of(session_id, self.now()) if session_id else None
        if session is not None and self.tokens.is_valid(session.token_id, self.now()):
            return Visitor(session.account_id, session.token_id, session_id, session.language)
        self.sessions.end(session_id)
        raise NotLoggedInError(was_logged_in=bool(session_id))

    def session_language(self, request: Request) -> str | None:
        """The language of the account that is logged in, for pages that are shown to anybody."""
        session_id = self.cookie(request, "session")
        session = self.sessions.of(session_id, self.now()) if session_id else None
        return None if session is None else session.language

    def _by_token(self, request: Request) -> Visitor:
        self.refuse_if_too_many(request)
        scheme, _, text = request.headers["authorization"].partition(" ")
        token = self.tokens.opened_by(text.strip(), self.now()) if scheme.lower() == "bearer" else None
        if token is None:
            self.count_failure(request)
            raise WrongTokenError
        return Visitor(token.account_id, token.token_id, None, None)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
