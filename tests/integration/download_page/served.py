"""The page in a real server, in a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flows.download_page.server import Address, listening, make_server, url_of
from flows.download_page.site import Site


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The page's address while it is served."""
    address = Address("127.0.0.1", 0)
    with listening(address) as listener:
        server = make_server(site)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        ends_at = time.monotonic() + 30
        while not server.started and time.monotonic() < ends_at:
            time.sleep(0.02)
        try:
            yield url_of(address, listener)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def raw(url: str, request: bytes) -> bytes:
    """What a server answers to bytes, whatever they are."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer
