"""Sessions of the page, in the server's memory: a restart ends them, and nothing of them is at rest anywhere."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
from dataclasses import dataclass, replace

IDLE = dt.timedelta(minutes=30)
LONGEST = dt.timedelta(hours=8)
MOST_SESSIONS = 10_000
_ID_BYTES = 32


@dataclass(frozen=True)
class Session:
    """Who is logged in: by which token, to which account, in whose language, and since when."""

    token_id: str
    account_id: str
    language: str
    began_at: dt.datetime
    seen_at: dt.datetime

    def is_over(self, now: dt.datetime) -> bool:
        """Not used for a while, or too old."""
        return now - self.seen_at > IDLE or now - self.began_at > LONGEST


class Sessions:
    """Sessions by the hash of their id, which only the cookie holds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[bytes, Session] = {}

    @staticmethod
    def _key(session_id: str) -> bytes:
        return hashlib.sha256(session_id.encode()).digest()

    def begin(self, token_id: str, account_id: str, language: str, now: dt.datetime) -> str:
        """A new session's id. Where there are too many, those that are over give way, then the oldest."""
        session_id = secrets.token_urlsafe(_ID_BYTES)
        with self._lock:
            if len(self._sessions) >= MOST_SESSIONS:
                self._sessions = {key: kept for key, kept in self._sessions.items() if not kept.is_over(now)}
            while len(self._sessions) >= MOST_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            self._sessions[self._key(session_id)] = Session(token_id, account_id, language, now, now)
        return session_id

    def of(self, session_id: str, now: dt.datetime) -> Session | None:
        """The session, now used; None for one that is over or that nobody began."""
        key = self._key(session_id)
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            if session.is_over(now):
                del self._sessions[key]
                return None
            self._sessions[key] = session = replace(session, seen_at=now)
            return session

    def end(self, session_id: str) -> None:
        """The id opens nothing any more."""
        with self._lock:
            self._sessions.pop(self._key(session_id), None)
