"""A claimed part made ready to leave: what it says, to whom, and in reply to what."""

from dataclasses import dataclass, field
from uuid import UUID

from core.conversations.arrival import BODY, FILE, FILE_NAME, INLINE_ID, PROVIDER_ID, REFERENCES, SUBJECT
from core.conversations.models import Address, Attachment, Contact, Message
from core.desk import Desk
from core.intake.identity import CONTACT_NAME, VALUE
from core.messages import Media, Outgoing
from core.notification.models import Outbox
from core.privacy.cipher import Key


@dataclass(frozen=True, slots=True)
class Leaving:
    """A part with all that is needed to send it and to record what came of it."""

    part: Outbox
    conversation_id: UUID
    address_id: UUID
    channel: str
    key: Key = field(repr=False)
    outgoing: Outgoing = field(repr=False)


async def leaving(desk: Desk, part_id: UUID) -> Leaving:
    """Open a part. Raise `CannotOpen` if the person has been erased meanwhile."""
    part = await Outbox.get(id=part_id)
    message = await Message.get(id=part.message_id)
    address = await Address.get(id=part.address_id)
    contact = await Contact.get(id=address.home_contact_id)
    await desk.keyring.need_keys([contact.key_id])
    await desk.keyring.need([contact.name_sealed, message.body_sealed, message.subject_sealed, part.text_sealed])
    outgoing = await _outgoing(desk, part, message, address, contact)
    return Leaving(part, message.conversation_id, address.id, address.kind, desk.keyring.key(contact.key_id), outgoing)


async def _outgoing(desk: Desk, part: Outbox, message: Message, address: Address, contact: Contact) -> Outgoing:
    open_text, mixed = desk.keyring.text, desk.facts[address.kind].mixed_parts
    text = open_text("outbox.text", part.id, part.text_sealed) or open_text(BODY, message.id, message.body_sealed)
    subject, in_reply_to, references = await _thread(desk, message, address)
    return Outgoing(
        id=part.id,
        to=open_text(VALUE, address.id, address.value_sealed),
        to_name=open_text(CONTACT_NAME, contact.id, contact.name_sealed),
        text="" if part.attachment_id else text,
        media=await _files(desk, part, mixed),
        subject=open_text(SUBJECT, message.id, message.subject_sealed) or subject,
        in_reply_to=in_reply_to,
        references=references,
        automatic=message.automatic,
    )


async def _thread(desk: Desk, message: Message, address: Address) -> tuple[str, str, tuple[str, ...]]:
    """The subject and ids that let a reader's program put this under what it answers (RFC 5322 3.6.4)."""
    said = Message.filter(conversation_id=message.conversation_id, address_id=address.id, id__lt=message.id)
    last = await said.filter(direction="in").order_by("-id").first()
    if last is None or not desk.facts[address.kind].has_subject:
        return "", "", ()
    await desk.keyring.need([last.subject_sealed, last.provider_id_sealed, last.references_sealed])
    subject = desk.keyring.text(SUBJECT, last.id, last.subject_sealed)
    provider_id = desk.keyring.text(PROVIDER_ID, last.id, last.provider_id_sealed)
    before = desk.keyring.text(REFERENCES, last.id, last.references_sealed).split()
    answering = subject if subject.lower().startswith("re:") or not subject else f"Re: {subject}"
    return answering, provider_id, tuple([*before, provider_id] if provider_id else before)


async def _files(desk: Desk, part: Outbox, mixed: bool) -> tuple[Media, ...]:
    if mixed:
        rows = await Attachment.filter(message_id=part.message_id, state="stored").order_by("position")
    else:
        rows = await Attachment.filter(id=part.attachment_id) if part.attachment_id else []
    await desk.keyring.need(sealed for row in rows for sealed in (row.name_sealed, row.content_sealed))
    return tuple(_media(desk, row) for row in rows)


def _media(desk: Desk, row: Attachment) -> Media:
    content = desk.keyring.open(FILE, row.id, row.content_sealed) if row.content_sealed else b""
    return Media(
        name=desk.keyring.text(FILE_NAME, row.id, row.name_sealed),
        content_type=row.content_type,
        content=content,
        inline_id=desk.keyring.text(INLINE_ID, row.id, row.inline_id_sealed),
    )
