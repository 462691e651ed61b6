"""What arrives becomes messages of the one open conversation that each person has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from core import clock, database
from core.conversations.models import Attachment, Conversation, Message
from core.desk import Desk
from core.ids import new_id
from core.intake.identity import Known
from core.messages import Media, MessageReceived
from core.privacy.cipher import Key

BODY = "message.body"
SUBJECT = "message.subject"
FULL = "message.full"
PROVIDER_ID = "message.provider_id"
REFERENCES = "message.references"
FILE = "attachment.content"
FILE_NAME = "attachment.name"
REFERENCE = "attachment.reference"
INLINE_ID = "attachment.inline_id"

ARRIVING = 0x464F4C44  # "FOLD"


async def hold_arrivals() -> None:
    """Until the transaction ends, nothing else arrives, and nobody else changes whose an address is."""
    await database.rows("SELECT pg_advisory_xact_lock($1)", ARRIVING)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One received message, with the person who wrote it and the journal row it came in."""

    inbound_id: UUID
    account_id: UUID
    channel: str
    known: Known
    event: MessageReceived
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of an arrival. `opened`: it began a conversation."""

    arrival: Arrival
    message_id: UUID
    conversation_id: UUID
    opened: bool


async def open_conversations(contact_ids: Iterable[UUID]) -> tuple[dict[UUID, UUID], set[UUID]]:
    """The open conversation of each contact, made where there is none; and which contacts' were made now."""
    wanted = list(dict.fromkeys(contact_ids))
    rows = await Conversation.filter(contact_id__in=wanted, state="open").order_by("id").select_for_update()
    found = {each.contact_id: each.id for each in rows}
    missing = [each for each in wanted if each not in found]
    now = clock.now()
    made = [
        Conversation(id=new_id(), contact_id=each, opened_at=now, last_message_at=now, state="open", unread=0)
        for each in missing
    ]
    await Conversation.bulk_create(made)
    return found | {each.contact_id: each.id for each in made}, set(missing)


async def arrive(desk: Desk, arrivals: Sequence[Arrival]) -> list[Arrived]:
    """Write arrivals as messages, in order. Runs in the caller's transaction."""
    conversations, opened = await open_conversations(each.known.contact_id for each in arrivals)
    messages: list[Message] = []
    attachments: list[Attachment] = []
    arrived: list[Arrived] = []
    for each in arrivals:
        conversation_id = conversations[each.known.contact_id]
        message = _message(desk, each, conversation_id)
        messages.append(message)
        attachments += attached(desk, message.id, each.known.key, each.event.media)
        arrived.append(Arrived(each, message.id, conversation_id, each.known.contact_id in opened))
        opened.discard(each.known.contact_id)
    await Message.bulk_create(messages)
    await Attachment.bulk_create(attachments)
    await _touch(arrived)
    return arrived


def _message(desk: Desk, arrival: Arrival, conversation_id: UUID) -> Message:
    event, key = arrival.event, arrival.known.key
    message = Message(
        id=new_id(),
        conversation_id=conversation_id,
        address_id=arrival.known.address_id,
        account_id=arrival.account_id,
        channel=arrival.channel,
        direction="in",
        author_kind="contact",
        author_id=arrival.known.contact_id,
        kind=event.kind.value,
        state="received",
        reason="",
        automatic=event.automatic,
        created_at=arrival.received_at,
        sent_at=event.sent_at,
    )
    message.body_sealed = sealed_text(key, BODY, message.id, event.text)
    message.subject_sealed = sealed_text(key, SUBJECT, message.id, event.subject)
    message.full_sealed = sealed_text(key, FULL, message.id, event.full_text)
    message.provider_id_sealed = sealed_text(key, PROVIDER_ID, message.id, event.provider_id)
    message.references_sealed = sealed_text(key, REFERENCES, message.id, " ".join(event.references))
    if event.provider_id:
        message.provider_index = desk.index.of("provider", event.provider_id)
    return message


def sealed_text(key: Key, place: str, row: UUID, text: str) -> bytes | None:
    """A text sealed for its place; an empty one stays NULL."""
    return key.seal(place, row, text.encode("utf-8", "replace")) if text else None


def attached(desk: Desk, message_id: UUID, key: Key, media: Sequence[Media]) -> list[Attachment]:
    """The attachments of a message; one known only by reference is left pending."""
    return [_attachment(desk, message_id, key, at, each) for at, each in enumerate(media)]


def _attachment(desk: Desk, message_id: UUID, key: Key, position: int, media: Media) -> Attachment:
    pending = media.content is None
    row = Attachment(
        id=new_id(),
        message_id=message_id,
        position=position,
        key_id=key.id,
        content_type=database.storable(media.content_type, 100),
        state="pending" if pending else "stored",
        size=len(media.content or b""),
        tries=0,
        due_at=clock.now() if pending else None,
    )
    row.name_sealed = key.seal(FILE_NAME, row.id, media.name.encode("utf-8", "replace"))
    row.reference_sealed = sealed_text(key, REFERENCE, row.id, media.reference)
    row.inline_id_sealed = sealed_text(key, INLINE_ID, row.id, media.inline_id)
    if media.content is not None:
        keep_content(desk, row, key, media.content)
    return row


def keep_content(desk: Desk, row: Attachment, key: Key, content: bytes) -> None:
    """Seal a file into its row."""
    row.content_sealed = key.seal(FILE, row.id, content)
    row.digest = desk.index.of("file", sha256(content).hexdigest())
    row.size, row.state, row.due_at = len(content), "stored", None


TOUCH = """
UPDATE conversation SET
  last_message_at = greatest(last_message_at, given.at),
  unread = unread + given.count,
  waiting_since = coalesce(waiting_since, given.waits)
FROM unnest($1::uuid[], $2::timestamptz[], $3::int[], $4::timestamptz[]) AS given (id, at, count, waits)
WHERE conversation.id = given.id
"""

SEEN = """
UPDATE address SET last_in_at = greatest(last_in_at, given.at), unreachable_at = NULL
FROM unnest($1::uuid[], $2::timestamptz[]) AS given (id, at)
WHERE address.id = given.id
"""


async def _touch(arrived: Sequence[Arrived]) -> None:
    """Move conversations up and note when each address was last heard from."""
    conversations: dict[UUID, tuple[datetime, int, datetime | None]] = {}
    addresses: dict[UUID, datetime] = {}
    for each in arrived:
        at, address_id = each.arrival.received_at, each.arrival.known.address_id
        last, count, waits = conversations.get(each.conversation_id, (at, 0, None))
        first = at if waits is None and not each.arrival.event.automatic else waits
        conversations[each.conversation_id] = (max(last, at), count + 1, first)
        addresses[address_id] = max(at, addresses.get(address_id, at))
    last_at, counts, waiting = zip(*conversations.values(), strict=True) if conversations else ((), (), ())
    await database.run(TOUCH, list(conversations), list(last_at), list(counts), list(waiting))
    await database.run(SEEN, list(addresses), list(addresses.values()))
