"""One conversation opened: its messages with what became of them, who the person is, and how they can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core import database
from core.conversations.arrival import BODY, FILE, FILE_NAME, FULL, SUBJECT
from core.conversations.models import Address, Attachment, Contact, Conversation, Message
from core.conversations.naming import names_of
from core.conversations.people import MergeView, merges_of
from core.conversations.reachability import closes_at, why_not
from core.desk import Desk
from core.errors import NotFound
from core.intake.identity import NAME, VALUE
from core.notification.models import Outbox
from core.privacy import masking
from core.privacy.cipher import CannotOpen
from core.staff import accounts

LISTED = ("id", "message_id", "name_sealed", "content_type", "size", "state", "position")

GONE = "内容已删除"


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file as it is listed under its message."""

    id: UUID
    name: str
    content_type: str
    size: int
    state: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message. `stuck` are the parts that failed or whose outcome is unknown, which a person may send again."""

    id: UUID
    direction: str
    author_kind: str
    author: str
    channel: str
    kind: str
    body: str
    subject: str
    full: str
    state: str
    reason: str
    created_at: datetime
    sent_at: datetime | None
    attachments: list[AttachmentView]
    stuck: list[UUID]
    automatic: bool


@dataclass(frozen=True, slots=True)
class AddressView:
    """Where the person can be reached. `why_not` is empty when they can be written to there now."""

    id: UUID
    kind: str
    label: str
    value: str
    name: str
    verified: bool
    why_not: str
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier conversation with the same person."""

    conversation_id: UUID
    opened_at: datetime
    closed_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as a page shows it."""

    conversation_id: UUID
    state: str
    contact_id: UUID
    name: str
    assignee_id: UUID | None
    assignee: str
    unread: int
    addresses: list[AddressView]
    reply_through: UUID | None
    messages: list[MessageView]
    merges: list[MergeView]
    history: list[Before]
    has_earlier: bool


async def thread(
    desk: Desk, conversation_id: UUID, after: UUID | None = None, before: UUID | None = None, limit: int = 100
) -> Thread:
    """Open a conversation at its newest messages, or at those after or before one. Raise `NotFound`."""
    conversation = await Conversation.get_or_none(id=conversation_id)
    if conversation is None or conversation.state == "joined":
        raise NotFound("没有这个会话")
    contact = await Contact.get(id=conversation.contact_id)
    found = await _page(conversation_id, after, before, limit + 1)
    messages = found[-limit:] if after is None else found[:limit]
    addresses = await addresses_of(desk, contact.id)
    assignee = conversation.assignee_id
    names = await accounts.names(desk, [assignee] if assignee else [])
    return Thread(
        conversation_id=conversation.id,
        state=conversation.state,
        contact_id=contact.id,
        name=(await names_of(desk, [contact.id]))[contact.id],
        assignee_id=assignee,
        assignee=names.get(assignee, "") if assignee else "",
        unread=conversation.unread,
        addresses=addresses,
        reply_through=await _reply_through(conversation_id, addresses),
        messages=await _views(desk, messages),
        merges=await merges_of(desk, contact.id),
        history=await _history(contact.id, conversation_id),
        has_earlier=after is None and len(found) > limit,
    )


async def attachment(desk: Desk, attachment_id: UUID) -> tuple[str, str, bytes]:
    """A file: name, content type, bytes. Raise `NotFound` if it is not (or no longer) here."""
    row = await Attachment.get_or_none(id=attachment_id)
    if row is None or row.content_sealed is None:
        raise NotFound("没有这个文件，或者还在接收")
    await desk.keyring.need([row.content_sealed, row.name_sealed])
    try:
        content = desk.keyring.open(FILE, row.id, row.content_sealed)
        return desk.keyring.text(FILE_NAME, row.id, row.name_sealed), row.content_type, content
    except CannotOpen:
        raise NotFound("这个文件已删除") from None


async def addresses_of(desk: Desk, contact_id: UUID) -> list[AddressView]:
    """All addresses of a person, masked, with whether they can be written to."""
    rows = await Address.filter(contact_id=contact_id).order_by("id")
    await desk.keyring.need(sealed for row in rows for sealed in (row.value_sealed, row.name_sealed))
    return [_address(desk, row) for row in rows]


def _address(desk: Desk, row: Address) -> AddressView:
    facts = desk.facts[row.kind]
    return AddressView(
        id=row.id,
        kind=row.kind,
        label=facts.label,
        value=masking.address(_text(desk, VALUE, row.id, row.value_sealed)),
        name=masking.name(_text(desk, NAME, row.id, row.name_sealed)),
        verified=row.verified_at is not None,
        why_not=why_not(facts, row),
        closes_at=closes_at(facts, row.last_in_at),
    )


async def _page(conversation_id: UUID, after: UUID | None, before: UUID | None, limit: int) -> list[Message]:
    """A run of messages in order: the newest ones, or those just before or after another."""
    found = Message.filter(conversation_id=conversation_id)
    if after is not None:
        return await found.filter(id__gt=after).order_by("id").limit(limit)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(reversed(await found.order_by("-id").limit(limit)))


async def _views(desk: Desk, messages: Sequence[Message]) -> list[MessageView]:
    ids = [each.id for each in messages]
    files = await Attachment.filter(message_id__in=ids).order_by("position").only(*LISTED)
    stuck = await Outbox.filter(message_id__in=ids, state__in=["failed", "unknown"], resent_as=None).order_by("part")
    await desk.keyring.need(sealed for each in messages for sealed in (each.body_sealed, each.subject_sealed))
    await desk.keyring.need(each.full_sealed for each in messages)
    await desk.keyring.need(each.name_sealed for each in files)
    names = await accounts.names(
        desk, {each.author_id for each in messages if each.author_kind == "staff" and each.author_id}
    )
    return [
        _view(
            desk,
            each,
            names.get(each.author_id, "") if each.author_id else "",
            [_file(desk, row) for row in files if row.message_id == each.id],
            [row.id for row in stuck if row.message_id == each.id],
        )
        for each in messages
    ]


def _view(desk: Desk, row: Message, author: str, files: list[AttachmentView], stuck: list[UUID]) -> MessageView:
    return MessageView(
        id=row.id,
        direction=row.direction,
        author_kind=row.author_kind,
        author=author,
        channel=row.channel,
        kind=row.kind,
        body=row.reason if row.direction == "event" else masking.free_text(_text(desk, BODY, row.id, row.body_sealed)),
        subject=masking.free_text(_text(desk, SUBJECT, row.id, row.subject_sealed)),
        full=masking.free_text(_text(desk, FULL, row.id, row.full_sealed)),
        state=row.state,
        reason="" if row.direction == "event" else row.reason,
        created_at=row.created_at,
        sent_at=row.sent_at,
        attachments=files,
        stuck=stuck,
        automatic=row.automatic,
    )


def _file(desk: Desk, row: Attachment) -> AttachmentView:
    name = _text(desk, FILE_NAME, row.id, row.name_sealed)
    return AttachmentView(row.id, masking.free_text(name), row.content_type, row.size, row.state)


def _text(desk: Desk, place: str, row: UUID, sealed: bytes | None) -> str:
    try:
        return desk.keyring.text(place, row, sealed)
    except CannotOpen:
        return GONE


async def _reply_through(conversation_id: UUID, addresses: Sequence[AddressView]) -> UUID | None:
    """Where the person wrote last, if they can be answered there; else the first way that is open."""
    usable = [each.id for each in addresses if not each.why_not]
    last = (
        await Message.filter(conversation_id=conversation_id, direction="in", address_id__in=usable)
        .order_by("-id")
        .first()
    )
    return last.address_id if last else next(iter(usable), None)


async def _history(contact_id: UUID, besides: UUID) -> list[Before]:
    found = await database.rows(
        "SELECT id, opened_at, closed_at, state FROM conversation"
        " WHERE contact_id = $1 AND id <> $2 AND state <> 'joined' ORDER BY opened_at DESC LIMIT 20",
        contact_id,
        besides,
    )
    return [Before(row["id"], row["opened_at"], row["closed_at"], row["state"]) for row in found]
