"""The page asked in this process, as a browser asks: cookies kept, redirects looked at, forms filled in."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode

from starlette.types import ASGIApp, Message

HOST = "127.0.0.1:8080"


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def text(self) -> str:
        return html.unescape(self.content.decode())

    @property
    def cookies(self) -> dict[str, str]:
        set_cookies = [value for key, value in self.headers if key == "set-cookie"]
        return dict(cookie.split(";")[0].split("=", 1) for cookie in set_cookies)


async def reply(
    app: ASGIApp,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    client: str = "127.0.0.1",
    *,
    goes_away: bool = False,
) -> Reply:
    """One request; the client may go away before the content comes.

    The target is as it stands on the wire; uvicorn unquotes the path likewise.
    """
    path, _, query = target.partition("?")
    given = {"host": HOST, **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value is not None],
        "client": (client, 50000),
        "server": ("127.0.0.1", 8080),
    }
    pieces = [body[start : start + 1000] for start in range(0, len(body), 1000)] or [b""]
    messages: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces) - 1}
        for number, piece in enumerate(pieces)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await asyncio.sleep(60)  # the client stays
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if goes_away and message["type"] == "http.response.body":
            raise ConnectionError("the client is gone")
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    read = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
    return Reply(start["status"], read, b"".join(message.get("body", b"") for message in sent[1:]))


def ask(app: ASGIApp, method: str, target: str, **facts: Any) -> Reply:
    """One request, by itself."""
    return asyncio.run(reply(app, method, target, **facts))


class Browser:
    """Keeps cookies as a browser does."""

    def __init__(self, app: ASGIApp, **headers: str) -> None:
        self.app, self.headers, self.cookies = app, headers, dict[str, str]()

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {**self.headers, **({"cookie": cookie} if cookie else {}), **headers}
        found = ask(self.app, method, target, headers=given, body=body)
        self.cookies.update(found.cookies)
        self.cookies = {name: value for name, value in self.cookies.items() if value not in ("", '""')}
        return found

    def get(self, target: str, **headers: str) -> Reply:
        return self.ask("GET", target, **headers)

    def post(self, target: str, fields: dict[str, str], **headers: str) -> Reply:
        form = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://{HOST}", **headers}
        return self.ask("POST", target, urlencode(fields).encode(), **form)

    def log_in(self, token: str) -> Reply:
        return self.post("/login", {"token": token, "form_key": form_key(self.get("/login"))})


def form_key(page: Reply) -> str:
    """What the page's form has in its hidden field."""
    found = re.search(r'name="form_key" value="([0-9a-f]+)"', page.text)
    assert found, page.text
    return found[1]
