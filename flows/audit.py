"""What was run, by whom and when: a log that is only ever added to, each line bound to the one before.

Nothing in it is a phone number or a call: settings, digests, run ids, outcomes. An entry is one line of JSON.
`previous` is the SHA-256 of the line before it, `sha256` that of the entry itself: what is removed, altered or moved
shows.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import pwd
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from flows.code_version import code_version
from flows.failures import system_refusal
from flows.stopping import StoppedError, asked_to_stop, exit_code
from schemas.faults import ControlFailedError, InputRefusedError

AUDIT_LOG = "audit.jsonl"
FIRST = "0" * 64
BEGUN, PUBLISHES, ENDED = "begun", "publishes", "ended"
_TAIL_BYTES = 2**16


class Line(NamedTuple):
    """A line of the log by its number from 1: its bytes, and its entry; None where it is no whole one."""

    number: int
    content: bytes
    entry: dict[str, Any] | None


class AuditFault(NamedTuple):
    """What is wrong with the log, and at which line."""

    line: int
    problem: str


def user_name() -> str:
    """The user as the system knows it, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _text(entry: dict[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def line_sha256(content: bytes) -> str:
    """What the next entry calls `previous`."""
    return hashlib.sha256(content).hexdigest()


def _last_line(log: IO[bytes]) -> tuple[bytes | None, bool]:
    """The last line's bytes, None in an empty log; and whether it lacks its end, as a power cut leaves it."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(size - _TAIL_BYTES, 0))
    tail = log.read()
    if not tail:
        return None, False
    is_torn = not tail.endswith(b"\n")
    return tail.removesuffix(b"\n").rpartition(b"\n")[2], is_torn


def append(warehouse: Path, event: str, facts: dict[str, Any]) -> str:
    """An entry behind the last, on the disk when this returns. Returns its line's SHA-256.

    A torn line is kept as it is and closed; the entry behind it says so.
    """
    path = warehouse / AUDIT_LOG
    is_new = not path.exists()
    with path.open("a+b") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        before, is_torn = _last_line(log)
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        entry = {"event": event, "at": at, "user": user_name(), "pid": os.getpid(), "program": code_version(), **facts}
        entry["previous"] = FIRST if before is None else line_sha256(before)
        if is_torn:
            entry["after_torn_line"] = True
        entry["sha256"] = line_sha256(_text(entry).encode())
        line = _text(entry).encode()
        log.write((b"\n" if is_torn else b"") + line + b"\n")
        log.flush()
        os.fsync(log.fileno())
    if is_new:
        folder = os.open(warehouse, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    return line_sha256(line)


class Audited:
    """A command that is being logged; `result` says what it came to if it ends well."""

    def __init__(self) -> None:
        self.result = "done"
        self.run_id: str | None = None
        self.exit_code = 0


def _outcome(error: BaseException) -> tuple[str, int]:
    """Result and exit code. Never the error's text: it may quote what stands in an input."""
    if isinstance(error, InputRefusedError):
        return "refused", 2
    if isinstance(error, ControlFailedError):
        return "control failed", 3
    if isinstance(error, StoppedError | KeyboardInterrupt):
        return "stopped", exit_code(asked_to_stop() or signal.SIGINT)
    refusal = system_refusal(error) if isinstance(error, Exception) else None
    return f"failed: {type(error).__name__}", 2 if refusal is not None and refusal.is_refused else 1


@contextmanager
def audited(warehouse: Path, command: str, facts: dict[str, Any]) -> Iterator[Audited]:
    """A command that changes the warehouse, logged before it begins and when it ends; its lock is held.

    What is killed leaves its beginning. Where the end of a command that failed cannot be logged (no space is left),
    its own error is told.
    """
    begun = append(warehouse, BEGUN, {"command": command, **facts})
    state = Audited()
    try:
        yield state
    except BaseException as error:
        result, code = _outcome(error)
        with suppress(OSError):
            append(warehouse, ENDED, {"command": command, "of": begun, "result": result, "exit_code": code})
        raise
    ended = {"command": command, "of": begun, "result": state.result, "exit_code": state.exit_code}
    append(warehouse, ENDED, ended if state.run_id is None else {**ended, "run_id": state.run_id})


def _entry(content: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(content)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def read_log(warehouse: Path) -> list[Line]:
    """The log's lines. Raises FileNotFoundError where there is none."""
    content = (warehouse / AUDIT_LOG).read_bytes()
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    return [Line(number, line, _entry(line)) for number, line in enumerate(lines, 1)]


def chain_faults(lines: list[Line]) -> Iterator[AuditFault]:
    """Entries that were altered, and places where one was removed, added or moved."""
    before = FIRST
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        entry = line.entry
        if entry is None:
            was_told = following is None or (following.entry or {}).get("after_torn_line")
            if not was_told:
                yield AuditFault(line.number, "is no entry: it was altered")
        else:
            own = {key: value for key, value in entry.items() if key != "sha256"}
            if entry.get("sha256") != line_sha256(_text(own).encode()):
                yield AuditFault(line.number, "was altered: it is not what its own SHA-256 says")
            if entry.get("previous") != before:
                yield AuditFault(line.number, "does not follow the line before it: one was removed, altered or moved")
        before = line_sha256(line.content)


def torn_lines(lines: list[Line]) -> list[int]:
    """Lines that a power cut or a full disk left half written."""
    return [line.number for line in lines if line.entry is None]


def unended(lines: list[Line]) -> list[dict[str, Any]]:
    """Beginnings of commands that never said how they ended: killed, or at work now."""
    entries = [line for line in lines if line.entry is not None]
    ended = {line.entry.get("of") for line in entries if line.entry and line.entry.get("event") == ENDED}
    return [
        line.entry
        for line in entries
        if line.entry and line.entry.get("event") == BEGUN and line_sha256(line.content) not in ended
    ]
