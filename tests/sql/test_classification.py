"""Labels in SQL: what a model says, what a person says, and what waits for a person."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.items import add_emails, value

MODEL: dict[str, Any] = {
    "intent": "order",
    "sentiment": "neutral",
    "priority": "normal",
    "confidence": 0.5,
    "decided_by": "model",
    "decision": "needs_review",
    "review_reason": "unsure: order with 50%",
    "provider": "ollama",
    "model": "m",
    "digest": "sha256:aa",
    "parameters": {"temperature": 0},
    "prompt": "p",
    "response": "r",
    "prompt_tokens": 10,
    "answer_tokens": 2,
    "latency_ms": 7,
    "details": {"probabilities": {"order": 0.5, "invoice": 0.4}, "reasoning": "because"},
}


def by_model(db: psycopg.Connection, email_id: UUID, **more: Any) -> None:
    db.execute("select record_classification(%s, %s)", (email_id, Jsonb(MODEL | more)))


def by_person(db: psycopg.Connection, email_id: UUID, intent: str | None, *, act: bool = True, **more: Any) -> bool:
    row = db.execute(
        "select label_email(%s, %s, %s, %s, %s, %s, %s)",
        (email_id, intent, more.get("sentiment"), more.get("priority"), "ann", more.get("note"), act),
    ).fetchone()
    assert row is not None
    return bool(row[0])


def email(db: psycopg.Connection, email_id: UUID) -> dict[str, Any]:
    with db.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute("select * from emails where id = %s", (email_id,)).fetchone()
    assert row is not None
    return row


def history(db: psycopg.Connection, email_id: UUID) -> list[dict[str, Any]]:
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select * from classification_history where email_id = %s order by classified_at, id", (email_id,)
        ).fetchall()


def queued(db: psycopg.Connection, email_id: UUID) -> list[str]:
    rows = db.execute("select queue_name from processing_queue where email_id = %s", (email_id,)).fetchall()
    return [row[0] for row in rows]


def test_the_history_has_all_that_a_replay_needs(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db, 1)

    by_model(db, email_id)

    [row] = history(db, email_id)
    assert (row["llm_model"], row["llm_digest"], row["llm_parameters"]) == ("m", "sha256:aa", {"temperature": 0})
    assert (row["llm_prompt"], row["llm_response"]) == ("p", "r")
    assert (row["llm_prompt_tokens"], row["llm_answer_tokens"], row["llm_latency_ms"]) == (10, 2, 7)
    assert (row["decided_by"], row["decision"]) == ("model", "needs_review")


def test_a_prompt_that_is_not_kept_leaves_its_hash(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db, 1)

    by_model(db, email_id, prompt=None, response=None, prompt_sha256="ab" * 32)

    [row] = history(db, email_id)
    assert (row["llm_prompt"], row["llm_response"], row["prompt_sha256"].hex()) == (None, None, "ab" * 32)


def test_a_persons_label_is_history_and_goes_on_to_the_erp(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db, 1)
    by_model(db, email_id)

    acts = by_person(db, email_id, "complaint", sentiment="negative", note="furious")

    now = email(db, email_id)
    assert (now["intent"], now["sentiment"], now["priority"]) == ("complaint", "negative", "normal")
    assert (now["confidence_score"], now["review_reason"]) == (1, None)
    last = history(db, email_id)[-1]
    assert (last["decided_by"], last["person"], last["note"]) == ("person", "ann", "furious")
    assert last["details"]["before"]["intent"] == "order"
    assert acts
    assert queued(db, email_id) == ["erp_action"]


def test_what_policy_has_no_rule_for_or_a_person_calls_done_goes_nowhere(db: psycopg.Connection) -> None:
    spam, order = add_emails(db, 2)

    acted = [by_person(db, spam, "spam"), by_person(db, order, "order", act=False)]

    assert acted == [False, False]
    assert queued(db, spam) + queued(db, order) == []


def test_a_person_wins_over_a_model_for_ever(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db, 1)
    by_person(db, email_id, "spam")

    by_model(db, email_id)
    by_model(db, email_id, decided_by="rule")

    now = email(db, email_id)
    assert (now["intent"], now["review_reason"]) == ("spam", None)
    assert [row["decision"] for row in history(db, email_id)] == ["accepted", "superseded", "superseded"]


def test_a_person_may_think_again(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db, 1)
    by_person(db, email_id, "spam")

    by_person(db, email_id, None, priority="high")
    by_person(db, email_id, "inquiry")

    now = email(db, email_id)
    assert (now["intent"], now["priority"]) == ("inquiry", "high")


def test_the_review_queue_has_the_evidence_the_urgent_first(db: psycopg.Connection) -> None:
    normal, urgent, sure = add_emails(db, 3)
    by_model(db, normal)
    by_model(db, urgent, priority="urgent")
    by_model(db, sure, review_reason=None)

    with db.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select * from review_queue").fetchall()

    assert [row["email_id"] for row in rows] == [urgent, normal]
    assert rows[0]["review_reason"] == "unsure: order with 50%"
    assert rows[0]["probabilities"] == {"order": 0.5, "invoice": 0.4}
    assert (rows[0]["model"], rows[0]["reasoning"]) == ("m", "because")


def test_an_action_that_waits_for_an_approval_still_waits_when_its_label_was_confirmed(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db, 1)
    by_model(db, email_id)
    db.execute(
        "insert into erp_actions (email_id, action_type, idempotency_key, request_payload, payload_sha256, status,"
        " error_message) values (%s, 'create_order', 'k', '{}', sha256('x'), 'needs_review', 'first order')",
        (email_id,),
    )

    by_person(db, email_id, "order")

    assert email(db, email_id)["review_reason"] == "ERP action: first order"
    assert value(db, "select action_type from review_queue") == "create_order"


def test_another_label_withdraws_an_action_that_was_not_sent(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db, 1)
    by_model(db, email_id)
    db.execute(
        "insert into erp_actions (email_id, action_type, idempotency_key, request_payload, payload_sha256, status)"
        " values (%s, 'create_order', 'k', '{}', sha256('x'), 'needs_review')",
        (email_id,),
    )

    by_person(db, email_id, "spam")

    assert value(db, "select status from erp_actions") == "cancelled"
    assert value(db, "select count(*) from review_queue") == 0


REQUESTS = [
    {"intent": "complaint", "confidence": 0.95, "sentences": [1]},
    {"intent": "order", "confidence": 0.9, "sentences": [0]},
]


def test_a_person_who_names_one_of_two_requests_confirms_both_and_with_another_intent_none(
    db: psycopg.Connection,
) -> None:
    [email_id] = add_emails(db, 1)
    by_model(db, email_id, intent="complaint", details={"requests": REQUESTS})
    assert email(db, email_id)["requests"] == REQUESTS

    by_person(db, email_id, "order")
    assert email(db, email_id)["requests"] == REQUESTS[::-1]

    by_person(db, email_id, None)
    assert email(db, email_id)["requests"] == REQUESTS[::-1]

    by_person(db, email_id, "inquiry")
    assert email(db, email_id)["requests"] == []
