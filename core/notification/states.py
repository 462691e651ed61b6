"""A message is as far as the part of it that has come least far; one failed or unknown part is what people must see."""

from collections.abc import Collection
from uuid import UUID

from core import database

REFRESH = """
UPDATE message SET state = found.state, reason = found.reason
FROM (
  SELECT DISTINCT ON (message_id) message_id, reason,
    CASE WHEN state = 'claimed' THEN 'queued' ELSE state END AS state
  FROM outbox
  WHERE message_id = ANY($1) AND resent_as IS NULL
  ORDER BY message_id, array_position(
    ARRAY['failed', 'unknown', 'sending', 'claimed', 'queued', 'sent', 'delivered', 'read'], state::text), part
) AS found
WHERE message.id = found.message_id
"""


HOLD = "SELECT id FROM message WHERE id = ANY($1) ORDER BY id FOR UPDATE"


async def refresh_messages(message_ids: Collection[UUID]) -> None:
    """Bring messages' states in line with their parts'. Runs in the transaction that changed the parts.

    Two parts that change at once wait here for one another, so that the later one sees both.
    """
    if message_ids:
        await database.rows(HOLD, list(message_ids))
        await database.run(REFRESH, list(message_ids))


async def conversations_of(message_ids: Collection[UUID]) -> set[UUID]:
    """The conversations that these messages stand in."""
    sql = "SELECT DISTINCT conversation_id FROM message WHERE id = ANY($1)"
    return {row["conversation_id"] for row in await database.rows(sql, list(message_ids))} if message_ids else set()
