"""The page in a real Chromium: what a person sees and does."""

from collections.abc import Callable, Iterator
from uuid import UUID

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from emailq.api.tokens import COOKIE
from emailq.erp.payload import canonical, sha256
from tests.commands import run_emailq

pytestmark = pytest.mark.chromium

RAW = {"content-type": "message/rfc822"}
HOSTILE = (
    b"From: Eve <eve@example.net>\r\nTo: us@example.org\r\n"
    b"Subject: <b>Order</b> <script>document.title='owned'</script>\r\n"
    b"Message-ID: <h@example.net>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p onclick="x()">We order <b>12 boxes</b> of candles.</p><script>top.document.title="owned"</script>'
    b'<img src="http://192.0.2.1/pixel.gif"><a href="javascript:alert(1)">here</a><form action="/ui/logout"></form>\r\n'
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, url: str, token: str) -> Iterator[Page]:
    """A page of somebody who is logged in; what it asks of other hosts is in `page.elsewhere`."""
    context = browser.new_context(base_url=url)
    context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    page = context.new_page()
    page.elsewhere = []  # type: ignore[attr-defined]
    page.on("request", lambda request: request.url.startswith(url) or page.elsewhere.append(request.url))  # type: ignore[attr-defined]
    yield page
    context.close()


@pytest.fixture
def order(api: httpx.Client) -> str:
    email_id: str = api.post("/parse", content=HOSTILE, headers=RAW).json()["email"]["id"]
    return email_id


def test_a_row_made_by_hand_has_no_message_to_show(api: httpx.Client, token: str, db: psycopg.Connection) -> None:
    insert = (
        "insert into emails (message_id, subject, received_at) values ('by-hand@example.com', 'Hi', now()) returning id"
    )
    email_id = db.execute(insert).fetchone()[0]  # type: ignore[index]
    logged_in = {"cookie": f"{COOKIE}={token}"}

    assert "made by hand" in api.get(f"/ui/mail/{email_id}", headers=logged_in).text
    assert api.get(f"/ui/mail/{email_id}/raw", headers=logged_in).status_code == 404


def test_a_link_leads_to_no_page_of_the_senders(
    api: httpx.Client, order: str, token: str, db: psycopg.Connection
) -> None:
    picture = '<img src="data:image/gif;base64,R0lGOD">'
    db.execute("update emails set body_html = %s", (f'<a href=" DaTa:text/html,owned">there</a>{picture}',))

    shown = api.get(f"/ui/mail/{order}/html", headers={"cookie": f"{COOKIE}={token}"}).text

    assert "owned" not in shown
    assert picture in shown


def test_a_token_lets_a_person_in_and_out(browser: Browser, url: str, token: str) -> None:
    with browser.new_context(base_url=url) as context:
        page = context.new_page()
        page.goto("/")
        page.fill("input[name=token]", "wrong")
        page.click("text=Log in")
        refused = page.text_content("[role=alert]")

        page.fill("input[name=token]", token)
        page.click("text=Log in")
        queues = page.text_content("main")
        page.click("text=Log out")
        page.goto("/ui/mail")

        assert refused == "This token is not valid."
        assert "parsing" in (queues or "")
        assert page.url.endswith("/ui/login")


def test_a_hostile_message_is_shown_and_does_nothing(page: Page, order: str) -> None:
    page.goto(f"/ui/mail/{order}")
    page.click("text=As HTML")
    frame = page.frame_locator("iframe")

    assert "12 boxes" in (frame.locator("body").text_content() or "")
    assert page.text_content("h1") == "<b>Order</b> <script>document.title='owned'</script>"
    assert frame.locator("script, img[src], form, [onclick]").count() == 0
    assert "owned" not in page.title().replace("<script>document.title='owned'</script>", "")
    assert page.elsewhere == []  # type: ignore[attr-defined]


