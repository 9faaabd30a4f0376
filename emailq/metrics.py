"""Every metric, with its unit and meaning."""

from prometheus_client import Counter, Gauge, Histogram, start_http_server

JOBS = Counter(
    "emailq_jobs_total", "Jobs by how they ended; lost: another worker owned it by then", ["queue", "outcome"]
)
HANDLER_SECONDS = Histogram(
    "emailq_handler_seconds",
    "Time a handler took for one job",
    ["queue"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 120, 300),
)
RUNNING = Gauge("emailq_jobs_running", "Jobs claimed and not yet committed by this worker", ["queue"])
RESCUED = Counter("emailq_jobs_rescued_total", "Jobs of lost workers that this worker gave back")
RECONNECTS = Counter("emailq_session_reconnects_total", "Times the worker's session connection was made anew")

# How the queues and the mail stand. Every process that exposes metrics reads them from the database: take the maximum.
QUEUE_ITEMS = Gauge("emailq_queue_items", "Items of a queue; due are pending and not in the future", ["queue", "state"])
QUEUE_OLDEST = Gauge(
    "emailq_queue_oldest_seconds", "For how long the oldest due item of a queue has been due", ["queue"]
)
QUEUE_WORKERS = Gauge("emailq_queue_workers", "Workers connected that serve a queue", ["queue"])
QUEUE_HELD = Gauge("emailq_queue_held", "1 while a queue is paused or waits for what it depends on", ["queue", "by"])
EMAILS_TO_REVIEW = Gauge("emailq_emails_to_review", "Messages that a person has to look at")
ERP_ACTIONS_OPEN = Gauge("emailq_erp_actions_open", "ERP actions that have not succeeded, by status", ["status"])
STANDING_AGE = Gauge("emailq_standing_timestamp_seconds", "Unix time at which the gauges of the database were read")

EMAILS_ACCEPTED = Counter("emailq_emails_accepted_total", "Messages that came in", ["result"])  # new, known
CLASSIFIED = Counter("emailq_classifications_total", "Decisions about a message", ["intent", "provider", "decision"])
CONFIDENCE = Histogram(
    "emailq_classification_confidence",
    "Confidence of the decisions about a message",
    ["provider"],
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99),
)
QUEUE_SECONDS = Histogram(
    "emailq_job_latency_seconds",
    "Time from the moment an item was due to its end",
    ["queue"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 300, 1800, 7200),
)
ERP_CALLS = Counter("emailq_erp_calls_total", "Calls of an ERP by what became of them", ["adapter", "outcome"])


exposed = False  # whether somebody can read them


def serve(port: int, host: str) -> int:
    """Expose the metrics in the Prometheus text format; returns the port, which was chosen for port 0."""
    global exposed
    server, _ = start_http_server(port, addr=host)
    exposed = True
    return int(server.server_port)
