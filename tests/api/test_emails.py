"""E-mails over HTTP, against a real server process."""

import base64
import re
from uuid import uuid4

import httpx
import psycopg
import pytest

ORDER = (
    b"From: Ann <ann@example.com>\r\nTo: us@example.org\r\nSubject: Order 77\r\nMessage-ID: <1@example.com>\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nWe order 12 boxes of candles, please.\r\n'
    b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; "
    b"filename*=utf-8''%D0%B7%D0%B0%D0%BA%D0%B0%D0%B7.csv\r\n"
    b"\r\ncandles,12\r\n--b--\r\n"
)
RAW = {"content-type": "message/rfc822"}


def test_a_raw_message_is_kept_parsed_and_found_again(api: httpx.Client, db: psycopg.Connection) -> None:
    first = api.post("/parse", content=ORDER, headers=RAW)
    second = api.post("/parse", content=ORDER, headers=RAW)
    read = api.get(f"/emails/{first.json()['email']['id']}")

    assert first.status_code == 200, first.text
    assert first.json()["email"]["subject"] == "Order 77"
    assert [a["filename"] for a in first.json()["email"]["attachments"]] == ["заказ.csv"]
    assert (first.json()["is_new"], second.json()["is_new"]) == (True, False)
    assert read.json()["id"] == second.json()["email"]["id"]
    assert db.execute("select queue_name, status from processing_queue order by 1").fetchall() == [
        ("classification", "pending"),
        ("parsing", "completed"),
    ]


def test_a_message_comes_in_a_form_or_in_json_too(api: httpx.Client) -> None:
    form = api.post("/parse", files={"message": ("a.eml", ORDER)})
    as_json = api.post("/parse", json={"raw_email": base64.b64encode(ORDER).decode(), "imap_uid": 7})

    assert (form.status_code, as_json.status_code) == (200, 200)
    assert form.json()["email"]["id"] == as_json.json()["email"]["id"]


def test_what_is_no_message_is_refused_with_a_reason(api: httpx.Client) -> None:
    for content, kind, status in (
        (b"", "message/rfc822", 422),
        (b"\x00\x01\x02 no mail at all", "message/rfc822", 422),
        (b"{", "application/json", 400),
        (b'{"raw_email": 1}', "application/json", 422),
        (b'{"raw_email": "####"}', "application/json", 422),
        (b"[" * 10_000, "application/json", 400),
        (b"x=1", "application/x-www-form-urlencoded", 415),
        (b"--b\r\n", "multipart/form-data; boundary=b", 422),
    ):
        answer = api.post("/parse", content=content, headers={"content-type": kind})

        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


def test_what_can_not_be_parsed_is_said_to_be_kept(api: httpx.Client) -> None:
    detail = api.post("/parse", content=b"no mail at all", headers=RAW).json()["detail"]

    kept = re.search(r"it is kept all the same, as (\S+):", detail)
    assert kept
    assert api.get(f"/emails/{kept[1]}").status_code == 200


def test_a_message_is_classified_now_and_the_decision_is_kept(api: httpx.Client) -> None:
    email_id = api.post("/parse", content=ORDER, headers=RAW).json()["email"]["id"]

    answer = api.post("/classify", json={"email_id": email_id})

    assert answer.status_code == 200, answer.text
    assert answer.json()["intent"] == "order"
    assert sum(answer.json()["probabilities"].values()) == pytest.approx(1, abs=0.01)
    details = api.get(f"/emails/{email_id}").json()
    assert [h["intent"] for h in details["classification_history"]] == ["order"]
    assert {q["queue_name"]: q["status"] for q in details["queue"]}["classification"] == "completed"


def test_json_that_is_hostile_or_none_is_refused(api: httpx.Client) -> None:
    deep = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    for content, kind, status in (
        (deep, "application/json", 400),
        (b'{"email_id": NaN}', "application/json", 422),
        (b"email_id=1", "text/plain", 415),
        (b"", "application/json", 422),
    ):
        answer = api.post("/classify", content=content, headers={"content-type": kind})

        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_persons_label_wins(api: httpx.Client) -> None:
    email_id = api.post("/parse", content=ORDER, headers=RAW).json()["email"]["id"]

    labelled = api.post(f"/emails/{email_id}/label", json={"intent": "complaint", "note": "they are angry"})
    again = api.post("/classify", json={"email_id": email_id})

    assert (labelled.json()["intent"], labelled.json()["confidence_score"]) == ("complaint", 1)
    assert again.json()["intent"] == "complaint"
    assert api.post(f"/emails/{uuid4()}/label", json={"intent": "order"}).status_code == 404