def test_a_queue_is_paused_and_resumed_with_a_click(page: Page, db: psycopg.Connection) -> None:
    page.goto("/ui/")
    page.locator("tr", has_text="erp_action").get_by_role("button").click()
    paused = page.locator("tr", has_text="erp_action").text_content()
    page.locator("tr", has_text="erp_action").get_by_role("button").click()

    assert "paused" in (paused or "")
    assert "flows" in (page.locator("tr", has_text="erp_action").text_content() or "")


def test_the_review_desk_is_worked_with_keys(page: Page, order: str, db: psycopg.Connection) -> None:
    db.execute("update emails set review_reason = 'unsure'")
    page.goto("/ui/")

    page.keyboard.press("3")
    page.wait_for_selector("text=What is it?")
    page.keyboard.press("o")
    page.wait_for_selector("text=Nothing waits for a person")

    assert db.execute("select intent, confidence_score, review_reason from emails").fetchall() == [("order", 1.0, None)]
    assert db.execute("select decided_by from classification_history").fetchall() == [("person",)]


def test_enter_presses_the_button_that_has_the_focus(page: Page, order: str, db: psycopg.Connection) -> None:
    db.execute("update emails set review_reason = 'unsure'")
    page.goto("/ui/review")

    page.locator("button[value=invoice]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Nothing waits for a person")

    assert db.execute("select intent from emails").fetchall() == [("invoice",)]


def test_who_approves_says_yes_to_what_is_shown(
    page: Page, api: httpx.Client, env: dict[str, str], db: psycopg.Connection
) -> None:
    message = b"From: Ann <ann@example.com>\r\nSubject: Order\r\n\r\nWe order 12 boxes of candles, please.\r\n"
    email_id = api.post("/parse", content=message, headers=RAW).json()["email"]["id"]
    run_emailq("worker", "--drain", env=env)

    page.goto("/ui/review")
    assert "12 boxes candles" in page.inner_text("main")
    page.goto("/ui/actions")
    assert "12 boxes candles" in page.inner_text("main")

    old = db.execute("update erp_actions set payload_sha256 = sha256('another') returning request_payload").fetchone()
    assert old is not None
    page.get_by_role("button", name="Approve").click()
    assert "its payload was changed meanwhile" in page.inner_text("main")
    assert db.execute("select status from erp_actions").fetchall() == [("needs_review",)]

    db.execute("update erp_actions set payload_sha256 = %s", (sha256(canonical(old[0])),))
    page.goto(f"/ui/mail/{email_id}")
    page.get_by_role("button", name="Approve").click()
    page.wait_for_load_state()
    assert db.execute("select status from erp_actions").fetchall() == [("pending",)]


@pytest.fixture
def pages(browser: Browser, url: str, env: dict[str, str]) -> Iterator[Callable[[str, str], Page]]:
    """pages("bob", "read") is a page of bob, who has just that scope."""
    contexts = []

    def page_of(name: str, *scopes: str) -> Page:
        given = [word for scope in scopes for word in ("--scope", scope)]
        token = run_emailq("token", "create", name, *given, env=env)
        context = browser.new_context(base_url=url)
        context.add_cookies([{"name": COOKIE, "value": token.stdout.strip(), "url": url}])
        contexts.append(context)
        return context.new_page()

    yield page_of
    for context in contexts:
        context.close()


def test_what_another_person_decided_meanwhile_stands(
    pages: Callable[..., Page], api: httpx.Client, env: dict[str, str], db: psycopg.Connection
) -> None:
    message = b"From: Ann <ann@example.com>\r\nSubject: Order\r\n\r\nWe order 12 boxes of candles, please.\r\n"
    api.post("/parse", content=message, headers=RAW)
    run_emailq("worker", "--drain", env=env)
    ann, bob, eve = (pages(name, "read", "write") for name in ("ann", "bob", "eve"))
    for page in (ann, bob, eve):
        page.goto("/ui/review")

    for page, key in ((ann, "a"), (bob, "r"), (eve, "c")):
        with page.expect_navigation():
            page.keyboard.press(key)

    assert "Nothing was changed: ann approved this action" in bob.inner_text("main")
    assert "Nothing was changed, the message waits no more: it is order, says" in eve.inner_text("main")
    assert db.execute("select distinct status from erp_actions").fetchall() == [("pending",)]
    assert db.execute("select intent from emails").fetchall() == [("order",)]


