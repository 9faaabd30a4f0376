"""The automation gate on messages of own making: the folder names the kind that is expected, `person` expects none."""

import re
import time
from pathlib import Path

import pytest

from emailq.parse.automatic import Automation, asks_as_person
from emailq.parse.automation import detect_automation
from emailq.parse.message import Address, ParsedMessage, parse_message

MESSAGES = Path(__file__).parent / "automation"
FILES = sorted(MESSAGES.glob("*/*.eml"))
STATUS = {
    "qmail": "5.1.1",
    "exim": "5.1.1",
    "postfix-plain": "4.2.2",
    "exchange-plain": "5.1.1",
    "exchange-de": "5.1.1",
    "mailru": "5.1.1",
    "yandex-ru": "5.4.4",
    "gmail-like": "5.1.1",
    "courier": "5.1.1",
    "delayed": "4.4.1",
    "ses-notice": "5.1.1",
    "dsn": "5.7.1",
    "dsn-without-report-type": "5.2.2",
    "reused-subject": "5.1.1",
    "domino-plain": "5.7.1",
}
ORIGINAL = {
    "bounce/qmail": "ord-118@brightline.example",
    "bounce/exim": "ord-119@brightline.example",
    "bounce/mailru": "ord-120@brightline.example",
    "bounce/gmail-like": "ord-121@brightline.example",
    "bounce/dsn": "ord-122@brightline.example",
    "bounce/dsn-without-report-type": "ord-123@brightline.example",
    "read_receipt/mdn": "offer-77@brightline.example",
    "complaint/arf": "news-11@brightline.example",
    "auto_reply/rfc3834": "offer-77@brightline.example",
}


def read(name: str) -> ParsedMessage:
    return parse_message((MESSAGES / f"{name}.eml").read_bytes())


def detect(name: str) -> Automation:
    found = detect_automation(read(name))
    assert found is not None
    return found


def message(headers: str, text: str = "") -> ParsedMessage:
    return parse_message(f"{headers}\n\n{text}".encode())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_message_is_of_the_kind_that_its_folder_names(path: Path) -> None:
    found = detect_automation(parse_message(path.read_bytes()))

    assert (found.kind if found else "person") == path.parent.name, found


def test_there_are_examples_of_every_kind() -> None:
    assert {path.parent.name for path in FILES} == {
        *("bounce", "delivery_receipt", "auto_reply", "read_receipt", "complaint", "calendar"),
        *("mailing_list", "bulk", "auto_generated", "person"),
    }


@pytest.mark.parametrize("path", sorted((MESSAGES.parent / "notices").glob("*.txt")), ids=lambda path: path.stem)
def test_notices_of_many_systems_and_languages_tell_kind_status_recipients_and_message(path: Path) -> None:
    """Each "=== name kind status recipients original-message-id" in tests/parse/notices begins a message.

    "-" is none, "_" stands for a blank.
    """
    wrong = []
    for section in re.split("(?m)^=== ", path.read_text("utf-8", "surrogateescape"))[1:]:
        title, _, raw = section.partition("\n")
        program, *expected = title.split()
        found = detect_automation(parse_message(raw.encode("utf-8", "surrogateescape"))) or Automation("person", ())
        told = (found.kind, found.status, ",".join(found.recipients), found.original_message_id)
        if [(fact or "-").replace(" ", "_") for fact in told] != expected:
            wrong.append((program, told))

    assert not wrong


@pytest.mark.parametrize(("name", "status"), STATUS.items())
def test_a_bounce_tells_its_status_code(name: str, status: str) -> None:
    assert detect(f"bounce/{name}").status == status


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("550 User unknown", "5.1.1"),
        ("450 <carl@mill.example>: Unknown user", "4.1.1"),
        ("552 Mailbox full", "5.2.2"),
        ("550 mill.example does not exist", "5.1.2"),
        ("550 Mailbox unavailable", "5.0.0"),
        ("550 5.7.1 User unknown", "5.7.1"),
        ("550 See the page below\nUser unknown", "5.1.1"),
        ("550 See the page below\n\n\nUser unknown", "5.0.0"),
        ("554 Email rejected due to our security policies", "5.7.1"),
        ("554 письмо запрещено политикой безопасности", "5.7.1"),
        ("550 all MX records point to hosts that do not answer", "5.4.4"),
        ("450 network error on the way", "4.4.1"),
    ],
)
def test_a_reply_code_means_what_its_words_say(said: str, status: str) -> None:
    """RFC 5321 §4.2.1: its first digit is the class."""
    found = detect_automation(message("From: MAILER-DAEMON@a.example\nSubject: failure notice", f"{said}\n"))

    assert found is not None
    assert found.status == status


@pytest.mark.parametrize(("name", "message_id"), ORIGINAL.items())
def test_a_report_names_the_message_that_it_is_about(name: str, message_id: str) -> None:
    assert detect(name).original_message_id == message_id


def test_a_local_user_without_a_domain_is_told_by_the_original_recipient() -> None:
    report = """MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Original-Recipient: rfc822;<accounts@post.example>
Final-Recipient: LOCAL;<accounts>
Action: failed
Status: 5.2.1
--b--"""

    found = detect_automation(message(f"From: MAILER-DAEMON@post.example\nReturn-Path: <>\n{report}"))

    assert found
    assert (found.kind, found.recipients) == ("bounce", ("accounts@post.example",))


