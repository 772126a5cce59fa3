"""What a customer finds, downloads and reads; and that it stands in the log."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from flows.audit import chain_faults, read_log
from flows.cli import run
from flows.details import account_details
from flows.download_page.books import Content, call_details
from flows.download_page.pdfs import installed_pdf_maker
from flows.files import read_json
from flows.verify import Places, verify
from schemas.faults import ControlFailedError
from tests.integration.demo_month import Billed
from tests.integration.download_page.asgi import Browser, ask, form_key
from tests.integration.download_page.conftest import ENGLISH, FRENCH, Page

pytestmark = pytest.mark.integration


def entries(warehouse: Path) -> list[dict[str, Any]]:
    return [line.entry for line in read_log(warehouse) if line.entry is not None]


def listed(warehouse: Path, account: str) -> str:
    """What the run wrote down of the account's file."""
    [files] = warehouse.glob("runs/*/files.json")
    return str(read_json(files)["sha256"][f"details/2020-01/{account}.csv"])


@pytest.fixture
def copied(billed: Billed, tmp_path: Path) -> Page:
    """A page of a copy of the warehouse, to spoil. The calls behind its views are those of the original."""
    shutil.copytree(billed.warehouse, tmp_path / "warehouse", symlinks=True)
    return Page(tmp_path / "warehouse")


def csv_of(browser: Browser, account: str = ENGLISH) -> Any:
    return browser.get(f"/details?account={account}&year=2020&month=01")


def test_who_is_not_logged_in_is_led_to_the_form(page: Page) -> None:
    for target in ("/", "/details?account=A00001&year=2020&month=01", "/invoices/A00001-2020-02.pdf"):
        found = ask(page.app, "GET", target)
        assert (found.status, found.header("location")) == (303, "/login"), target


def test_a_token_opens_the_page_of_its_account(page: Page, billed: Billed) -> None:
    text = page.browser(ENGLISH).get("/").text
    [(name, total)] = billed.ask(f"select name, total from invoices where account_id = '{ENGLISH}'")
    assert name in text
    assert f"{total:,} USD" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert f"{ENGLISH}-2020-02" in text and "1 February 2020" in text
    assert '<option value="01" selected>January</option>' in text
    assert '<option value="2020" selected>2020</option>' in text


@pytest.mark.parametrize("account", [ENGLISH, FRENCH])
def test_the_bytes_are_those_that_the_run_wrote_down(page: Page, billed: Billed, account: str) -> None:
    found = csv_of(page.browser(account), account)
    assert found.status == 200
    assert hashlib.sha256(found.content).hexdigest() == listed(billed.warehouse, account)
    assert found.header("content-disposition") == f'attachment; filename="{account}-2020-01.csv"'
    assert found.header("content-type") == "text/csv; charset=utf-8"
    assert found.header("content-length") == str(len(found.content))


def test_a_program_downloads_with_its_token_in_the_header(page: Page) -> None:
    bearer = {"authorization": f"Bearer {page.token().text}"}
    found = ask(page.app, "GET", f"/accounts/{ENGLISH}/details/2020-01.csv", headers=bearer)
    assert found.content == csv_of(page.browser(ENGLISH)).content
    assert "set-cookie" not in dict(found.headers)


def test_a_lost_file_is_made_again_with_the_same_bytes(copied: Page) -> None:
    file = copied.warehouse / "details" / "2020-01" / f"{ENGLISH}.csv"
    before = file.read_bytes()
    file.unlink()
    assert csv_of(copied.browser(ENGLISH)).content == before
    assert not file.exists()


def test_an_altered_file_is_not_delivered(copied: Page) -> None:
    file = copied.warehouse / "details" / "2020-01" / f"{ENGLISH}.csv"
    before = file.read_bytes()
    file.write_bytes(before.replace(b"International", b"Domestic"))
    assert csv_of(copied.browser(ENGLISH)).content == before


