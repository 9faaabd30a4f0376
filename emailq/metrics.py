"""Every metric, with its unit and meaning."""

from prometheus_client import Counter, Gauge, Histogram, start_http_server

JOBS = Counter("emailq_jobs_total", "Jobs by how they ended", ["queue", "outcome"])
HANDLER_SECONDS = Histogram(
    "emailq_handler_seconds",
    "Time a handler took for one job",
    ["queue"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 120, 300),
)
RUNNING = Gauge("emailq_jobs_running", "Jobs claimed and not yet committed by this worker", ["queue"])
LOST = Counter(
    "emailq_jobs_lost_total", "Outcomes dropped because the job belonged to another worker by then", ["queue"]
)
RESCUED = Counter("emailq_jobs_rescued_total", "Jobs of lost workers that this worker gave back")
RECONNECTS = Counter("emailq_session_reconnects_total", "Times the worker's session connection was made anew")


def serve(port: int) -> None:
    """Expose the metrics on 127.0.0.1, in the Prometheus text format."""
    start_http_server(port, addr="127.0.0.1")