def test_who_may_only_read_is_not_asked_to_decide(
    pages: Callable[..., Page], order: str, db: psycopg.Connection
) -> None:
    db.execute("update emails set review_reason = 'unsure'")
    page = pages("reader", "read")
    page.goto("/ui/review")

    assert "boxes" in page.inner_text("main")
    assert page.locator("main button:visible").count() == 0
    page.keyboard.press("o")
    assert page.url.endswith("/ui/review")
    page.keyboard.press("/")
    page.wait_for_url("**/ui/mail#search")
    page.keyboard.type("candles")
    assert page.input_value("[name=search]") == "candles"


def test_the_description_of_the_api_needs_nothing_from_elsewhere(page: Page) -> None:
    page.goto("/docs")

    assert "/queues/items/retry" in page.inner_text("main")
    assert page.elsewhere == []  # type: ignore[attr-defined]


def test_a_subject_can_not_turn_the_direction_of_what_is_read(page: Page, api: httpx.Client) -> None:
    subject = "=?utf-8?q?bill_=E2=80=AEgpj.exe?="  # U+202E
    message = f"From: eve@example.net\r\nSubject: {subject}\r\n\r\nHere.\r\n".encode()
    api.post("/parse", content=message, headers=RAW)

    page.goto("/ui/mail")

    assert "bill \\u202egpj.exe" in page.inner_text("main")


def test_a_form_of_another_site_is_refused(url: str, token: str) -> None:
    answer = httpx.post(
        f"{url}/ui/queues/pause",
        data={"queue": "parsing"},
        cookies={COOKIE: token},
        headers={"sec-fetch-site": "cross-site"},
    )

    assert answer.status_code == 403


def test_what_is_not_there_is_told_on_a_page(page: Page) -> None:
    answer = page.goto(f"/ui/mail/{UUID(int=0)}")

    assert answer is not None
    assert answer.status == 404
    assert page.text_content("h1") == "Not Found"
    page.click("text=To the queues")
    page.wait_for_load_state()
    assert page.title() == "Queues · emailq"


@pytest.fixture
def endless(api: httpx.Client, db: psycopg.Connection) -> str:
    """A message that is as long as a stranger likes, everywhere, and whose item has failed with a traceback."""
    files = b"".join(
        b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=%s.csv\r\n\r\n1\r\n" % (b"f" * 100)
        for _ in range(40)
    )
    raw = (
        b"From: "
        + b"a" * 200
        + b"@example.net\r\nTo: "
        + b",".join(b"p%d@example.org" % n for n in range(80))
        + b"\r\n"
        b"Subject: " + b"Endless" * 100 + b"\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\n" + b"x" * 5000 + b"\r\n" + files + b"--b--\r\n"
    )
    email_id: str = api.post("/parse", content=raw, headers=RAW).json()["email"]["id"]
    db.execute(
        "update processing_queue set status = 'failed', last_error = %s"
        " where email_id = %s and queue_name <> 'parsing'",
        ("Traceback (most recent call last):\n" + "at/some/place" * 80, email_id),
    )
    return email_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone(browser: Browser, url: str, token: str, order: str, endless: str, scheme: str) -> None:
    with browser.new_context(
        base_url=url,
        viewport={"width": 360, "height": 740},
        color_scheme=scheme,  # type: ignore[arg-type]
    ) as context:
        context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = context.new_page()
        buttons = "[...document.querySelectorAll('button')]"
        for path in ("/ui/", "/ui/mail", f"/ui/mail/{order}", f"/ui/mail/{endless}", "/ui/review", "/ui/actions"):
            answer = page.goto(path)

            assert answer is not None
            assert answer.status == 200, path
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            assert page.evaluate(f"Math.max(...{buttons}.map(one => one.getBoundingClientRect().right))") <= 360, path
