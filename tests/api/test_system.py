"""Health, figures and queues over HTTP."""

import httpx
import psycopg

from tests.items import add_items


def test_health_names_each_dependency_with_its_latency(api: httpx.Client) -> None:
    answer = api.get("/health").json()

    assert (answer["status"], answer["database"]) == ("ok", "ok")
    assert answer["dependencies"].keys() >= {"database", "blobs", "classifier", "erp"}
    assert all(one["latency_ms"] >= 0 for one in answer["dependencies"].values())


def test_metrics_and_stats_honour_accept(api: httpx.Client) -> None:
    figures = {"total_emails", "emails_last_24h", "emails_pending_classification", "avg_parse_time_ms"}

    assert "emailq_queue_items" in api.get("/metrics").text
    assert api.get("/metrics", headers={"accept": "application/json"}).json().keys() >= figures
    assert api.get("/stats").json().keys() >= figures
    assert "emailq_queue_items" in api.get("/stats", headers={"accept": "text/plain"}).text
    assert api.get("/stats", headers={"accept": "text/plain;q=0.5, application/json"}).json().keys() >= figures


def test_a_queue_is_steered(api: httpx.Client, db: psycopg.Connection) -> None:
    [item] = add_items(db, 1, queue="archive")

    paused = api.post("/queues/archive/pause", json={"reason": "month end"}).json()
    why = api.get(f"/queues/items/{item}/why").json()["why"]
    resumed = api.post("/queues/archive/resume").json()
    cancelled = api.post("/queues/items/cancel", json={"ids": [str(item)]}).json()
    retried = api.post("/queues/items/retry", json={"ids": [str(item)]}).json()

    assert (paused["paused"], paused["reason"], resumed["paused"]) == (True, "month end", False)
    assert why == "the queue archive is paused: month end"
    assert cancelled == retried == {"changed": [str(item)]}
    assert api.post("/queues/unknown/pause", json={}).status_code == 404
