"""Failed logins by address: after some within a while, further ones are not looked at."""

from __future__ import annotations

import datetime as dt
import ipaddress
import threading
from collections import deque

MOST_FAILURES = 10
WITHIN = dt.timedelta(minutes=15)
MOST_ADDRESSES = 10_000


def _network(address: str) -> str:
    """Who an address counts for: IPv6 customers have whole networks of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


class FailedLogins:
    """When each address failed of late. Bounded: the address that failed first is forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[str, deque[dt.datetime]] = {}

    def wait(self, address: str, now: dt.datetime) -> dt.timedelta | None:
        """How long the address has to wait; None where it may try."""
        with self._lock:
            failures = self._failures.get(_network(address), deque())
            while failures and now - failures[0] >= WITHIN:
                failures.popleft()
            return failures[0] + WITHIN - now if len(failures) >= MOST_FAILURES else None

    def count(self, address: str, now: dt.datetime) -> bool:
        """One failure more. Returns whether it is the one from which on the address has to wait."""
        network = _network(address)
        with self._lock:
            while network not in self._failures and len(self._failures) >= MOST_ADDRESSES:
                self._failures.pop(next(iter(self._failures)))
            failures = self._failures.setdefault(network, deque(maxlen=MOST_FAILURES))
            was_full = len(failures) == MOST_FAILURES
            failures.append(now)
            return len(failures) == MOST_FAILURES and not was_full
