"""What the local model is told of a message besides its words."""

import pytest

from emailq.classify.features import signs_of
from emailq.models import MailText


@pytest.mark.parametrize(
    ("mail", "fact"),
    [
        (MailText("x", "Log in: www.bank.com/start <https://bank.example.net/a>"), "link-pretends"),
        (MailText("x", "Log in: http://a.example/wp-content/x"), "url-odd"),
        (MailText("x", "Log in: https://bit.ly/abc"), "url-odd"),
        (MailText("x", "", from_name="PayPal Service", from_address="a@mail.example"), "brand-elsewhere"),
        (MailText("x", "", from_name="Mail Administrator", from_address="a.b@gmail.com"), "office-free-mail"),
        (
            MailText("x", "", from_address="a@firm.example", headers={"reply-to": "Ann <ann@gmail.com>"}),
            "reply-to-free-mail",
        ),
        (MailText("Re: [users] tabs", ""), "subject-tag"),
        (MailText("x", "", headers={"in-reply-to": "<1@a>"}), "in-thread"),
        (MailText("x", "", headers={"list-post": "<mailto:a@b.example>"}), "list-post"),
    ],
)
def test_a_fact_is_seen(mail: MailText, fact: str) -> None:
    assert f"@{fact}" in signs_of(mail).facts


@pytest.mark.parametrize(
    ("mail", "fact"),
    [
        (MailText("x", "See www.bank.com/start <https://online.bank.com/a>"), "link-pretends"),
        (MailText("x", "See https://firm.example/catalogue"), "url-odd"),
        (MailText("x", "", from_name="PayPal Service", from_address="a@mail.paypal.com"), "brand-elsewhere"),
        (MailText("x", "", from_name="Customer Service", from_address="help@firm.example"), "office-free-mail"),
    ],
)
def test_what_is_as_it_should_be_is_no_such_fact(mail: MailText, fact: str) -> None:
    assert f"@{fact}" not in signs_of(mail).facts
