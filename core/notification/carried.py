"""Answers that travel inside the provider's own call (WeChat's passive reply), claimed by the process that holds it.

What is carried counts as sent before it is written to the wire. If it does not arrive, the provider calls again, and
the same answer is carried again; it is never sent the other way as well.
"""

from uuid import UUID

from core import clock, database
from core.conversations.arrival import BODY
from core.conversations.models import Message
from core.desk import Desk
from core.intake.accounts import note_sent
from core.notification.models import Outbox
from core.notification.states import refresh_messages

CARRIED = "carried"

# One text fits into an answer: whatever else answers the same message goes the ordinary way.
TAKE = """
UPDATE outbox SET state = 'sent', code = 'carried', sent_at = $2, tries = tries + 1
WHERE state = 'queued' AND id = (
  SELECT id FROM outbox
  WHERE answers = $1 AND state = 'queued' AND attachment_id IS NULL AND text_sealed IS NULL
    AND NOT EXISTS (SELECT 1 FROM outbox AS carried WHERE carried.answers = $1 AND carried.code = 'carried')
  ORDER BY message_id, part LIMIT 1
)
RETURNING id, message_id, account_id
"""


async def carry(desk: Desk, inbound_id: UUID) -> tuple[str, UUID | None]:
    """The answer to carry back for a journal row, and its conversation; an empty text where there is none."""
    async with database.transaction():
        taken = await database.rows(TAKE, inbound_id, clock.now())
        await refresh_messages({row["message_id"] for row in taken})
    if taken:
        await note_sent(taken[0]["account_id"])
        return await _text(desk, taken[0]["message_id"])
    carried = await Outbox.get_or_none(answers=inbound_id, code=CARRIED)
    return await _text(desk, carried.message_id) if carried else ("", None)


async def release(inbound_id: UUID) -> bool:
    """Nobody waits any longer: what was held for the call goes the ordinary way now. True if there was something."""
    changed = await database.run(
        "UPDATE outbox SET due_at = $2 WHERE answers = $1 AND state = 'queued' AND due_at > $2", inbound_id, clock.now()
    )
    return bool(changed)


async def _text(desk: Desk, message_id: UUID) -> tuple[str, UUID | None]:
    message = await Message.get(id=message_id)
    await desk.keyring.need([message.body_sealed])
    return desk.keyring.text(BODY, message.id, message.body_sealed), message.conversation_id
