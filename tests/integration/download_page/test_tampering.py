"""Those who try: other accounts' ids, tricks with paths, tokens that are over, forged forms, floods."""

from __future__ import annotations

import pytest

from flows.download_page.app import make_app
from flows.download_page.failed_logins import MOST_FAILURES
from flows.download_page.tokens import revoke_token
from tests.integration.demo_month import Billed
from tests.integration.download_page.asgi import HOST, Browser, Reply, ask, form_key
from tests.integration.download_page.conftest import ENGLISH, FRENCH, Page

pytestmark = pytest.mark.integration
OTHER = "A00002"
NOT_OURS = [
    f"/accounts/{OTHER}/details/2020-01.csv",
    "/accounts/NOBODY/details/2020-01.csv",
    f"/accounts/../{OTHER}/details/2020-01.csv",
    f"/accounts/{ENGLISH}%2F..%2F{OTHER}/details/2020-01.csv",
    f"/accounts/{ENGLISH}/details/..%2F..%2F..%2Faudit.jsonl",
    f"/accounts/{ENGLISH}/details/../2020-01/{OTHER}.csv",
    f"/accounts/{ENGLISH}/details/2020-01%2F{OTHER}.csv",
    f"/accounts/{ENGLISH}%00/details/2020-01.csv",
    f"/accounts/{ENGLISH}/details/2020-01%00.csv",
    f"/accounts/{ENGLISH.lower()}/details/2020-01.csv",
    f"/accounts/{ENGLISH}%20/details/2020-01.csv",
    f"/accounts/{'x' * 5000}/details/2020-01.csv",
    "/accounts/%F0%9F%98%80/details/2020-01.csv",
    "/accounts/%ff%fe/details/2020-01.csv",
    f"/accounts/{ENGLISH}/details/2020-1.csv",
    f"/accounts/{ENGLISH}/details/2019-12.csv",
    f"/accounts/{ENGLISH}' or '1'='1/details/2020-01.csv".replace(" ", "%20"),
    f"/details?account={OTHER}&year=2020&month=01",
    f"/details?account={OTHER}&year=2020&month=07",
    f"/details?account={ENGLISH}&account={OTHER}&year=2020&month=01",
    "/details?account=NOBODY&year=2020&month=01",
    f"/details?account={ENGLISH}&year=2020&month=13",
    f"/details?account={ENGLISH}&year=..&month=/../01",
    f"/details?account={ENGLISH}&year=2020&month=01%00",
    f"/details?account={ENGLISH}",
    "/details",
    f"/invoices/{OTHER}-2020-02.pdf",
    "/invoices/NOBODY-2020-02.pdf",
    f"/invoices/{ENGLISH}-2020-03.pdf",
    f"/invoices/..%2F{ENGLISH}-2020-02.pdf",
    f"/invoices/{ENGLISH}-2020-02%00.pdf",
    "/static/../texts.toml",
    "/static/..%2Ftexts.toml",
    "/static/page.css%00",
    "/docs",
    "/redoc",
    "/openapi.json",
    "//login",
    "/login/",
    "/tollbook.duckdb",
]


@pytest.fixture(scope="module")
def visitor(billed: Billed) -> Browser:
    """A customer who is logged in, and stays so."""
    return Page(billed.warehouse).browser(ENGLISH)


@pytest.mark.parametrize("target", NOT_OURS, ids=lambda target: target[:60])
def test_what_is_another_s_and_what_is_not_there_have_one_answer(visitor: Browser, target: str) -> None:
    found = visitor.get(target)
    assert found == visitor.get("/no-such-page")
    assert found.status == 404 and "There is nothing here for your account" in found.text


def test_a_month_beyond_the_calendar_s_years_is_only_a_month_without_invoice(page: Page) -> None:
    for year in ("0000", "9999"):
        assert page.browser(ENGLISH).get(f"/details?account={ENGLISH}&year={year}&month=01").status == 404


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_token_that_expired_opens_nothing(page: Page, scheme: str) -> None:
    bearer = {"authorization": f"{scheme} {page.token(days=1).text}"}
    assert ask(page.app, "GET", "/", headers=bearer).status == 200
    page.passes(days=1)
    found = ask(page.app, "GET", "/", headers=bearer)
    assert (found.status, found.header("www-authenticate")) == (401, 'Bearer realm="tollbook"')


def test_a_session_ends_with_its_token(page: Page) -> None:
    browser, other = page.browser(), page.browser(ENGLISH)
    token = page.token()
    assert browser.log_in(token.text).status == 303
    assert browser.get("/").status == 200
    revoke_token(page.warehouse, token.kept.token_id, page.now)
    assert browser.get("/").header("location") == "/login?why=over"
    assert browser.log_in(token.text).status == 401
    assert other.get("/").status == 200


