"""An S3 on the loopback: moto's server, as a process of its own, and the environment that leads to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PATIENCE_SECONDS = 120
BUCKET = "billing"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _await_answer(server: subprocess.Popen[bytes], request: urllib.request.Request, log: Path) -> None:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends_at and server.poll() is None:
        try:
            urllib.request.urlopen(request, timeout=30).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"moto's server did not start:\n{log.read_text()[-2000:]}")


class _Refuses(BaseHTTPRequestHandler):
    """A store that everybody may read and nobody may put in; or that refuses reading too."""

    def _answer(self, code: int, content: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        if self.server.reads:  # type: ignore[attr-defined]
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is told."""


@contextmanager
def refusing_store(*, reads: bool) -> Iterator[str]:
    """The address of a store that refuses whoever puts; an empty one to readers, or one that refuses them too."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refuses)
    server.reads = reads  # type: ignore[attr-defined]
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@contextmanager
def running_store(folder: Path) -> Iterator[dict[str, str]]:
    """What the environment needs to reach an S3 with one empty bucket."""
    port, log = _free_port(), folder / "moto.log"
    with log.open("wb") as told:
        words = ["-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", *words], stdout=told, stderr=told, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _await_answer(server, urllib.request.Request(f"{address}/{BUCKET}", method="PUT"), log)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
        yield {"AWS_ENDPOINT_URL": address, **keys}
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
