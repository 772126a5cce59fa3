"""The page in a real browser, by the keyboard alone, in both languages; and what its colours and widths come to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.download_page.conftest import ENGLISH, FRENCH, Page
from tests.integration.download_page.served import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext
    from playwright.sync_api import Page as Tab

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
MOST_TABS = 20
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs {CHROMIUM} (Debian: apt-get install chromium)"),
]
CONTRASTS = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = text => { canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = text => { const [r, g, b] = rgb(text).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = element => { while (element) {
    const colour = getComputedStyle(element).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour;
    element = element.parentElement; } return 'white'; };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(element.textContent.trim() + ' ' + ratio.toFixed(2));
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def url(page: Page) -> Iterator[str]:
    with served(page.site) as address:
        yield address


def focused(tab: Tab) -> str:
    """Id, or text, of what has the focus."""
    return str(tab.evaluate("(document.activeElement.id || document.activeElement.textContent).trim()"))


def tab_to(tab: Tab, wanted: str) -> None:
    """Tab until it has the focus, which can be seen."""
    for _ in range(MOST_TABS):
        if focused(tab) == wanted:
            outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"{wanted} has the focus, and nobody sees it"
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached by the Tab key")


def paste(tab: Tab, text: str) -> None:
    tab.keyboard.insert_text(text)


def wait_for_focus(tab: Tab, wanted: str) -> None:
    tab.wait_for_function("wanted => document.activeElement.id === wanted", arg=wanted)


def log_in(tab: Tab, url: str, token: str) -> None:
    tab.goto(f"{url}/")
    wait_for_focus(tab, "token")
    paste(tab, token)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{url}/")


@pytest.mark.parametrize(
    ("account", "locale", "log_in_word", "download", "log_out", "month"),
    [
        (ENGLISH, "en-US", "Log in", "Download", "Log out", "January"),
        (FRENCH, "fr-CA", "Se connecter", "Télécharger", "Se déconnecter", "janvier"),
    ],
)
def test_a_customer_downloads_with_the_keyboard_alone(  # noqa: PLR0917
    chromium: Browser,
    page: Page,
    url: str,
    account: str,
    locale: str,
    log_in_word: str,
    download: str,
    log_out: str,
    month: str,
) -> None:
    context = chromium.new_context(locale=locale)
    tab = context.new_page()
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto(f"{url}/")
    assert tab.title().startswith(log_in_word)
    wait_for_focus(tab, "token")
    paste(tab, page.token(account).text)
    tab_to(tab, log_in_word)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{url}/")
    tab_to(tab, "account")
    tab_to(tab, "month")
    tab.keyboard.type(month[:3])
    tab_to(tab, "year")
    tab_to(tab, download)
    with tab.expect_download() as details:
        tab.keyboard.press("Enter")
    assert details.value.suggested_filename == f"{account}-2020-01.csv"
    published = page.warehouse / "details" / "2020-01" / f"{account}.csv"
    assert Path(details.value.path()).read_bytes() == published.read_bytes()
    tab_to(tab, "PDF")
    with tab.expect_download() as invoice:
        tab.keyboard.press("Enter")
    assert invoice.value.suggested_filename == f"{account}-2020-02.pdf"
    tab_to(tab, log_out)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{url}/login?why=out")
    tab.goto(f"{url}/")
    assert tab.url == f"{url}/login"
    assert faults == []
    context.close()


def test_the_first_tab_leads_past_the_bar(chromium: Browser, page: Page, url: str) -> None:
    tab = chromium.new_page()
    log_in(tab, url, page.token().text)
    tab.keyboard.press("Tab")
    assert focused(tab) == "Skip to the content"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert focused(tab) == "account"
    tab.close()


def test_a_wrong_token_is_heard_and_can_be_mended_at_once(chromium: Browser, page: Page, url: str) -> None:
    tab = chromium.new_page()
    tab.goto(f"{url}/")
    wait_for_focus(tab, "token")
    paste(tab, "tollbook_wrong")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#token-error:not([hidden])")
    assert "opens no account" in tab.get_by_role("alert").inner_text()
    assert tab.get_by_label("Access token").get_attribute("aria-invalid") == "true"
    wait_for_focus(tab, "token")
    paste(tab, page.token().text)
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"{url}/")
    assert tab.get_by_role("heading", level=1).count() == 1
    tab.close()


def _faults(context: BrowserContext, url: str, token: str) -> list[str]:
    """Text that is hard to read, fields without a label, and pages that are wider than the screen."""
    tab = context.new_page()
    found: list[str] = []
    tab.goto(f"{url}/")
    found += tab.evaluate(CONTRASTS)
    log_in(tab, url, token)
    for target in ("/", f"/details?account={FRENCH}&year=2020&month=07", "/nothing"):
        tab.goto(f"{url}{target}")
        found += tab.evaluate(CONTRASTS)
        if (width := tab.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            found.append(f"{target} is {width} px too wide")
        found += tab.evaluate(
            "[...document.querySelectorAll('select, input:not([type=hidden])')]"
            ".filter(field => !field.labels.length).map(field => field.id + ' has no label')"
        )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 375, 320])
def test_every_text_can_be_read_on_every_screen(
    chromium: Browser, page: Page, url: str, scheme: str, width: int
) -> None:
    dark = "dark" if scheme == "dark" else "light"
    context = chromium.new_context(
        viewport={"width": width, "height": 700},
        color_scheme=dark,
        locale="fr-CA",  # type: ignore[arg-type]
    )
    assert _faults(context, url, page.token(FRENCH).text) == []
    context.close()
