"""The page in a real server: ten thousand requests, odd bytes, and a month that is published meanwhile."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from flows.audit import chain_faults, read_log
from flows.cli import run
from tests.integration.demo_month import Billed
from tests.integration.download_page.asgi import HOST, reply
from tests.integration.download_page.conftest import ENGLISH, Page
from tests.integration.download_page.served import raw, served
from tests.integration.small_office import Office, calls_csv, to_london

pytestmark = pytest.mark.integration
DETAILS = f"/accounts/{ENGLISH}/details/2020-01.csv"


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_ten_thousand_requests_leave_nothing_open(page: Page) -> None:
    session = page.browser(ENGLISH).cookies["tollbook-session"]
    cookie = {"cookie": f"tollbook-session={session}"}
    csv = (page.warehouse / "details" / "2020-01" / f"{ENGLISH}.csv").read_bytes()
    kinds: list[tuple[str, dict[str, str], int]] = [
        ("/login", {}, 200),
        ("/", {}, 303),
        ("/", {"cookie": "tollbook-session=forged"}, 303),
        ("/accounts/A00002/details/2020-01.csv", cookie, 404),
        ("/static/page.css", {}, 200),
        ("/login", {"host": "evil.example"}, 400),
        ("/%2e%2e/%00", {}, 404),
        ("/login?lang=fr", cookie, 200),
    ]
    rarer = [("/", cookie, 200), (DETAILS, cookie, 200)]
    wrong: Counter[str] = Counter()

    async def one(number: int) -> None:
        rare = number % 20 == 0
        target, headers, status = rarer[number // 20 % 2] if rare else kinds[number % len(kinds)]
        found = await reply(page.app, "GET", target, {"host": HOST, **headers})
        is_right = found.status == status and (target != DETAILS or status != 200 or found.content == csv)
        wrong[f"{target} {found.status}"] += not is_right

    async def many(numbers: range) -> None:
        for number in numbers:
            await one(number)

    async def all_of_them() -> tuple[int, int]:
        await many(range(100))
        before = open_files()
        await asyncio.gather(*(many(range(first, 10_000, 4)) for first in range(4)))
        return before, open_files()

    before, after = asyncio.run(all_of_them())
    assert +wrong == Counter()
    assert after <= before + 4  # a thread more may have its own
    assert not any("error" in line for line in page.logged)
    assert list(chain_faults(read_log(page.warehouse))) == []


def test_customers_side_by_side_get_their_own_files(page: Page) -> None:
    accounts = [f"A{number:05d}" for number in range(1, 9)]
    tokens = {account: page.token(account).text for account in accounts}
    wrong: list[str] = []

    def downloads(url: str, account: str) -> None:
        file = page.warehouse / "details" / "2020-01" / f"{account}.csv"
        expected = hashlib.sha256(file.read_bytes()).digest() if file.exists() else None
        for _ in range(25):
            request = Request(f"{url}/accounts/{account}/details/2020-01.csv")
            request.add_header("Authorization", f"Bearer {tokens[account]}")
            with urlopen(request, timeout=60) as answer:
                found = hashlib.sha256(answer.read()).digest()
            if expected is not None and found != expected:
                wrong.append(account)

    with served(page.site) as url:
        downloads(url, accounts[0])
        before = open_files()
        threads = [threading.Thread(target=downloads, args=(url, account)) for account in accounts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert open_files() <= before + 2 * len(threads)  # connections that are about to close
    assert wrong == []
    assert sum(" 200 " in line for line in page.logged) == 225
    assert list(chain_faults(read_log(page.warehouse))) == []


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", b"400"),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"400"),
        (b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % (b"x" * 20_000), b"431"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: %s\r\n\r\n" % (b"x" * 20_000), b"431"),
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /\x00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"400"),
        (b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\nConnection: close\r\n\r\n", b"413"),
        (b"\x16\x03\x01\x02\x00\x01\x00", b"400"),
    ],
    ids=["no host", "two hosts", "absolute", "long path", "long header", "dots", "nul", "below 0", "huge", "tls"],
)
def test_odd_bytes_are_refused_in_a_word(page: Page, request_bytes: bytes, status: bytes) -> None:
    with served(page.site) as url:
        answer = raw(url, request_bytes)
    assert answer.split(b" ")[1] == status
    assert b"evil" not in answer and b"Traceback" not in answer and b"uvicorn" not in answer.lower()


def test_a_month_that_is_published_meanwhile_is_there_without_a_restart(
    make_office: Callable[[], Office], make_page: Callable[[Path], Page]
) -> None:
    office = make_office()
    office.put("calls.csv", calls_csv(to_london("c1")))
    assert run(office.arguments()) == 0
    page = make_page(office.warehouse)
    token = page.token("A1").text
    seen: Counter[tuple[int, bool, bool]] = Counter()
    is_over = threading.Event()

    def looks(url: str) -> None:
        while not is_over.is_set():
            request = Request(f"{url}/", headers={"Authorization": f"Bearer {token}"})
            with urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
            seen[answer.status, "A1-2020-02" in text, "A1-2020-03" in text] += 1

    with served(page.site) as url:
        first = (office.warehouse / "tollbook.duckdb").resolve()
        readers = [threading.Thread(target=looks, args=(url,)) for _ in range(2)]
        for reader in readers:
            reader.start()
        following = office.folder / "inbox" / "2020-02" / "calls.csv"
        following.parent.mkdir()
        following.write_text(calls_csv(to_london("c2").replace("2020-01", "2020-02")), encoding="utf-8")
        assert run(office.arguments(month="2020-03")) == 0
        assert (office.warehouse / "tollbook.duckdb").resolve() != first
        after = raw(
            url,
            b"GET /accounts/A1/details/2020-02.csv HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Authorization: Bearer %s\r\n\r\n" % token.encode(),
        )
        is_over.set()
        for reader in readers:
            reader.join()
    assert after.endswith((office.warehouse / "details" / "2020-02" / "A1.csv").read_bytes())
    assert {(status, old) for status, old, _ in seen} == {(200, True)}
    assert seen[200, True, False] > 0
    assert run(["verify", "--warehouse", str(office.warehouse)]) == 0
    links = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.exists()]
    assert first not in links


def test_the_log_and_the_customers_page_take_turns_with_a_month_end(billed: Billed, page: Page) -> None:
    """The same log from several threads: no entry is lost, and the chain holds."""
    token = page.token().text
    before = len(read_log(page.warehouse))

    def downloads(url: str) -> None:
        for _ in range(10):
            request = Request(f"{url}{DETAILS}", headers={"Authorization": f"Bearer {token}"})
            with urlopen(request, timeout=60) as answer:
                assert answer.status == 200

    with served(page.site) as url:
        threads = [threading.Thread(target=downloads, args=(url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert run(billed.words("2020-02")) == 0  # known already; its beginning and end are logged
        for thread in threads:
            thread.join()
    lines = read_log(page.warehouse)
    downloaded = [line for line in lines[before:] if line.entry and line.entry["event"] == "downloaded"]
    assert len(downloaded) == 40
    assert list(chain_faults(lines)) == []