def test_a_session_ends_when_it_is_not_used_and_after_a_day_s_work_in_any_case(page: Page) -> None:
    browser = page.browser(ENGLISH)
    page.passes(minutes=31)
    assert browser.get("/").header("location") == "/login?why=over"
    browser = page.browser(ENGLISH)
    for _ in range(24):
        page.passes(minutes=20)
        assert browser.get("/").status == 200
    page.passes(minutes=1)
    assert browser.get("/").status == 303


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text.replace("tollbook_", "tollbook_0", 1),
        lambda text: text.upper(),
        lambda text: text.rpartition("_")[2],
        lambda text: "",
        lambda text: "tollbook_" + "0" * 12 + "_" + "A" * 43,
        lambda text: text + "\x00",
        lambda text: "é" * 60,
    ],
)
def test_a_token_that_is_not_quite_right_opens_nothing(page: Page, change: object) -> None:
    text = change(page.token().text)  # type: ignore[operator]
    assert page.browser().log_in(text).status == 401
    if text.isascii() and text.isprintable():
        assert ask(page.app, "GET", "/", headers={"authorization": f"Bearer {text}"}).status == 401


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "x" * 9000])
def test_any_other_authorization_is_refused(page: Page, authorization: str) -> None:
    assert ask(page.app, "GET", "/", headers={"authorization": authorization}).status == 401


def test_a_wrong_token_in_the_header_is_not_made_good_by_a_session(page: Page) -> None:
    assert page.browser(ENGLISH).get("/", authorization="Bearer x").status == 401


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "é", "x" * 8000, "../../x", '"; drop table invoices'])
def test_a_forged_session_is_nobody_s(page: Page, cookie: str) -> None:
    browser = page.browser()
    browser.cookies["tollbook-session"] = cookie
    assert browser.get("/").status == 303


def test_a_session_is_a_new_one_after_each_login(page: Page) -> None:
    browser = page.browser(ENGLISH)
    planted = browser.cookies["tollbook-session"]
    assert browser.log_in(page.token(FRENCH).text).status == 303
    assert browser.cookies["tollbook-session"] != planted
    old = Browser(page.app)
    old.cookies["tollbook-session"] = planted
    assert old.get("/").status == 303


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(page: Page) -> None:
    browser = page.browser()
    found = browser.log_in(page.token().text)
    cookies = [value for name, value in [*found.headers, *page.browser().get("/login").headers] if name == "set-cookie"]
    assert len(cookies) == 3  # the session, the form that is over, a form
    assert all("HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie for cookie in cookies)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"https://{HOST}"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
    ],
)
def test_a_form_sent_from_another_site_is_refused(page: Page, headers: dict[str, str], status: int) -> None:
    browser = page.browser()
    fields = {"token": page.token().text, "form_key": form_key(browser.get("/login"))}
    assert browser.post("/login", fields, **headers).status == status
    browser = page.browser(ENGLISH)
    fields = {"form_key": form_key(browser.get("/"))}
    assert browser.post("/logout", fields, **headers).status == status
    assert browser.get("/").status == (303 if status == 303 else 200)


def test_a_form_of_another_browser_or_of_none_is_refused(page: Page) -> None:
    token = page.token().text
    others = form_key(page.browser().get("/login"))
    browser = page.browser()
    browser.get("/login")
    assert browser.post("/login", {"token": token, "form_key": others}).status == 403
    assert browser.post("/login", {"token": token}).status == 403
    assert page.browser().post("/login", {"token": token, "form_key": others}).status == 403
    logged_in = page.browser(ENGLISH)
    assert logged_in.post("/logout", {"form_key": others}).status == 403
    assert logged_in.post("/logout", {}).status == 403
    assert logged_in.get("/").status == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_only_a_form_is_a_form(page: Page, content_type: str) -> None:
    browser = page.browser()
    fields = {"token": page.token().text, "form_key": form_key(browser.get("/login"))}
    assert browser.post("/login", fields, **{"content-type": content_type}).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("target", ["/", "/details", f"/accounts/{ENGLISH}/details/2020-01.csv", "/static/page.css"])
def test_any_other_method_is_refused(visitor: Browser, method: str, target: str) -> None:
    found = visitor.ask(method, target)
    assert (found.status, found.header("allow")) == (405, "GET")


def test_a_body_that_is_too_long_is_not_read(page: Page) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    said = ask(page.app, "POST", "/login", headers={**form, "content-length": str(10**12)})
    unsaid = ask(page.app, "POST", "/login", headers=form, body=b"token=" + b"x" * 10**6)
    many = ask(page.app, "POST", "/login", headers=form, body=b"&".join([b"a=1"] * 500))
    assert [said.status, unsaid.status, many.status] == [413, 413, 403]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1:80:80", "a/b", "@", "☃"])
def test_a_request_that_is_meant_for_another_host_is_refused(page: Page, host: str) -> None:
    found = ask(page.app, "GET", "/login", headers={"host": host.encode().decode("latin-1")})
    assert found.status == 400
    assert "evil" not in found.text and "evil" not in str(found.headers)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:8080"])
def test_loopback_has_several_names(page: Page, host: str) -> None:
    assert ask(page.app, "GET", "/login", headers={"host": host}).status == 200


