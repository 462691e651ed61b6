"""What is waiting and what is stuck, over all processes: for /metrics and the administrators' page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core import clock, database

JOURNAL_STATES = ("received", "failed", "unreadable")
OUTBOX_STATES = ("queued", "claimed", "sending", "unknown", "failed")

# Each count has a partial index (migration 0002): the millions of rows that are done are never looked at.
JOURNAL = """
SELECT state, count(*) AS rows FROM inbound
WHERE state = 'received' OR state IN ('failed', 'unreadable') GROUP BY state
"""
OLDEST = "SELECT min(received_at) AS oldest FROM inbound WHERE state = 'received'"
OUTBOX = """
SELECT state, count(*) AS rows FROM outbox
WHERE state IN ('queued', 'claimed', 'sending') OR (state IN ('failed', 'unknown') AND resent_as IS NULL) GROUP BY state
"""
MEDIA = "SELECT count(*) AS rows FROM attachment WHERE state = 'pending'"

# Ids are UUIDv7 (RFC 9562 5.7): they begin with the time, so that the primary key finds the last hour.
ATTEMPTS = """
SELECT account.kind, attempt.outcome, count(*) AS rows
FROM attempt JOIN outbox ON outbox.id = attempt.outbox_id JOIN channel_account account ON account.id = outbox.account_id
WHERE attempt.id >= $1 GROUP BY account.kind, attempt.outcome
"""
RECEIVED = """
SELECT account.kind, inbound.state, count(*) AS rows
FROM inbound JOIN channel_account account ON account.id = inbound.account_id
WHERE inbound.id >= $1 GROUP BY account.kind, inbound.state
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Rows that are not done, by state; every state is there, with 0 where nothing waits."""

    journal: Mapping[str, int]
    oldest_seconds: float
    """Age of the oldest journal row that waits for folding; 0 when none does."""
    outbox: Mapping[str, int]
    media: int


@dataclass(frozen=True, slots=True)
class Recent:
    """(channel kind, attempt's outcome or journal state, count) over the last hour."""

    attempts: Sequence[tuple[str, str, int]]
    received: Sequence[tuple[str, str, int]]


async def backlog() -> Backlog:
    """Count what waits."""
    oldest = (await database.rows(OLDEST))[0]["oldest"]
    return Backlog(
        journal=await _by_state(JOURNAL, JOURNAL_STATES),
        oldest_seconds=max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0,
        outbox=await _by_state(OUTBOX, OUTBOX_STATES),
        media=(await database.rows(MEDIA))[0]["rows"],
    )


async def recent(span: timedelta = timedelta(hours=1)) -> Recent:
    """Count what happened lately."""
    since = first_id_of(clock.now() - span)
    return Recent(
        attempts=[(row["kind"], row["outcome"], row["rows"]) for row in await database.rows(ATTEMPTS, since)],
        received=[(row["kind"], row["state"], row["rows"]) for row in await database.rows(RECEIVED, since)],
    )


def first_id_of(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


async def _by_state(sql: str, states: tuple[str, ...]) -> dict[str, int]:
    found = {row["state"]: row["rows"] for row in await database.rows(sql)}
    return {state: found.get(state, 0) for state in states}
