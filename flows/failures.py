"""What the system refuses (no space, no permission, a file that is gone) in one sentence that says what to do."""

from __future__ import annotations

import errno
import os
import re
from typing import NamedTuple

_KNOWN = {
    errno.ENOSPC: "no space is left on the device; make room",
    errno.EDQUOT: "the disk quota is used up; make room",
    errno.EFBIG: "a file may not grow so large here; raise the limit, or name another folder",
    errno.EIO: "the disk cannot be read or written (input/output error); have it looked at",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n)",
    errno.EROFS: "the file system is read-only; make it writable, or name another folder",
    errno.EACCES: "permission denied; make it readable and writable, or name another",
    errno.EPERM: "the operation is not permitted; make it readable and writable, or name another",
    errno.ENOENT: "no such file or folder; put it back, or name another",
    errno.EISDIR: "is a folder; name a file",
    errno.ENOTDIR: "is no folder; name another",
    errno.EEXIST: "is there already; name another",
}
_REFUSALS = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EEXIST}
_PASSING = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EAGAIN,  # also a lock that another process holds
    errno.EBUSY,
    errno.EINTR,
    errno.ENOLCK,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ENOTCONN,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
}
"""What others do to a disk, a network or a lock, and undo again without our doing."""
_OS_ERROR = re.compile(r"os error ([0-9]+)|errno[ =:]*([0-9]+)", re.IGNORECASE)
_LIBRARIES = ("polars", "duckdb", "_duckdb", "pyarrow")


class ClusterLostError(Exception):
    """The workers or the scheduler of a cluster went away in mid-run: nothing was published, and it may pass."""


class StoreLostError(Exception):
    """The object store cannot be reached, or has not what it had: nothing was published, and it may pass."""


class SystemRefusal(NamedTuple):
    """The sentence, and whether it is the user's to mend before anything is done (exit code 2)."""

    sentence: str
    is_refused: bool


def _number(error: Exception) -> int | None:
    """The system's number of what went wrong; libraries hide it in their text."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if not isinstance(error, OSError) and type(error).__module__.split(".")[0] not in _LIBRARIES:
        return None
    found = _OS_ERROR.search(str(error))
    if found:
        return int(found[1] or found[2])
    return next((number for number in (*_KNOWN, *_PASSING) if os.strerror(number) in str(error)), None)


def system_refusal(error: Exception) -> SystemRefusal | None:
    """What the error says of the system; None for any other error."""
    if isinstance(error, ClusterLostError | StoreLostError):
        return SystemRefusal(str(error), is_refused=False)
    number = _number(error)
    if number not in _KNOWN:
        return None
    where = getattr(error, "filename", None) or "a file of the run"
    return SystemRefusal(f"{where}: {_KNOWN[number]}, and start again", number in _REFUSALS)


def passes_by_itself(error: BaseException) -> bool:
    """Whether the same work may go well a little later: the error, or one that it was raised from, is of a busy system.

    A lock that is held, a disk that is full or away, a network that is down. Never what must be mended first: a wrong
    input, a file that is gone or may not be read, a control that does not balance.
    """
    here: BaseException | None = error
    while here is not None:
        if isinstance(here, ClusterLostError | StoreLostError) or (
            isinstance(here, Exception) and _number(here) in _PASSING
        ):
            return True
        here = here.__cause__
    return False
