"""Who may write in a warehouse on S3: whoever put the lock, an object that is put where there is none.

A run that is killed leaves it. On the same machine the next run sees that its process is gone, and takes its place;
elsewhere a person has to remove it. Should two runs be at work all the same, the state object lets one publish.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flows.files import canonical_json
from flows.locks import Holder
from flows.object_store import ObjectStore, nothing_changed_yet
from schemas.faults import Fault, InputRefusedError

LOCK_OBJECT = "lock.json"


def _boot() -> str:
    """The start of this machine, and its process numbers' space; empty where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _is_gone(held: dict[str, str]) -> bool:
    """Whether the run that put the lock was one of this machine's, and is no more."""
    if not held.get("boot") or held["boot"] != _boot():
        return False
    try:
        os.kill(int(held["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _take_lock(store: ObjectStore, command: str) -> bytes:
    """The lock's content, put where there was none, or in place of one whose run is gone. Raises InputRefusedError."""
    started_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    holder = {**Holder(os.getpid(), command, started_at)._asdict(), "host": socket.gethostname(), "boot": _boot()}
    content = canonical_json({**holder, "token": secrets.token_hex(8)}).encode()
    if store.put_new(LOCK_OBJECT, content):
        return content
    found = store.get(LOCK_OBJECT)
    held = {} if found is None else json.loads(found.content)
    if found is not None and _is_gone(held) and store.put_over(LOCK_OBJECT, content, found.e_tag):
        return content
    who = (
        str(Holder(held["pid"], held["command"], held["started_at"])) + f" on {held['host']}" if held else "just ended"
    )
    remedy = f"wait until it has ended; if it was killed, remove the object {store.url}/{LOCK_OBJECT}"
    raise InputRefusedError(Fault(store.url, f"another run is at work on this warehouse ({who})", remedy))


@contextmanager
def only_run_of(store: ObjectStore, command: str) -> Iterator[None]:
    """One run at a time in a warehouse on S3, of whatever month. Raises InputRefusedError where another is at work."""
    with nothing_changed_yet():  # whoever may not put is told before anything is done
        content = _take_lock(store, command)
    try:
        yield
    finally:
        with suppress(Exception):  # what the block came to is told; a lock that stays names its process
            found = store.get(LOCK_OBJECT)
            if found is not None and found.content == content:
                store.delete([LOCK_OBJECT])
