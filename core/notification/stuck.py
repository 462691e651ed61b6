"""Dead letters: parts that failed or whose outcome is unknown, until somebody sends them again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core import database
from core.errors import NotFound

STUCK = """
SELECT outbox.id, outbox.message_id, message.conversation_id, channel_account.kind, channel_account.name,
       outbox.state, outbox.code, outbox.reason, outbox.tries, outbox.created_at
FROM outbox
JOIN message ON message.id = outbox.message_id
JOIN channel_account ON channel_account.id = outbox.account_id
WHERE outbox.state IN ('failed', 'unknown') AND outbox.resent_as IS NULL
"""
PAGE = STUCK + " AND ($2::timestamptz IS NULL OR outbox.created_at < $2) ORDER BY outbox.created_at DESC LIMIT $1"
ONE = STUCK + " AND outbox.id = $1"


@dataclass(frozen=True, slots=True)
class StuckPart:
    """A part that did not, or may not have, arrived. What it says stays sealed."""

    id: UUID
    message_id: UUID
    conversation_id: UUID
    channel: str
    account: str
    state: str
    code: str
    reason: str
    tries: int
    created_at: datetime


async def stuck_parts(limit: int = 50, before: datetime | None = None) -> list[StuckPart]:
    """A page of them, newest first."""
    return [_part(row) for row in await database.rows(PAGE, limit, before)]


async def stuck_part(part_id: UUID) -> StuckPart:
    """One of them. Raise `NotFound` if it is none, or none any more."""
    found = await database.rows(ONE, part_id)
    if not found:
        raise NotFound("没有这条发送记录，或者已经重发")
    return _part(found[0])


def _part(row: dict[str, object]) -> StuckPart:
    values = dict(row)
    values["channel"], values["account"] = values.pop("kind"), values.pop("name")
    return StuckPart(**values)  # type: ignore[arg-type]  # columns as selected above
