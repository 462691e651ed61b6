"""What /metrics tells. Labels are channels, routes, states and outcomes: never a person or an id.

Counters belong to a process. What is waiting and what was tried is read from the database (`core.backlog`), which knows
of every process.
"""

from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from core.backlog import Backlog, Recent

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody reads
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
    "yingda_intake", "Providers' calls, by what became of them.", ("channel", "outcome"), registry=REGISTRY
)
LIVE_SOCKETS = Gauge("yingda_live_sockets", "Inboxes connected to this process.", registry=REGISTRY)


METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
"""Anybody may invent another; each would be a series for ever."""


def taken_in(channel: str, outcome: Literal["accepted", "refused", "unreadable"]) -> None:
    """Count a provider's call. A repeat of something known counts as accepted: it is answered the same."""
    INTAKE.labels(channel, outcome).inc()


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request. `route` is the template (/inbox/<id>), `-` where none matched: paths would never end."""
    REQUESTS.labels(route, method if method in METHODS else "other", status).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def exposition(backlog: Backlog, recent: Recent) -> bytes:
    """Everything in Prometheus' text format (version 0.0.4)."""
    return generate_latest(REGISTRY) + generate_latest(_gauges(backlog, recent))


def _gauges(backlog: Backlog, recent: Recent) -> CollectorRegistry:
    registry = CollectorRegistry()
    journal = Gauge("yingda_journal_rows", "Journal rows that are not folded.", ("state",), registry=registry)
    for state, count in backlog.journal.items():
        journal.labels(state).set(count)
    oldest = Gauge("yingda_journal_oldest_seconds", "Age of the oldest row that waits for folding.", registry=registry)
    oldest.set(backlog.oldest_seconds)
    outbox = Gauge("yingda_outbox_parts", "Parts that are not sent.", ("state",), registry=registry)
    for state, count in backlog.outbox.items():
        outbox.labels(state).set(count)
    Gauge("yingda_media_pending", "Files still to be fetched.", registry=registry).set(backlog.media)
    attempts = Gauge("yingda_deliver_attempts_last_hour", "Sends tried.", ("channel", "outcome"), registry=registry)
    for channel, outcome, count in recent.attempts:
        attempts.labels(channel, outcome or "running").set(count)
    received = Gauge("yingda_journal_last_hour", "Events taken in.", ("channel", "state"), registry=registry)
    for channel, state, count in recent.received:
        received.labels(channel, state).set(count)
    return registry