def test_an_erp_action_is_approved_once(api: httpx.Client, db: psycopg.Connection) -> None:
    email_id = api.post("/parse", content=ORDER, headers=RAW).json()["email"]["id"]
    db.execute(
        "insert into erp_actions (email_id, action_type, idempotency_key, request_payload, payload_sha256, status)"
        " values (%s, 'create_order', 'k', '{}', sha256('{}'), 'needs_review')",
        (email_id,),
    )
    [action] = api.get("/erp-actions").json()

    first = api.post(f"/erp-actions/{action['id']}/approve", json={"reason": "looks right"})
    second = api.post(f"/erp-actions/{action['id']}/approve", json={})
    unknown = api.post(f"/erp-actions/{uuid4()}/reject", json={})

    assert (first.status_code, second.status_code, unknown.status_code) == (200, 422, 404)
    assert db.execute("select decision, decided_by from erp_action_decisions").fetchall() == [("approved", "tests")]


def test_pages_follow_each_other_without_a_gap(api: httpx.Client) -> None:
    for number in range(5):
        api.post("/parse", content=b"From: a@example.com\r\nSubject: %d\r\n\r\nhello\r\n" % number, headers=RAW)

    first = api.get("/emails", params={"limit": 3}).json()
    second = api.get("/emails", params={"limit": 3, "cursor": first["next"]}).json()
    found = api.get("/emails", params={"search": "hello", "limit": 200}).json()

    assert len(first["emails"]) == 3
    assert sorted(e["subject"] for e in first["emails"] + second["emails"]) == ["0", "1", "2", "3", "4"]
    assert second["next"] is None
    assert len(found["emails"]) == 5


def test_a_query_that_makes_no_sense_is_refused(api: httpx.Client) -> None:
    for query, status in (
        ("cursor=forged", 400),
        ("cursor=MjAyNg==", 400),
        ("limit=-1", 422),
        ("limit=100000000000000000000", 422),
        ("intent=nonsense", 422),
        ("search=%00", 422),
        ("trust=suspicious", 422),
    ):
        assert api.get(f"/emails?{query}").status_code == status, query


def test_an_unknown_id_is_not_found(api: httpx.Client) -> None:
    assert api.get(f"/emails/{uuid4()}").status_code == 404
    assert api.post("/classify", json={"email_id": str(uuid4())}).status_code == 404
    assert api.post(f"/attachments/{uuid4()}/link").status_code == 404


def test_an_attachment_is_fetched_by_a_link_that_needs_no_token(
    api: httpx.Client, url: str, db: psycopg.Connection
) -> None:
    [attachment] = api.post("/parse", content=ORDER, headers=RAW).json()["email"]["attachments"]

    link = api.post(f"/attachments/{attachment['id']}/link").json()["url"]
    fetched = httpx.get(url + link)
    forged = httpx.get(url + link.replace("signature=", "signature=0"))
    late = httpx.get(url + link.replace("expires=", "expires=1"))
    db.execute("update attachments set virus_scan_status = 'infected'")
    infected = httpx.get(url + link)

    assert fetched.content == b"candles,12"
    assert fetched.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%D0%B7")
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert (forged.status_code, late.status_code, infected.status_code) == (403, 403, 403)


def test_a_write_with_the_same_key_happens_once(api: httpx.Client, db: psycopg.Connection) -> None:
    email_id = api.post("/parse", content=ORDER, headers=RAW).json()["email"]["id"]
    asked = {"json": {"queue": "archive", "email_ids": [email_id]}, "headers": {"idempotency-key": "k1"}}

    first = api.post("/queues/items", **asked)  # type: ignore[arg-type]
    again = api.post("/queues/items", **asked)  # type: ignore[arg-type]
    other = api.post(
        "/queues/items", json={"queue": "other", "email_ids": [email_id]}, headers={"idempotency-key": "k1"}
    )

    assert first.json() == again.json()
    assert len(first.json()["enqueued"]) == 1
    assert again.headers["idempotent-replayed"] == "true"
    assert other.status_code == 422
    assert db.execute("select count(*) from processing_queue where queue_name = 'archive'").fetchone() == (1,)
