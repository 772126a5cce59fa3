"""`tollbook token` and `tollbook serve` as who runs the server meets them."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.integration.small_office import Office, Outcome

pytestmark = pytest.mark.integration
Tell = Callable[[list[str]], Outcome]
TOKEN = re.compile(r"tollbook_([0-9a-f]{12})_[A-Za-z0-9_-]{43}\n")


@pytest.fixture
def issued(office: Office, told: Tell) -> Office:
    assert told(office.arguments()).code == 0
    return office


def token(office: Office, *words: str) -> list[str]:
    return ["token", *words, "--warehouse", str(office.warehouse)]


def test_a_token_is_shown_once_and_listed_without_its_text(issued: Office, told: Tell) -> None:
    made = told(token(issued, "create", "A1"))
    found = TOKEN.fullmatch(made.out)
    assert made.code == 0 and found, made
    assert f"Token {found[1]} opens account A1 until" in made.err and "shown this once" in made.err
    listed = told(token(issued, "list"))
    assert found[1] in listed.out and "valid" in listed.out and made.out.strip() not in listed.out
    assert "No tokens" in told(token(issued, "list", "--account", "B2")).out
    assert oct((issued.warehouse / "access" / "tokens.json").stat().st_mode & 0o777) == "0o600"


def test_a_revoked_token_stays_so(issued: Office, told: Tell) -> None:
    found = TOKEN.fullmatch(told(token(issued, "create", "A1", "--expires", "12h")).out)
    assert found
    for _ in range(2):
        outcome = told(token(issued, "revoke", found[1]))
        assert outcome.code == 0 and "opens nothing any more" in outcome.out
    assert "revoked" in told(token(issued, "list")).out
    log = [json.loads(line) for line in (issued.warehouse / "audit.jsonl").read_text().splitlines()]
    assert [entry["event"] for entry in log[-2:]] == ["token_created", "token_revoked"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "NOBODY"], "no contract or invoice of this account is known"),
        (["create", "../A1"], "no contract or invoice of this account is known"),
        (["create", "A1", "--expires", "soon"], "write it as 90d, 12h or 4w"),
        (["create", "A1", "--expires", "0d"], "this is no lifetime"),
        (["create", "A1", "--expires", "53w"], "no token lives longer than a year"),
        (["revoke", "000000000000"], "no token has this id"),
    ],
)
def test_a_mistake_is_told_with_its_remedy(issued: Office, told: Tell, words: list[str], said: str) -> None:
    outcome = told(token(issued, *words))
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err and "Traceback" not in outcome.err


def test_an_account_that_had_nothing_to_invoice_can_have_a_token(issued: Office, told: Tell) -> None:
    assert told(token(issued, "create", "B2")).code == 0


def test_a_damaged_store_is_refused(issued: Office, told: Tell) -> None:
    told(token(issued, "create", "A1"))
    (issued.warehouse / "access" / "tokens.json").write_text("{}", encoding="utf-8")
    for words in (["list"], ["create", "A1"], ["revoke", "0"]):
        outcome = told(token(issued, *words))
        assert outcome.code == 2 and "is no list of tokens" in outcome.err


def test_two_who_make_tokens_at_once_lose_none(issued: Office) -> None:
    words = [sys.executable, "-m", "flows", *token(issued, "create", "A1")]
    makers = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for maker in makers:
        assert TOKEN.fullmatch(maker.communicate(timeout=60)[0].decode())
    assert len(json.loads((issued.warehouse / "access" / "tokens.json").read_bytes())["tokens"]) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "reachable from the network, without TLS"),
        (["--host", "192.0.2.1"], "--allow-remote"),
        (["--host", "0.0.0.0", "--allow-remote"], "--public-url"),
        (["--host", "::", "--allow-remote"], "--public-url"),
        (["--host", "192.0.2.1", "--allow-remote"], "cannot be listened at"),
        (["--port", "99999"], "cannot be listened at"),
        (["--public-url", "http://billing.example.com"], "no address of a page behind TLS"),
        (["--public-url", "https://billing.example.com/page"], "without a path"),
        (["--seller", "no-such-file.toml"], "no-such-file.toml"),
    ],
)
def test_a_server_that_would_be_unsafe_is_refused(issued: Office, told: Tell, words: list[str], said: str) -> None:
    outcome = told(["serve", "--warehouse", str(issued.warehouse), *words])
    assert outcome.code == 2
    assert said in outcome.err and "Traceback" not in outcome.err


def test_a_port_that_is_taken_is_told(issued: Office, told: Tell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        outcome = told(["serve", "--warehouse", str(issued.warehouse), "--port", port])
    assert outcome.code == 2 and "is taken by another program" in outcome.err


def test_a_warehouse_that_has_nothing_to_serve_is_refused(tmp_path: Path, told: Tell) -> None:
    missing = told(["serve", "--warehouse", str(tmp_path / "none")])
    empty = told(["serve", "--warehouse", str(tmp_path)])
    assert (missing.code, empty.code) == (2, 2)
    assert "there is no such folder" in missing.err and "run `tollbook bill`" in empty.err


def test_a_log_that_cannot_be_written_is_told_before_anything_is_served(issued: Office, told: Tell) -> None:
    (issued.warehouse / "audit.jsonl").unlink()
    (issued.warehouse / "audit.jsonl").mkdir()
    outcome = told(["serve", "--warehouse", str(issued.warehouse), "--port", "0"])
    assert outcome.code == 2 and "no file is delivered that is not logged" in outcome.err


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(issued: Office, told: Tell, ending: signal.Signals) -> None:
    text = told(token(issued, "create", "A1")).out.strip()
    words = [sys.executable, "-m", "flows", "serve", "--port", "0", "--warehouse", str(issued.warehouse)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        first = server.stdout.readline()
        found = re.search(r"at (http://127\.0\.0\.1:[0-9]+); Ctrl\+C stops it", first)
        assert found, first
        request = Request(f"{found[1]}/accounts/A1/details/2020-01.csv", headers={"Authorization": f"Bearer {text}"})
        with urlopen(request, timeout=30) as answer:
            content = answer.read()
        time.sleep(0.2)
    finally:
        server.send_signal(ending)
    out, err = server.communicate(timeout=60)
    assert content == (issued.warehouse / "details" / "2020-01" / "A1.csv").read_bytes()
    assert server.returncode == (0 if ending == signal.SIGINT else -signal.SIGTERM)
    assert "/accounts/{account}/details/{month}.csv 200" in err
    assert "Traceback" not in err and text not in err + out