def test_failed_logins_make_an_address_wait_and_no_other(page: Page) -> None:
    def tried(address: str, text: str) -> Reply:
        bearer = {"authorization": f"Bearer {text}"}
        return ask(page.app, "GET", "/", headers=bearer, client=address)

    right = page.token().text
    assert [tried("192.0.2.1", "x").status for _ in range(MOST_FAILURES)] == [401] * MOST_FAILURES
    refused = tried("192.0.2.1", right)
    assert refused.status == 429 and 0 < int(refused.header("retry-after") or 0) <= 15 * 60 + 1
    assert tried("192.0.2.2", right).status == 200
    page.passes(minutes=15)
    assert tried("192.0.2.1", right).status == 200


def test_the_form_tells_who_has_to_wait_how_long(page: Page) -> None:
    browser = page.browser()
    for _ in range(MOST_FAILURES):
        assert browser.log_in("wrong").status == 401
    found = browser.log_in(page.token().text)
    assert found.status == 429 and "Try again in 15 minutes" in found.text
    assert page.browser(**{"x-forwarded-for": "192.0.2.77"}).log_in("wrong").status == 429


def test_behind_a_proxy_it_is_the_customer_s_address_that_counts(billed: Billed) -> None:
    page = Page(billed.warehouse)
    page.site.public_url = "https://billing.example.com"

    def tried(forwarded: str) -> int:
        headers = {"authorization": "Bearer x", "x-forwarded-for": forwarded}
        return ask(page.app, "GET", "/", headers=headers).status

    assert [tried("192.0.2.9, 192.0.2.1") for _ in range(MOST_FAILURES + 1)] == [401] * MOST_FAILURES + [429]
    assert tried("192.0.2.1, 192.0.2.3") == 401


def test_every_answer_has_the_headers_that_keep_it_safe(page: Page) -> None:
    browser = page.browser(ENGLISH)
    targets = ["/", "/login", "/no", f"/accounts/{ENGLISH}/details/2020-01.csv", "/invoices/A00001-2020-02.pdf"]
    answers = [browser.get(target) for target in targets]
    answers += [ask(page.app, "GET", "/", headers={"host": "x"}), ask(page.app, "GET", "/"), browser.post("/", {})]
    for found in answers:
        headers = dict(found.headers)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers and "strict-transport-security" not in headers
    style = browser.get("/static/page.css")
    assert (style.status, style.header("x-content-type-options")) == (200, "nosniff")


def test_pages_have_no_script_and_no_style_of_their_own(page: Page) -> None:
    browser = page.browser(ENGLISH)
    for target in ("/", "/login", "/no"):
        text = browser.get(target).text
        assert "<script" not in text and "style=" not in text and " on" + "click" not in text and "http://" not in text


def test_nothing_of_a_customer_is_logged(page: Page) -> None:
    token = page.token()
    browser = page.browser()
    browser.log_in(token.text)
    browser.get(f"/details?account={ENGLISH}&year=2020&month=01&token={token.text}")
    browser.get("/accounts/12125550100/details/2020-01.csv")
    browser.ask("+12125550100", f"/{token.text}")
    lines = "\n".join(page.logged)
    assert token.text not in lines and token.kept.token_id not in lines
    assert "12125550100" not in lines and ENGLISH not in lines
    assert "GET /details 200" in lines and "GET /accounts/{account}/details/{month}.csv 404" in lines
    assert "OTHER - 404" in lines or "OTHER - 405" in lines


def test_an_error_that_nobody_foresaw_tells_nothing(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise ValueError("the number +12125550100")

    browser = page.browser(ENGLISH)
    monkeypatch.setattr("flows.download_page.home.invoices_of", broken)
    found = browser.get("/")
    assert found.status == 500 and "1212555" not in found.text
    assert "cannot be delivered" in found.text and found.header("content-security-policy")
    assert any("error: ValueError" in line for line in page.logged) and "1212555" not in "\n".join(page.logged)


def test_tokens_are_kept_as_hashes_that_none_but_the_owner_reads(page: Page) -> None:
    token = page.token()
    folder = page.warehouse / "access"
    kept = (folder / "tokens.json").read_text(encoding="utf-8")
    assert token.kept.sha256 in kept and token.text not in kept and token.text.rpartition("_")[2] not in kept
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / "tokens.json")] == ["0o700", "0o600"]
    log = (page.warehouse / "audit.jsonl").read_text(encoding="utf-8")
    assert token.text not in log and token.kept.token_id in log


def test_over_tls_cookies_are_bound_to_the_host(billed: Billed) -> None:
    page = Page(billed.warehouse)
    page.site.public_url = "https://billing.example.com"
    browser = Browser(make_app(page.site), host="billing.example.com", origin="https://billing.example.com")
    key = form_key(browser.get("/login"))
    found = browser.post("/login", {"token": page.token().text, "form_key": key}, origin="https://billing.example.com")
    assert found.status == 303
    cookies = [value for name, value in found.headers if name == "set-cookie"]
    assert all(cookie.startswith("__Host-tollbook-") and "Secure" in cookie for cookie in cookies)
    assert found.header("strict-transport-security") == "max-age=31536000"
    assert browser.get("/").status == 200
