"""The small parts of the download page: words, sessions, waits, file names."""

from __future__ import annotations

import datetime as dt
import string
import tomllib
from decimal import Decimal
from importlib.resources import files

import pytest

from flows.download_page.downloads import content_disposition
from flows.download_page.failed_logins import MOST_ADDRESSES, MOST_FAILURES, FailedLogins
from flows.download_page.server import checked_public_url
from flows.download_page.sessions import MOST_SESSIONS, Sessions
from flows.download_page.shield import host_of
from flows.download_page.texts import Words, accepted_language
from flows.download_page.tokens import parse_lifetime
from schemas.faults import InputRefusedError

NOW = dt.datetime(2020, 2, 1, tzinfo=dt.UTC)
TEXTS = tomllib.loads((files("flows.download_page") / "texts.toml").read_text(encoding="utf-8"))


def _blanks(text: object) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name}


def test_both_languages_say_the_same_things() -> None:
    assert list(TEXTS["en"]) == list(TEXTS["fr"])
    assert {key: _blanks(text) for key, text in TEXTS["en"].items()} == {
        key: _blanks(text) for key, text in TEXTS["fr"].items()
    }


def test_every_template_and_module_finds_its_words() -> None:
    folder = files("flows.download_page")
    written = "".join(
        path.read_text(encoding="utf-8")
        for place in (folder, folder / "templates")
        for path in place.iterdir()
        if path.name.endswith((".html", ".py"))
    )
    said = {key for key in TEXTS["en"] if f'"{key}"' in written or f"'{key}'" in written}
    built = {"files_in_en", "files_in_fr", *(key for key in TEXTS["en"] if key.endswith("_text"))}
    assert set(TEXTS["en"]) - said - built == set()


@pytest.mark.parametrize(
    ("language", "amount", "shown"),
    [
        ("en", "1234567.50", "1,234,567.50 USD"),
        ("en", "-0.05", "−0.05 USD"),
        ("fr", "1234.56", "1\u202f234,56 USD"),
        ("fr", "0", "0,00 USD"),
    ],
)
def test_an_amount_is_written_as_its_language_does(language: str, amount: str, shown: str) -> None:
    assert Words(language).amount(Decimal(amount), "USD").replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    ("language", "day", "shown"),
    [("en", 1, "1 February 2020"), ("fr", 1, "1er février 2020"), ("fr", 2, "2 février 2020")],
)
def test_a_date_is_written_as_its_language_does(language: str, day: int, shown: str) -> None:
    assert Words(language).date(dt.date(2020, 2, day)) == shown


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", None),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("de, fr;q=0.3, en;q=0.2", "fr"),
        ("en;q=0, fr;q=0.1", "fr"),
        ("en;q=1.0, fr", "en"),
        ("*", None),
        ("fr;q=x", None),
        ("fr;q=²", None),
        (";q=,;,", None),
    ],
)
def test_the_language_a_browser_likes_best(header: str, language: str | None) -> None:
    assert accepted_language(header) == language


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("A1-2020-01.csv", 'attachment; filename="A1-2020-01.csv"'),
        ("a..b-_.csv", 'attachment; filename="a..b-_.csv"'),
        ('a"b;c.csv', "attachment; filename=\"a_b_c.csv\"; filename*=UTF-8''a%22b%3Bc.csv"),
        ("é\r\nx: y.csv", "attachment; filename=\"___x_ y.csv\"; filename*=UTF-8''%C3%A9%0D%0Ax%3A%20y.csv"),
        ("-rf/../x.csv", "attachment; filename=\"-rf_.._x.csv\"; filename*=UTF-8''-rf%2F..%2Fx.csv"),
    ],
)
def test_a_file_name_cannot_break_its_header(name: str, header: str) -> None:
    assert content_disposition(name) == header


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:8080", "[::1]"),
        ("LocalHost", "localhost"),
        ("a:b:c", None),
        ("a@b", None),
        ("", None),
    ],
)
def test_the_name_in_a_host_header(header: str, host: str | None) -> None:
    assert host_of(header) == host


def test_lifetimes() -> None:
    assert [parse_lifetime(text).total_seconds() for text in ("12h", "90d", "4w")] == [43200, 7776000, 2419200]
    with pytest.raises(InputRefusedError):
        parse_lifetime("9999w")


@pytest.mark.parametrize("text", ["https://a", "HTTPS://Billing.Example.com/", "https://a:8443"])
def test_a_public_address_is_written_as_browsers_do(text: str) -> None:
    assert checked_public_url(text) == text.lower().rstrip("/")


@pytest.mark.parametrize("text", ["", "a", "http://a", "https://", "https://u@a", "https://a?b", "https://é"])
def test_any_other_public_address_is_refused(text: str) -> None:
    with pytest.raises(InputRefusedError):
        checked_public_url(text)


def test_sessions_do_not_grow_without_end() -> None:
    sessions = Sessions()
    first = sessions.begin("t", "A1", "en", NOW)
    ids = [sessions.begin("t", "A1", "en", NOW) for _ in range(MOST_SESSIONS)]
    assert sessions.of(first, NOW) is None
    assert sessions.of(ids[-1], NOW) is not None


def test_failures_are_counted_by_network_and_forgotten_in_order() -> None:
    failed = FailedLogins()
    for number in range(MOST_FAILURES):
        failed.count(f"2001:db8::{number}", NOW)
    assert failed.wait("2001:db8::ffff", NOW) == dt.timedelta(minutes=15)
    assert failed.wait("2001:db8:1::1", NOW) is None
    for number in range(MOST_ADDRESSES):
        failed.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", NOW)
    assert failed.wait("2001:db8::ffff", NOW) is None


def test_the_failure_that_makes_an_address_wait_is_told_once() -> None:
    failed = FailedLogins()
    told = [failed.count("192.0.2.1", NOW) for _ in range(MOST_FAILURES + 5)]
    assert told == [False] * (MOST_FAILURES - 1) + [True] + [False] * 5