def test_an_id_of_two_words_names_the_message_too() -> None:
    headers = "From: postmaster@post.example\nReturn-Path: <>\nSubject: Email Delivery Failure\nContent-Type: text/html"
    text = "<p>Your email could not be delivered to ann@post.example<br>Message ID: &lt;a1@x.example&gt;"

    found = detect_automation(message(headers, text))

    assert found
    assert (found.kind, found.original_message_id) == ("bounce", "a1@x.example")


@pytest.mark.parametrize(("value", "kind"), [("Reply", "auto_reply"), ("Forward", None)])
def test_communigate_marks_replies_and_what_it_forwards(value: str, kind: str | None) -> None:
    found = detect_automation(message(f"From: ann@post.example\nX-Autogenerated: {value}\nSubject: Oak", "It is here."))

    assert (found and found.kind) == kind


def test_versions_of_mail_servers_are_no_status_codes() -> None:
    found = detect_automation(
        message("From: MAILER-DAEMON@a.example\nSubject: failure notice", "Exim 4.94.2 and Sendmail 8.17.1 gave up")
    )

    assert found is not None
    assert found.status is None


def test_only_mail_that_is_not_delivered_has_a_status() -> None:
    assert detect("read_receipt/mdn").status is None


@pytest.mark.parametrize("header", ["X-Auto-Response-Suppress: All", "Auto-Submitted: no", "X-Autoreply: no"])
def test_a_header_that_asks_for_no_answers_does_not_make_mail_automatic(header: str) -> None:
    assert detect_automation(message(f"From: Ann <ann@example.com>\n{header}\nSubject: Order", "20 pumps")) is None


HELP_DESK = "From: Ann <ann@example.com>\nPrecedence: bulk\nList-Unsubscribe: <https://example.com/u>\n"


@pytest.mark.parametrize("more", ["Subject: Re: leak\nIn-Reply-To: <a@b.example>", "Subject: [Ticket 4417] leak"])
def test_what_people_write_through_help_desks_is_no_bulk_mail(more: str) -> None:
    assert detect_automation(message(HELP_DESK + more, "I will send a new seal.")) is None


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ("Subject: leak", "Our offers"),
        ("Subject: Re: leak", "Our offers"),
        ("Subject: [Ticket 4417] leak", "This is an automated message."),
        ("Subject: [Ticket 4417] leak\nSender: owner-pumps@example.com", "I have one too."),
        ("Subject: Re: leak\nIn-Reply-To: <a@b.example>\nList-Id: <pumps.example.com>", "I have one too."),
    ],
)
def test_bulk_mail_that_only_looks_like_an_answer_stays_bulk_mail(more: str, text: str) -> None:
    assert detect_automation(message(HELP_DESK + more, text)) is not None


WRITTEN = "From: Lena <l@b.example>\nSubject: Re: box\nIn-Reply-To: <1@b.example>"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "This mailbox goes unread while the office is shut, until January 6. If it's urgent, contact the porter.",
            "auto_reply",
        ),
        ("Your mail came while the office was shut, so I only have it now. Contact the porter on January 6.", None),
        ("This mailbox goes unread.", None),
    ],
)
def test_where_no_sign_tells_it_all_words_together_do(text: str, kind: str | None) -> None:
    found = detect_automation(message(WRITTEN, text))

    assert (found and found.kind) == kind


@pytest.mark.parametrize("value", ["auto-generated", "auto-notified; owner-email=a@example.com", "Auto-Generated"])
def test_every_other_value_of_auto_submitted_is_automatic(value: str) -> None:
    found = detect_automation(message(f"From: Ann <ann@example.com>\nAuto-Submitted: {value}\nSubject: Report"))

    assert found is not None
    assert found.kind == "auto_generated"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00",
        b"From: a@b.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x",
        b"Subject: " + b"undeliver" * 20_000,
        b"From: MAILER-DAEMON@a.example\nSubject: x\n\n" + b"5.1.1 550 " * 50_000,
        b"From: postmaster@a.example\nSubject: error\n\n" + b"smtp host mailbox not " * 50_000,
        b"Subject: Auto: x\nReturn-Path: <>\n\n" + b"will reply this is an automatic " * 40_000,
        b"X-A: b\n" * 50_000 + b"\nx",
        b"From: MAILER-DAEMON@a.example\nSubject: x\n\n" + b"to a.a@" * 50_000,
        b"From: MAILER-DAEMON@a.example\nSubject: x\n\n" + b"a@b.c-" * 50_000,
        b"From: a@b.example\nSubject: x\n\n" + b"this is an automated mail was sent by auto " * 50_000,
        b"From: a@b.example\nSubject: x\n\n" + b"i am on leave until we will received your the mail " * 24,
    ],
    ids=[
        "empty",
        "nul",
        "no-report",
        "subject",
        "codes",
        "phrases",
        "replies",
        "headers",
        "ats",
        "addresses",
        "programs",
        "notes",
    ],
)
def test_hostile_messages_are_decided_at_once(raw: bytes) -> None:
    parsed = parse_message(raw)

    start = time.process_time()
    detect_automation(parsed)
    took_s = time.process_time() - start

    assert took_s < 0.5


def test_a_question_is_looked_for_once_in_a_line() -> None:
    start = time.process_time()
    asks = asks_as_person(Address("Ann Hill", "ann.hill@a.example"), "word " * 4000)
    took_s = time.process_time() - start

    assert (asks, took_s < 0.5) == (False, True)


def test_ordinary_mail_costs_little() -> None:
    parsed = read("person/holiday-orders")

    start = time.process_time()
    for _ in range(200):
        detect_automation(parsed)
    took_us = (time.process_time() - start) / 200 * 1e6

    assert took_us < 500  # seen: 20
