"""`tollbook serve`: the page where customers download their call details and invoices."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from cyclopts import Parameter

from flows.options import DONE, WAREHOUSE, Seller, Warehouse, console
from flows.stopping import leave_to_the_server


def serve(
    *,
    port: int = 8080,
    host: str = "127.0.0.1",
    public_url: str | None = None,
    allow_remote: Annotated[bool, Parameter(negative=())] = False,
    seller: Seller = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Serve the page where customers download billed call details and invoices, each with a token of `token create`.

    It reads what is published and writes nothing but the log; a month that is published meanwhile is there at once.
    Ctrl+C stops it.

    Parameters
    ----------
    port
        Port to listen at; 0 takes any that is free.
    host
        Address to listen at. Loopback, unless --allow-remote is said.
    public_url
        Where customers reach the page, through a reverse proxy with TLS on this machine.
    allow_remote
        Listen at an address that is no loopback. Nothing is encrypted then but by what stands before it.

    Examples
    --------
    tollbook serve
        At http://127.0.0.1:8080, for this machine, until Ctrl+C.
    tollbook serve --public-url https://billing.example.com
        Behind a reverse proxy with TLS, which customers reach by that name.
    """
    from flows.download_page.server import Address
    from flows.download_page.server import serve as serve_page

    screen = console()
    if allow_remote:
        warning = (
            "Warning: without TLS, tokens and call details can be read by whoever is between. Put a reverse proxy with "
            "TLS before this page (flows/CUSTOMER.md)."
        )
        console(is_error=True).print(warning, soft_wrap=True)

    def told(url: str) -> None:
        where = f" (for customers: {public_url})" if public_url else ""
        screen.print(f"Download page of {warehouse} at {url}{where}; Ctrl+C stops it.", soft_wrap=True)
        screen.file.flush()

    leave_to_the_server()
    with suppress(KeyboardInterrupt):
        serve_page(warehouse, Address(host, port, public_url, allow_remote), seller, told)
    return DONE
