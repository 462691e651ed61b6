"""Files that are known only by a provider's reference: claiming, keeping, or giving them up."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from core import clock, database
from core.conversations.arrival import FILE_NAME, REFERENCE, keep_content
from core.conversations.models import Attachment, Message
from core.desk import Desk
from core.messages import Media

WAIT = timedelta(minutes=1)
"""The next try at a file, doubled with each; it is also the lease of whoever is fetching."""

MOST_TRIES = 10
"""Eight and a half hours in all; WeChat forgets a file after three days."""

CLAIM = """
UPDATE attachment SET tries = tries + 1, due_at = $1::timestamptz + $2::interval * power(2, tries)
WHERE id IN (
  SELECT id FROM attachment WHERE state = 'pending' AND due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

GIVE_UP = "UPDATE attachment SET state = 'lost', due_at = NULL WHERE state = 'pending' AND tries > $1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch, with the account it came to."""

    account_id: UUID
    conversation_id: UUID
    media: Media = field(repr=False)


async def claim(limit: int) -> list[UUID]:
    """Take due files for fetching; those tried too often are given up."""
    await database.run(GIVE_UP, MOST_TRIES)
    return [row["id"] for row in await database.rows(CLAIM, clock.now(), WAIT, limit)]


async def wanted(desk: Desk, attachment_id: UUID) -> Wanted:
    """What to fetch, and from where."""
    row = await Attachment.get(id=attachment_id)
    message = await Message.get(id=row.message_id)
    await desk.keyring.need([row.reference_sealed, row.name_sealed])
    media = Media(
        name=desk.keyring.text(FILE_NAME, row.id, row.name_sealed),
        content_type=row.content_type,
        reference=desk.keyring.text(REFERENCE, row.id, row.reference_sealed),
    )
    if message.account_id is None:
        raise ValueError("a pending file belongs to a message that came through an account")
    return Wanted(message.account_id, message.conversation_id, media)


async def keep(desk: Desk, attachment_id: UUID, media: Media) -> None:
    """Keep what was fetched, sealed."""
    row = await Attachment.get(id=attachment_id)
    await desk.keyring.need_keys([row.key_id])
    key = desk.keyring.key(row.key_id)
    row.content_type = database.storable(media.content_type, 100)
    row.name_sealed = key.seal(FILE_NAME, row.id, media.name.encode("utf-8", "replace"))
    keep_content(desk, row, key, media.content or b"")
    await row.save(update_fields=["content_type", "name_sealed", "content_sealed", "digest", "size", "state", "due_at"])


async def lose(attachment_id: UUID) -> None:
    """The provider no longer has it."""
    await Attachment.filter(id=attachment_id).update(state="lost", due_at=None)
