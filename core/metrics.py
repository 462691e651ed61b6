"""Counters for /metrics, one registry for each process. Labels are channels, routes and outcomes: never a person or an id."""

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

REQUESTS = Counter(
    "yingda_requests", "Requests answered, by route template.", ("route", "method", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "yingda_request_seconds",
    "Time until a request was answered.",
    ("route",),
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
INTAKE = Counter(
    "yingda_intake",
    "Calls of providers and mails fetched, by what became of them.",
    ("channel", "outcome"),
    registry=REGISTRY,
)
ATTEMPTS = Counter("yingda_deliver_attempts", "Sends tried by this process.", ("channel", "outcome"), registry=REGISTRY)
LIVE_SOCKETS = Gauge("yingda_live_sockets", "Inboxes connected to this process.", registry=REGISTRY)


def taken_in(channel: str, outcome: Literal["accepted", "refused", "unreadable"], count: int = 1) -> None:
    """Count what came in. Repeats of something known count as accepted: the provider heard the same answer."""
    INTAKE.labels(channel, outcome).inc(count)


def attempted(channel: str, outcome: str) -> None:
    """Count one send; `outcome` is what the attempt's row says."""
    ATTEMPTS.labels(channel, outcome).inc()


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request. `route` is the template (/inbox/<id>), `-` where none matched: paths would never end."""
    REQUESTS.labels(route, method, status).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
