"""What providers say became of our messages. States only move forward, whatever the order receipts come in."""

from datetime import timedelta
from uuid import UUID

from core import clock, database
from core.desk import Desk
from core.messages import DeliveryState, DeliveryUpdate
from core.notification.states import refresh_messages

WAIT = timedelta(seconds=5)
"""A receipt can overtake the record of its own send; it comes again after this, growing with each try."""

MOST_TRIES = 6

FIND = """
SELECT id, message_id, state FROM outbox WHERE account_id = $1 AND provider_index = $2 FOR UPDATE
"""


async def apply(desk: Desk, account_id: UUID, update: DeliveryUpdate) -> set[UUID] | None:
    """Apply one receipt; the messages it touched, or None if nothing of ours has that id (yet)."""
    found = await database.rows(FIND, account_id, desk.index.of("provider", update.provider_id))
    if not found:
        return None
    behind = [row for row in found if DeliveryState(row["state"]).rank < update.state.rank]
    for row in behind:
        await database.run(
            "UPDATE outbox SET state = $2, code = $3, reason = $4 WHERE id = $1",
            row["id"],
            update.state.value,
            update.code[:32],
            update.reason[:200],
        )
    touched = {row["message_id"] for row in behind}
    await refresh_messages(touched)
    return touched


async def postpone(inbound_id: UUID, tries: int) -> bool:
    """Let an unmatched receipt come again later; False once that has been tried often enough."""
    if tries >= MOST_TRIES:
        return False
    due = clock.now() + WAIT * 2**tries
    await database.run("UPDATE inbound SET due_at = $2, tries = tries + 1 WHERE id = $1", inbound_id, due)
    return True
