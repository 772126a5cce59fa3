"""A PostgreSQL server of our own, on a socket in a temporary folder, stopped and removed afterwards.

It never runs as root: root starts it as the user `postgres`. It ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.processes import BenchFailure

if TYPE_CHECKING:
    import psycopg

VERSION = 15
PROGRAMS = Path(f"/usr/lib/postgresql/{VERSION}/bin")
EXTENSION = Path(f"/usr/share/postgresql/{VERSION}/extension/prefix.control")
USER = "postgres"
STARTS_WITHIN_SECONDS = 60
LONGEST_SOCKET_PATH = 80
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "1GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
}
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_libc = ctypes.CDLL(None)


def missing_server() -> str | None:
    """What is lacking to run the server."""
    if not (PROGRAMS / "initdb").exists():
        return f"PostgreSQL {VERSION} is not installed: `apt-get install postgresql-{VERSION}`"
    if find_spec("psycopg") is None:
        return "psycopg is not installed: `pip install -r requirements-dev.txt`"
    if os.getuid() == 0 and not _is_user(USER):
        return f"root does not run PostgreSQL, and there is no user {USER}"
    return None


def missing_prefix() -> str | None:
    """What is lacking to run the server with the prefix extension."""
    no_extension = f"its prefix extension is not installed: `apt-get install postgresql-{VERSION}-prefix`"
    return missing_server() or (None if EXTENSION.exists() else no_extension)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _as_other_user() -> dict[str, Any]:
    """How a program of the server is started: by root as another user."""
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}}
    if os.getuid() == 0:
        user = pwd.getpwnam(USER)
        options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return options


def _own_folder() -> Path:
    """A folder that the server's user may write, short enough for the name of a socket."""
    parent = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="tollbook-pg-", dir=parent if len(parent) < LONGEST_SOCKET_PATH else "/tmp"))
    if os.getuid() == 0:
        user = pwd.getpwnam(USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _stop_with_parent() -> None:
    _libc.prctl(_DEATH_SIGNAL, signal.SIGINT)


def _initialise(folder: Path) -> None:
    flags = ["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
    made = subprocess.run(
        [PROGRAMS / "initdb", "--pgdata", folder / "data", *flags],
        capture_output=True,
        text=True,
        check=False,
        **_as_other_user(),
    )
    if made.returncode:
        raise BenchFailure(f"PostgreSQL's initdb ended with {made.returncode}: {made.stderr.strip()[-300:]}")


@contextmanager
def _running(folder: Path) -> Iterator[None]:
    settings = [text for name, value in SETTINGS.items() for text in ("-c", f"{name}={value}")]
    command = [PROGRAMS / "postgres", "-D", folder / "data", "-k", folder, *settings]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            preexec_fn=_stop_with_parent,
            **_as_other_user(),
        )
    try:
        _await_server(folder, server)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # "fast": sessions are ended, nothing is waited for
        try:
            server.wait(STARTS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await_server(folder: Path, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(host=str(folder), user=USER, dbname=USER).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    log = (folder / "log").read_text(encoding="utf-8", errors="replace").strip()
    raise BenchFailure(f"PostgreSQL did not start: {log[-300:]}")


@contextmanager
def session() -> Iterator[psycopg.Connection[Any]]:
    """A session on a new, empty server."""
    import psycopg

    folder = _own_folder()
    try:
        _initialise(folder)
        with (
            _running(folder),
            psycopg.connect(host=str(folder), user=USER, dbname=USER, autocommit=True) as connection,
        ):
            yield connection
    finally:
        shutil.rmtree(folder, ignore_errors=True)
