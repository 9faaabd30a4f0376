"""Which action follows from a message, and when a person has to say yes first."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from emailq.erp import outbox
from emailq.outcomes import Done, Effect
from tests.erp.conftest import ORDER, Mail, Run, action_of, email_of, past_success, rows
from tests.http_server import HttpServer

INVOICE = "Invoice no. INV-204 is due.\nTotal: EUR 1,250.00\nPlease pay to IBAN {iban}, thank you."
IBAN = "DE89 3704 0044 0532 0130 00"
OTHER_IBAN = "GB29 NWBK 6016 1331 9268 19"
LINES = {"lines": [{"quantity": "1", "unit": None, "item": "soap"}]}


def plan(db: psycopg.Connection, email_id: UUID, fields: dict[str, Any], confidence: float = 0.95) -> dict[str, Any]:
    intent = email_of(db, email_id)["intent"]
    [found] = rows(db, "select * from plan_erp_action(%s, %s, %s, %s)", email_id, intent, confidence, Jsonb(fields))
    return found


async def test_the_first_rule_that_fits_decides(db: psycopg.Connection, mail: Mail) -> None:
    email_id = await mail()

    assert plan(db, email_id, LINES)["rule"] == "order-known"
    assert plan(db, email_id, LINES, confidence=0.7)["rule"] == "order-other"


async def test_an_intent_without_rules_leads_to_nothing(db: psycopg.Connection, mail: Mail, run: Run) -> None:
    for intent in ("newsletter", "spam", "other"):
        email_id = await mail(f"about {intent}", intent=intent)

        outcome = await run(email_id)

        assert outcome == Done()
        assert rows(db, "select from erp_actions") == []
        assert email_of(db, email_id)["review_reason"] is None


@pytest.mark.parametrize(
    ("intent", "action_type", "entity_type"),
    [
        ("order", "create_order", "order"),
        ("invoice", "create_invoice", "invoice"),
        ("complaint", "create_complaint", "complaint"),
        ("inquiry", "create_lead", "lead"),
    ],
)
async def test_each_intent_that_means_work_has_its_action(
    db: psycopg.Connection, mail: Mail, run: Run, intent: str, action_type: str, entity_type: str
) -> None:
    email_id = await mail(intent=intent)

    await run(email_id)

    action = action_of(db, email_id)
    assert (action["action_type"], action["entity_type"]) == (action_type, entity_type)
    assert email_of(db, email_id)["erp_entity_type"] == entity_type


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"sender_trust": "suspicious"}, "its sender is suspicious, not trusted or known"),
        ({"message_id_conflict": True}, "an earlier message has the same Message-ID and other content"),
    ],
)
async def test_what_fits_no_rule_goes_to_a_person_with_the_reasons(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer, columns: dict[str, Any], why: str
) -> None:
    email_id = await mail(**columns)

    outcome = await run(email_id)

    assert isinstance(outcome, Done)
    assert why in email_of(db, email_id)["review_reason"]
    assert email_of(db, email_id)["review_reason"].startswith("no rule of the ERP policy fits: order-known: ")
    assert erp.requests == []


async def test_a_sender_nobody_rated_counts_as_new(db: psycopg.Connection, mail: Mail) -> None:
    email_id = await mail(sender_trust=None)

    found = plan(db, email_id, LINES)

    assert (found["rule"], found["questions"]) == ("order-other", ["policy asks for an approval"])


async def test_an_order_that_is_doubtful_needs_a_person(
    db: psycopg.Connection, mail: Mail, run: Run, no_questions: None
) -> None:
    email_id = await mail("Please do not ship the 12 boxes of candles yet.")

    await run(email_id)

    assert action_of(db, email_id)["error_message"] == 'it may be no order, or none yet: "do not ship"'


async def test_what_a_colleague_sends_is_another_ones(
    db: psycopg.Connection, mail: Mail, run: Run, no_questions: None
) -> None:
    email_id = await mail()
    db.execute("update contacts set is_internal = true where email = 'ann@example.com'")

    await run(email_id)

    assert action_of(db, email_id)["error_message"] == "a colleague sent it: whose is it?"


@pytest.mark.parametrize(
    ("earlier", "later", "is_asked"),
    [
        ("12 boxes of candles", "12 boxes of candles", True),
        (ORDER, ORDER.replace("\nfor our order PO-7741", ""), True),
        (ORDER, ORDER.replace("PO-7741", "PO-7742"), False),
        (ORDER, "Please send\n13 boxes of candles\n40 kg of soda", False),
    ],
)
async def test_the_same_things_ordered_again_within_days_need_a_person(
    db: psycopg.Connection, mail: Mail, run: Run, no_questions: None, earlier: str, later: str, is_asked: bool
) -> None:
    await run(await mail(earlier))
    email_id = await mail(f"Good morning!\n{later}")

    await run(email_id)

    told = action_of(db, email_id)["error_message"] or ""
    assert ("an order of the same lines came from this sender within five days" in told) is is_asked


@pytest.mark.parametrize("sender", ["ann@example.com", "someone.else.of.the.thread@example.com"])
async def test_of_two_orders_in_the_same_moment_one_knows_of_the_other(
    db: psycopg.Connection,
    mail: Mail,
    run: Run,
    no_questions: None,
    erp: HttpServer,
    sender: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = await mail()
    other = await mail(f"Good morning!\n{ORDER}", sender=sender, thread_id=email_of(db, one)["thread_id"])
    both_have_planned = asyncio.Barrier(2)
    make_plan = outbox.plan

    async def plan_together(*args: Any) -> outbox.Plan | None:
        planned = await make_plan(*args)
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            await asyncio.wait_for(both_have_planned.wait(), 0.3)
        return planned

    monkeypatch.setattr(outbox, "plan", plan_together)

    await asyncio.gather(run(one), run(other))

    assert sorted(action_of(db, email_id)["status"] for email_id in (one, other)) == ["needs_review", "success"]
    assert len(erp.requests) == 1


@pytest.mark.parametrize(
    ("scanned", "rule"), [("clean", "order-known"), ("pending", "order-other"), ("failed", "order-other")]
)
async def test_only_a_clean_attachment_counts_as_clean(
    db: psycopg.Connection, mail: Mail, scanned: str, rule: str
) -> None:
    email_id = await mail(raw=with_attachment("order"))
    db.execute("update attachments set virus_scan_status = %s", (scanned,))

    assert plan(db, email_id, LINES)["rule"] == rule


async def test_an_infected_attachment_fits_no_rule(db: psycopg.Connection, mail: Mail) -> None:
    email_id = await mail(raw=with_attachment("order"))
    db.execute("update attachments set virus_scan_status = 'infected'")

    assert "an attachment is infected" in plan(db, email_id, LINES)["refusal"]


@pytest.mark.parametrize(
    ("amounts", "rule"),
    [
        ([("900.00", "EUR")], "small"),
        ([("1000", "EUR")], "small"),
        ([("900.00", "EUR"), ("1000.01", "EUR")], "order-known"),
        ([("900.00", "USD")], "order-known"),
        ([], "order-known"),
    ],
)
async def test_a_limit_holds_for_every_amount_that_is_named_and_for_none(
    db: psycopg.Connection, mail: Mail, amounts: list[tuple[str, str]], rule: str
) -> None:
    email_id = await mail()
    db.execute(
        "insert into erp_policy (rule, position, intent, max_amount, currency, action_type, approval)"
        " values ('small', 1, 'order', 1000, 'EUR', 'create_order', 'never')"
    )

    found = plan(db, email_id, LINES | {"amounts": [{"value": v, "currency": c} for v, c in amounts]})

    assert found["rule"] == rule


async def test_automatic_mail_leads_to_nothing_unless_a_rule_names_its_kind(
    db: psycopg.Connection, mail: Mail, run: Run
) -> None:
    silent = await mail(automation="auto_reply")
    outcome = await run(silent)
    assert outcome == Done()
    assert email_of(db, silent)["review_reason"] is None

    db.execute("update erp_policy set automation = '{auto_reply}' where rule = 'order-known'")
    await run(silent)

    assert action_of(db, silent)["rule"] == "order-known"


@pytest.mark.parametrize(
    ("kind", "trust", "rule"),
    [
        ("auto_generated", "trusted", "order-known"),
        ("bulk", "trusted", "order-known"),
        ("auto_generated", "new", "order-other"),
        ("bulk", "new", None),
    ],
)
async def test_what_a_program_orders_is_an_order(
    db: psycopg.Connection, mail: Mail, kind: str, trust: str, rule: str | None
) -> None:
    email_id = await mail(automation=kind, sender_trust=trust)

    found = rows(
        db, "select rule from check_erp_policy(%s, 'order', 0.9, %s) where misfits = '{}'", email_id, Jsonb(LINES)
    )

    assert next((one["rule"] for one in found), None) == rule


async def test_the_first_action_for_a_sender_waits_for_a_person_and_the_second_does_not(
    db: psycopg.Connection, mail: Mail
) -> None:
    first, second = await mail(), await mail("12 boxes of candles for PO-2")
    assert plan(db, first, LINES)["questions"] == ["it is the first action for this sender"]

    past_success(db, first)

    assert plan(db, second, LINES)["questions"] == []
    stranger = await mail(sender="someone.else@example.com")
    assert plan(db, stranger, LINES)["questions"] == ["it is the first action for this sender"]


async def test_an_action_that_needs_a_person_once_needs_one_again_where_nothing_vouches_for_the_sender(
    db: psycopg.Connection, mail: Mail
) -> None:
    past_success(db, await mail())
    forged = await mail(
        "12 boxes of candles for PO-2", sender_trust="known", trust_reasons=["customer", "earlier-mail"]
    )

    assert plan(db, forged, LINES)["questions"] == [
        "nothing vouches for its sender: our servers saw no SPF, DKIM or DMARC that passed"
    ]


@pytest.mark.usefixtures("no_questions")
async def test_answers_that_would_go_to_another_domain_are_a_question(db: psycopg.Connection, mail: Mail) -> None:
    email_id = await mail(trust_reasons=["customer", "dmarc-pass", "reply-to-differs"])

    assert plan(db, email_id, LINES)["questions"] == ["answers to it would go to another domain"]


async def test_what_waits_for_a_person_says_why_and_is_not_sent(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    email_id = await mail("Please send us the usual.", sender_trust="new")

    await run(email_id)
    await run(email_id)

    action = action_of(db, email_id)
    assert (action["status"], action["error_message"]) == (
        "needs_review",
        "policy asks for an approval; no order lines were found",
    )
    assert email_of(db, email_id)["review_reason"] == f"ERP action: {action['error_message']}"
    assert email_of(db, email_id)["erp_action_status"] == "pending"
    assert erp.requests == []


@pytest.mark.usefixtures("no_questions")
async def test_the_same_order_number_again_is_a_question(db: psycopg.Connection, mail: Mail) -> None:
    past_success(db, await mail(), order_number={"value": "PO-7741"})
    again = await mail("12 boxes of candles, order po-7741, as said")

    found = plan(db, again, LINES | {"order_number": {"value": "po-7741"}})

    assert found["questions"] == ["an order with this number came from this sender before"]


@pytest.mark.usefixtures("no_questions")
async def test_an_order_that_is_cancelled_is_not_ordered_again(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    email_id = await mail("Please cancel our order 4711:\n40 pcs candles\n5 pcs lanterns")

    await run(email_id)

    assert action_of(db, email_id)["error_message"] == (
        'it may be about an order that is there already: "cancel our order"'
    )
    assert erp.requests == []


# ------------------------------------------------------------------------------------------ bank accounts


@pytest.mark.usefixtures("no_questions")
async def test_a_known_bank_account_needs_nobody(db: psycopg.Connection, mail: Mail, run: Run) -> None:
    past_success(db, await mail(intent="invoice"), "create_invoice", bank_accounts=[{"value": IBAN.replace(" ", "")}])
    email_id = await mail(INVOICE.format(iban=IBAN), intent="invoice")

    await run(email_id)

    assert action_of(db, email_id)["status"] == "success"


@pytest.mark.usefixtures("no_questions")
async def test_a_changed_bank_account_is_never_automatic(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    past_success(db, await mail(intent="invoice"), "create_invoice", bank_accounts=[{"value": IBAN.replace(" ", "")}])
    email_id = await mail(INVOICE.format(iban=OTHER_IBAN), intent="invoice")

    await run(email_id)

    action = action_of(db, email_id)
    assert action["status"] == "needs_review"
    assert action["error_message"] == (
        "THE BANK ACCOUNT CHANGED: GB29NWBK60161331926819 was not used by this supplier before"
    )
    assert erp.requests == []


@pytest.mark.usefixtures("no_questions")
async def test_what_another_supplier_used_does_not_count(db: psycopg.Connection, mail: Mail) -> None:
    theirs = await mail(intent="invoice", sender="other@example.com")
    past_success(db, theirs, "create_invoice", bank_accounts=[{"value": "X1"}])
    email_id = await mail(intent="invoice")

    found = plan(
        db, email_id, {"invoice_number": {"value": "1"}, "amounts": AMOUNTS, "bank_accounts": [{"value": "X1"}]}
    )

    assert found["questions"] == ["the bank account X1 is the first one from this supplier"]


@pytest.mark.usefixtures("no_questions")
async def test_talk_of_new_bank_details_is_a_question_even_without_an_account(
    db: psycopg.Connection, mail: Mail, run: Run
) -> None:
    text = "Invoice no. INV-204: EUR 10.00. Our bank details have changed, see the enclosed letter."
    email_id = await mail(text, intent="invoice")

    await run(email_id)

    assert "the message speaks of other bank details" in action_of(db, email_id)["error_message"]


@pytest.mark.usefixtures("no_questions")
@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("We have today paid your invoice INV-204, EUR 10.00.", True),
        ("Wir haben Rechnung INV-204, 10,00 EUR, heute überwiesen.", True),
        ("Invoice INV-204: EUR 10.00. We have not been paid yet; send a remittance advice.", False),
    ],
)
async def test_who_says_that_they_paid_sends_no_bill_that_is_booked_by_itself(
    db: psycopg.Connection, mail: Mail, run: Run, text: str, is_asked: bool
) -> None:
    email_id = await mail(text, intent="invoice")

    await run(email_id)

    told = action_of(db, email_id)["error_message"]
    assert ("the sender says that they paid: it may be no bill" in told) is is_asked


@pytest.mark.usefixtures("no_questions")
@pytest.mark.parametrize(
    "how",
    [
        "",
        "Please pay by PayPal to cash@new.example.",
        "Pay here: https://pay.new.example/re8",
        "Zahlbar auf Konto 1234567, BLZ 37040044.",
        "Please pay by ACH, routing 021000021, account 123456789.",
        "IBAN DE12 3456 7890 1234 5678 90.",
        "Zahlbar auf CH93 0076 2011 6238 5295 7.",
        f"IBAN: {IBAN}. The claim is assigned to Factoring Ltd, pay only there.",
        f"IBAN: {IBAN}. Unsere Hausbank hat gewechselt.",
    ],
)
async def test_a_bill_that_is_not_to_be_paid_to_a_known_account_needs_a_person(
    db: psycopg.Connection, mail: Mail, run: Run, how: str
) -> None:
    past_success(db, await mail(intent="invoice"), "create_invoice", bank_accounts=[{"value": IBAN.replace(" ", "")}])
    email_id = await mail(f"Invoice no. INV-204: EUR 10.00. {how}", intent="invoice")

    await run(email_id)

    assert action_of(db, email_id)["status"] == "needs_review"


@pytest.mark.usefixtures("no_questions")
@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Credit note 17 for invoice no. INV-204 of EUR 10.00.", "it may be no new bill"),
        ("Anbei die Gutschrift GS-17 zur Rechnung INV-204 über 10,00 EUR.", "it may be no new bill"),
        ("Die Rechnung INV-204 über 10,00 EUR ist noch offen.", "it may be no new bill"),
        ("La facture (invoice INV-204) de 10,00 EUR n'est pas réglée.", "it may be no new bill"),
        ("Cette facture annule et remplace l'autre. Invoice INV-204, 10,00 EUR.", "it may be no new bill"),
        ("Veuillez trouver l'avoir sur invoice INV-204, 10,00 EUR.", "it may be no new bill"),
        ("Anbei die Kopie der Rechnung INV-204 über 10,00 EUR.", "it may be no new bill"),
        ("Wir haben die Rechnung INV-204 über 10,00 EUR bezahlt.", "the sender says that they paid"),
        ("Invoice INV-204, 10,00 EUR. Nos coordonnées bancaires ont changé.", "the message speaks of other bank"),
        ("Invoice INV-204, 10,00 EUR. Zmienił się numer naszego konta.", "the message speaks of other bank"),
        ("Invoice INV-204, 10,00 EUR. Vi comunichiamo il nuovo IBAN.", "the message speaks of other bank"),
        ("Invoice INV-204, 10,00 EUR. Змінились наші реквізити.", "the message speaks of other bank"),
        ("Wezwanie do zapłaty: invoice INV-204, 10,00 EUR.", "it may be no new bill"),
        ("Nota di credito alla fattura INV-204, 10,00 EUR.", "it may be no new bill"),
        ("Нагадуємо про рахунок (invoice INV-204), 10,00 EUR.", "it may be no new bill"),
        ("Thank you for your payment of EUR 10.00 for invoice no. INV-204.", "it may be no new bill"),
        ("Haben Sie unsere Rechnung INV-204 über 10,00 EUR erhalten?", "it may be no new bill"),
        ("Unser Angebot: 10,00 EUR. Bei Auftrag kommt die Rechnung INV-204.", "it may be no new bill"),
        ("Anbei die korrigierte Rechnung INV-204 über 10,00 EUR.", "it may be no new bill"),
        ("Ihre Rechnung INV-204 ist falsch: 10,00 EUR.", "it may be no new bill"),
        ("Исправленный счёт № INV-204 на 10,00 EUR.", "it may be no new bill"),
        ("Invoice no. INV-204: EUR 10.00, or with discount EUR 9.80.", "it names several amounts"),
        ("Invoice no. INV204: EUR 10.00", "an invoice with this number came from this sender before"),
    ],
)
async def test_what_may_be_no_new_bill_needs_a_person(
    db: psycopg.Connection, mail: Mail, run: Run, text: str, question: str
) -> None:
    known = {"bank_accounts": [{"value": IBAN.replace(" ", "")}]}
    past_success(db, await mail(intent="invoice"), "create_invoice", invoice_number={"value": "INV-204"}, **known)
    email_id = await mail(f"{text}\nIBAN {IBAN}", intent="invoice")

    await run(email_id)

    assert question in action_of(db, email_id)["error_message"]


@pytest.mark.usefixtures("no_questions")
@pytest.mark.parametrize(
    "text",
    [
        "Invoice no. INV-205. Net: EUR 10.00, VAT 2.00, total EUR 12.00. Thank you for your prompt payment.",
        "Ihre Rechnung INV-205: Gesamtbetrag 10,00 EUR, zahlbar durch Gutschrift auf unser Konto; Mahngebühr 5 %.",
    ],
)
async def test_the_small_print_of_a_bill_asks_nothing(db: psycopg.Connection, mail: Mail, run: Run, text: str) -> None:
    past_success(db, await mail(intent="invoice"), "create_invoice", bank_accounts=[{"value": IBAN.replace(" ", "")}])
    email_id = await mail(f"{text}\nIBAN {IBAN}", intent="invoice")

    await run(email_id)

    assert action_of(db, email_id)["error_message"] is None


# ------------------------------------------------------------------------------------------ changes


@pytest.mark.usefixtures("no_questions")
async def test_an_invoice_that_the_erp_has_is_updated_and_a_person_asked(db: psycopg.Connection, mail: Mail) -> None:
    past_success(db, await mail(intent="invoice"), "create_invoice", invoice_number={"value": "INV-204"})
    again = await mail("Invoice INV-204, corrected: EUR 9.00", intent="invoice")

    found = plan(db, again, {"invoice_number": {"value": "inv-204"}, "amounts": AMOUNTS})

    assert (found["action_type"], found["entity_id"]) == ("update_invoice", "OLD-1")
    assert "an invoice with this number came from this sender before" in found["questions"]


async def test_another_label_withdraws_what_was_proposed(db: psycopg.Connection, mail: Mail, run: Run) -> None:
    email_id = await mail(sender_trust="new")
    await run(email_id)

    db.execute("update emails set intent = 'spam' where id = %s", (email_id,))

    assert action_of(db, email_id)["status"] == "cancelled"
    assert email_of(db, email_id)["erp_action_status"] is None


async def test_a_label_that_comes_back_brings_its_proposal_back(db: psycopg.Connection, mail: Mail, run: Run) -> None:
    email_id = await mail(sender_trust="new")
    await run(email_id)
    db.execute("update emails set intent = 'spam', review_reason = null where id = %s", (email_id,))
    db.execute("update emails set intent = 'order' where id = %s", (email_id,))

    await run(email_id)

    assert action_of(db, email_id)["status"] == "needs_review"


async def test_a_refusal_is_an_effect_that_commits_with_the_job(db: psycopg.Connection, mail: Mail, run: Run) -> None:
    outcome = await run(await mail(sender_trust="suspicious"))

    assert isinstance(outcome, Done)
    [effect] = outcome.effects
    assert isinstance(effect, Effect)
    assert effect.function == "request_review"


AMOUNTS = [{"value": "10.00", "currency": "EUR"}]


def with_attachment(word: str) -> bytes:
    return (
        f"From: Ann <ann@example.com>\r\nTo: us@example.org\r\nSubject: {word}\r\nMessage-ID: <{word}@example.com>\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nsee attached\r\n--b\r\n'
        'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
        "\r\n%PDF-1.4\r\n--b--\r\n"
    ).encode()
