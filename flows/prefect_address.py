"""The Prefect server that a run is told of: which it is, and whether it answers. Prefect itself is not loaded."""

from __future__ import annotations

import os
import urllib.error
import urllib.request

from schemas.faults import Fault, InputRefusedError

ADDRESS = "PREFECT_API_URL"


def why_silent(url: str) -> str | None:
    """Why no server answers there; None where one does."""
    try:
        urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=30).close()
    except urllib.error.HTTPError:
        return None  # it answers, if only to say that it wants to know who asks
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return str(getattr(reason, "strerror", None) or reason)
    return None


def refuse_silent_server() -> None:
    """A server that is named must answer: Prefect's own word on it comes late, and names no remedy."""
    url = os.environ.get(ADDRESS)
    if url and why_silent(url) is not None:
        remedy = f"start it, or unset {ADDRESS} to bill without a server"
        raise InputRefusedError(Fault(ADDRESS, "no Prefect server answers there", remedy, value=url))


def shared_server(url: str | None) -> str:
    """The address of a server that a cluster's workers can tell of their tasks.

    Raises InputRefusedError where none is named: the server that a flow run starts for itself is on the loopback, and
    ends with the run.
    """
    if not url:
        problem = "a flow run's tasks on a cluster need a Prefect server that the workers reach, and none is named"
        raise InputRefusedError(Fault("--dask", problem, f"start one and set {ADDRESS}, or leave --prefect out"))
    return url
