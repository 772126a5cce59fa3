"""Access tokens: one opens one account, is shown once, ends by itself, and is kept as its hash alone.

The store is a file of the warehouse, 0600 in a folder of 0700, written whole under a lock; a server that is running
sees a change with its next request.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from flows.audit import append, user_name
from flows.files import canonical_json, make_durable, written_whole
from schemas.faults import Fault, InputRefusedError

STORE = Path("access") / "tokens.json"
TOKEN_CREATED, TOKEN_REVOKED = "token_created", "token_revoked"
SECRET_BYTES = 32
LONGEST_DAYS = 366
_FORM = re.compile(r"tollbook_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_LIFETIME = re.compile(r"([1-9][0-9]{0,3})([hdw])")
_UNITS = {"h": dt.timedelta(hours=1), "d": dt.timedelta(days=1), "w": dt.timedelta(weeks=1)}
_OF_NOBODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    """What is kept of a token. Times are UTC, to the second; `sha256` is of the whole text that the customer has."""

    token_id: str
    account_id: str
    sha256: str
    created_at: str
    created_by: str
    expires_at: str
    revoked_at: str | None = None

    def state(self, now: dt.datetime) -> str:
        """`valid`, `expired` or `revoked` at that time."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if now < dt.datetime.fromisoformat(self.expires_at) else "expired"


class NewToken(NamedTuple):
    """A token just made: what is kept of it, and its text, which is known to nobody but who is shown it now."""

    kept: Token
    text: str


def parse_lifetime(text: str) -> dt.timedelta:
    """`90d`, `12h` or `4w`. Raises InputRefusedError; also where it is longer than a year."""
    found = _LIFETIME.fullmatch(text)
    lifetime = int(found[1]) * _UNITS[found[2]] if found else None
    if lifetime is None or lifetime > dt.timedelta(days=LONGEST_DAYS):
        problem = "this is no lifetime" if lifetime is None else "no token lives longer than a year"
        raise InputRefusedError(Fault("--expires", problem, "write it as 90d, 12h or 4w", value=text))
    return lifetime


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _second(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def read_tokens(warehouse: Path) -> dict[str, Token]:
    """The tokens by their id, in the order they were made. Raises InputRefusedError where the store is damaged."""
    path = warehouse / STORE
    try:
        rows = json.loads(path.read_bytes())["tokens"]
        return {row["token_id"]: Token(**row) for row in rows}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        remedy = "restore it from a copy, or remove it and create the tokens anew"
        raise InputRefusedError(Fault(str(path), "is no list of tokens", remedy)) from error


@contextmanager
def _changing(warehouse: Path) -> Iterator[dict[str, Token]]:
    """The tokens, to be changed by one process at a time; what the block made of them is written at its end."""
    folder = (warehouse / STORE).parent
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tokens = read_tokens(warehouse)
        yield tokens
        with written_whole(warehouse / STORE) as partial:
            partial.touch(mode=0o600)
            rows = [asdict(token) for token in tokens.values()]
            partial.write_text(canonical_json({"tokens": rows}), encoding="utf-8")
        make_durable([warehouse / STORE, folder])  # what was revoked stays revoked, also behind a power cut


def create_token(warehouse: Path, account: str, lifetime: dt.timedelta, now: dt.datetime) -> NewToken:
    """A new token of the account, logged and kept. Whether there is such an account is the caller's to ask."""
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(SECRET_BYTES)
    text = f"tollbook_{token_id}_{secret}"
    kept = Token(token_id, account, _sha256(text), _second(now), user_name(), _second(now + lifetime))
    with _changing(warehouse) as tokens:
        facts = {"token_id": token_id, "account_id": account, "expires_at": kept.expires_at}
        append(warehouse, TOKEN_CREATED, facts)
        tokens[token_id] = kept
    return NewToken(kept, text)


def revoke_token(warehouse: Path, token_id: str, now: dt.datetime) -> Token:
    """The token, which opens nothing any more. One that was revoked before stays as it is."""
    with _changing(warehouse) as tokens:
        token = tokens.get(token_id)
        if token is None:
            remedy = "`tollbook token list` shows the ids; it is the id that is revoked, not the token's text"
            raise InputRefusedError(Fault("token", "no token has this id", remedy, value=token_id[:12]))
        if token.revoked_at is None:
            append(warehouse, TOKEN_REVOKED, {"token_id": token_id, "account_id": token.account_id})
            tokens[token_id] = token = replace(token, revoked_at=_second(now))
    return token


class TokenBook:
    """The store as a running server reads it: anew whenever the file is another one."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._tokens: dict[str, Token] = {}

    def tokens(self) -> dict[str, Token]:
        """The tokens as they stand in the file now."""
        with self._lock:
            try:
                found = (self._warehouse / STORE).stat()
            except FileNotFoundError:
                self._seen, self._tokens = None, {}
                return self._tokens
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen != self._seen:
                self._tokens = read_tokens(self._warehouse)
                self._seen = seen
            return self._tokens

    def opened_by(self, text: str, now: dt.datetime) -> Token | None:
        """The token that is valid now and has this text; None for any other text.

        The hash is compared in constant time, also where no token has the id.
        """
        found = _FORM.fullmatch(text)
        token = self.tokens().get(found[1]) if found else None
        expected = _OF_NOBODY if token is None else token.sha256
        is_right = hmac.compare_digest(expected, _sha256(text))
        return token if token is not None and is_right and token.state(now) == "valid" else None

    def is_valid(self, token_id: str, now: dt.datetime) -> bool:
        """Whether the token still opens its account: a session ends with it."""
        token = self.tokens().get(token_id)
        return token is not None and token.state(now) == "valid"