def test_what_does_not_come_out_as_published_is_not_delivered(copied: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    (copied.warehouse / "details" / "2020-01" / f"{ENGLISH}.csv").unlink()

    def otherwise(*given: Any, **named: Any) -> bytes:
        return account_details(*given, **named) + b"one more"

    monkeypatch.setattr("flows.download_page.books.account_details", otherwise)
    found = csv_of(copied.browser(ENGLISH))
    assert found.status == 503 and "cannot be delivered" in found.text
    assert any("does not come out as it was published" in line for line in copied.logged)
    assert entries(copied.warehouse)[-1]["event"] == "logged_in"


def test_an_account_without_billed_calls_gets_the_header_alone(copied: Page) -> None:
    [files] = copied.warehouse.glob("runs/*/files.json")
    content = read_json(files)
    del content["sha256"][f"details/2020-01/{FRENCH}.csv"]
    files.write_text(json.dumps(content), encoding="utf-8")
    text = csv_of(copied.browser(FRENCH), FRENCH).content.decode("utf-8-sig")
    assert text.startswith("Numéro de la source,") and text.count("\r\n") == 1


def test_an_invoice_is_drawn_in_the_language_of_its_account(page: Page) -> None:
    found = page.browser(FRENCH).get(f"/invoices/{FRENCH}-2020-02.pdf?lang=en")
    assert found.content == f"%PDF-1.7 {FRENCH}-2020-02 fr".encode()
    assert found.header("content-type") == "application/pdf"
    assert found.header("content-disposition") == f'attachment; filename="{FRENCH}-2020-02.pdf"'


def test_the_page_and_the_command_draw_the_same_pdf(page: Page, tmp_path: Path) -> None:
    pytest.importorskip("typst", reason="needs typst, the extra pdf")
    page.site.pdf = installed_pdf_maker()
    invoice = f"{ENGLISH}-2020-02"
    words = ["invoice", invoice, "-o", str(tmp_path / "a.pdf"), "--warehouse", str(page.warehouse)]
    assert run(words) == 0
    browser = page.browser(ENGLISH)
    found: list[bytes] = []

    def draw() -> None:
        found.append(browser.get(f"/invoices/{invoice}.pdf").content)

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {(tmp_path / "a.pdf").read_bytes()} and len(found) == 4


def test_an_invoice_that_does_not_add_up_is_not_delivered(page: Page) -> None:
    def refused(*given: Any) -> bytes:
        raise ControlFailedError("lines of +12125550100 are not its total")

    page.site.pdf = refused
    found = page.browser(ENGLISH).get(f"/invoices/{ENGLISH}-2020-02.pdf")
    assert found.status == 503 and "cannot be delivered" in found.text
    assert "1212555" not in "\n".join(page.logged)


def test_without_what_draws_pdfs_the_page_says_so(page: Page) -> None:
    page.site.pdf = None
    browser = page.browser(ENGLISH)
    text = browser.get("/").text
    assert "Invoices as PDF are not available here" in text and ".pdf" not in text
    assert browser.get(f"/invoices/{ENGLISH}-2020-02.pdf").status == 404


def test_a_month_without_an_invoice_is_told_with_the_form(page: Page) -> None:
    found = page.browser(ENGLISH).get(f"/details?account={ENGLISH}&year=2020&month=07")
    assert found.status == 404
    assert "There are no billed calls for July 2020" in found.text and 'role="alert"' in found.text


def test_every_download_stands_in_the_log_and_the_chain_holds(copied: Page, billed: Billed) -> None:
    browser = copied.browser(ENGLISH)
    csv = csv_of(browser)
    browser.get(f"/invoices/{ENGLISH}-2020-02.pdf")
    created, logged_in, details, invoice = entries(copied.warehouse)[-4:]
    assert [created["event"], logged_in["event"]] == ["token_created", "logged_in"]
    assert details["event"] == invoice["event"] == "downloaded"
    assert details["account_id"] == ENGLISH and details["token_id"] == created["token_id"]
    assert (details["what"], details["usage_month"], details["bytes"]) == ("call_details", "2020-01", len(csv.content))
    assert details["content_sha256"] == hashlib.sha256(csv.content).hexdigest()
    assert (invoice["what"], invoice["invoice_id"]) == ("invoice", f"{ENGLISH}-2020-02")
    assert list(chain_faults(read_log(copied.warehouse))) == []
    inputs = billed.inputs
    places = Places(inputs / "inbox", inputs / "contracts", None)
    assert verify(copied.warehouse, places).differences == []


def test_nothing_is_delivered_that_cannot_be_logged(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = page.browser(ENGLISH)

    def full(*given: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("flows.download_page.downloads.append", full)
    found = csv_of(browser)
    assert (found.status, found.header("content-disposition")) == (503, None)


def test_a_file_is_closed_when_the_customer_goes_away(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Content] = []

    def watched(*given: Any) -> Content:
        opened.append(call_details(*given))
        return opened[-1]

    monkeypatch.setattr("flows.download_page.downloads.call_details", watched)
    bearer = {"authorization": f"Bearer {page.token().text}"}
    target = f"/accounts/{ENGLISH}/details/2020-01.csv"
    assert ask(page.app, "GET", target, headers=bearer, goes_away=True).content == b""
    assert [content.stream.closed for content in opened] == [True]


@pytest.mark.parametrize(
    ("account", "target", "accepts", "said"),
    [
        (ENGLISH, "/", "fr", "Billed call details"),
        (FRENCH, "/", "en", "Détails des appels facturés"),
        (FRENCH, "/?lang=en", "fr", "Billed call details"),
        (FRENCH, "/?lang=de", "en", "Détails des appels facturés"),
        (None, "/login", "fr-CA, en;q=0.5", "Se connecter"),
        (None, "/login", "de, en;q=0.5, fr;q=0.4", "Log in"),
        (None, "/login?lang=fr", "en", "Jeton d’accès"),
    ],
)
def test_the_page_speaks_the_account_s_language_unless_another_is_asked_for(
    page: Page, account: str | None, target: str, accepts: str, said: str
) -> None:
    browser = page.browser(account, **{"accept-language": accepts})
    assert said in browser.get(target).text


def test_the_language_that_was_chosen_stays_and_files_keep_theirs(page: Page) -> None:
    browser = page.browser(FRENCH)
    browser.get("/?lang=en")
    text = browser.get("/").text
    assert "Billed call details" in text and "Files are in the language of your account: French" in text
    assert csv_of(browser, FRENCH).content.decode("utf-8-sig").startswith("Numéro de la source")


def test_who_logs_out_is_out(page: Page) -> None:
    browser = page.browser(ENGLISH)
    stolen = dict(browser.cookies)
    found = browser.post("/logout", {"form_key": form_key(browser.get("/"))})
    assert found.header("location") == "/login?why=out"
    assert "You are logged out" in browser.get("/login?why=out").text
    browser.cookies = stolen
    assert browser.get("/").status == 303


def test_a_wrong_token_is_told_in_words_a_screen_reader_hears(page: Page) -> None:
    found = page.browser().log_in("tollbook_nonsense")
    assert found.status == 401
    assert 'role="alert"' in found.text and 'aria-invalid="true"' in found.text
    assert 'aria-describedby="token-error token-hint"' in found.text
    assert "This token opens no account" in found.text and "<title>Error: " in found.text
    assert "nonsense" not in found.text


def test_an_unreadable_warehouse_is_told_and_logged_without_numbers(copied: Page) -> None:
    browser = copied.browser(ENGLISH)
    link = copied.warehouse / "tollbook.duckdb"
    link.unlink()
    link.symlink_to("gone-12125550100.duckdb")
    found = browser.get("/")
    assert found.status == 503 and "gone" not in found.text
    assert any("leads to a database that is not there" in line for line in copied.logged)
