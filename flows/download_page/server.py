"""The page served: on loopback, unless whoever starts it takes the network on himself."""

from __future__ import annotations

import errno
import gc
import ipaddress
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.audit import AUDIT_LOG
from flows.warehouse import published
from schemas.faults import Fault, InputRefusedError

if TYPE_CHECKING:
    import uvicorn

    from flows.download_page.site import Site

MOST_CONNECTIONS = 200
_KEEP_ALIVE_SECONDS = 5
_ENDING_SECONDS = 10


@dataclass(frozen=True)
class Address:
    """Where the page listens; `public_url` is where customers reach it, through a reverse proxy with TLS."""

    host: str
    port: int
    public_url: str | None = None
    allow_remote: bool = False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_every_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def checked_public_url(text: str) -> str:
    """`https://billing.example.com` as browsers write it. Raises InputRefusedError for anything else."""
    parts = urlsplit(text.rstrip("/").lower())
    is_plain = parts.scheme == "https" and bool(parts.hostname) and not (parts.path or parts.query or parts.username)
    if not is_plain or not text.isascii():
        remedy = "write it as https://billing.example.com, without a path: TLS ends at the reverse proxy"
        raise InputRefusedError(Fault("--public-url", "this is no address of a page behind TLS", remedy, value=text))
    return f"https://{parts.netloc}"


def refuse_unsafe(address: Address) -> None:
    """Raises InputRefusedError where the page would be on a network that nobody asked to put it on."""
    if _is_loopback(address.host):
        return
    if not address.allow_remote:
        problem = "the page would be reachable from the network, without TLS"
        remedy = (
            "leave --host away and put a reverse proxy with TLS before it (--public-url), or say --allow-remote if you "
            "know that nobody listens between"
        )
        raise InputRefusedError(Fault("--host", problem, remedy, value=address.host))
    if _is_every_address(address.host) and address.public_url is None:
        remedy = "name one address, or the page's name with --public-url"
        raise InputRefusedError(
            Fault("--host", "by which name it is reached cannot be told from this", remedy, value=address.host)
        )


def refuse_unreadable(warehouse: Path) -> None:
    """Raises InputRefusedError where there is no warehouse, or it is damaged, or downloads cannot be logged."""
    if not warehouse.is_dir():
        raise InputRefusedError(Fault(str(warehouse), "there is no such folder", "name the warehouse with --warehouse"))
    with published(warehouse) as connection:
        if connection is None:
            raise InputRefusedError(
                Fault(str(warehouse), "nothing was published here yet", "run `tollbook bill` for a month first")
            )
    try:
        (warehouse / AUDIT_LOG).open("a+b").close()
    except OSError as error:
        remedy = "serve as a user who may: no file is delivered that is not logged"
        raise InputRefusedError(Fault(str(warehouse / AUDIT_LOG), "cannot be written", remedy)) from error


def listening(address: Address) -> socket.socket:
    """A socket at the address. Raises InputRefusedError where there can be none."""
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((address.host, address.port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        problem = "is taken by another program" if taken else f"cannot be listened at: {error}"
        remedy = "name another port with --port (0: any that is free)" if taken else "name another --host or --port"
        raise InputRefusedError(Fault(f"{address.host}:{address.port}", problem, remedy)) from error


def url_of(address: Address, listener: socket.socket) -> str:
    """What to type into a browser on this machine."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"http://{host}:{listener.getsockname()[1]}"


def log_to_stderr(line: str) -> None:
    """A line of the access log."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def make_server(site: Site) -> uvicorn.Server:
    """The page in a server that says nothing of itself, logs no address or path, and takes no large request."""
    import uvicorn

    from flows.download_page.app import make_app
    from flows.download_page.shield import MOST_HEADER_BYTES

    config = uvicorn.Config(
        make_app(site),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http="h11",
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_ENDING_SECONDS,
    )
    return uvicorn.Server(config)


def serve(warehouse: Path, address: Address, seller: Path | None, told: Callable[[str], None]) -> None:
    """Serves until it is stopped (Ctrl+C, or SIGTERM). `told` is given the address once it is listened at.

    `seller`: the file of who sends the invoices, if another than the usual one.
    """
    refuse_unsafe(address)
    public_url = checked_public_url(address.public_url) if address.public_url else None
    refuse_unreadable(warehouse)
    from flows.download_page.pdfs import installed_pdf_maker
    from flows.download_page.site import Site

    gc.enable()  # a command leaves it off because it ends soon; this one does not
    host = f"[{address.host}]" if ":" in address.host else address.host.lower()
    site = Site(warehouse, installed_pdf_maker(seller), log_to_stderr, public_url, frozenset({host}))
    server = make_server(site)
    with listening(address) as listener:
        told(url_of(address, listener))
        server.run(sockets=[listener])
