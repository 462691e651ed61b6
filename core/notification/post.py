"""The one door out: whatever we say becomes a message and its outbox parts here, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import templates
from core import clock
from core.conversations.arrival import BODY, SUBJECT, attached, sealed_text
from core.conversations.models import Address, Attachment, Message
from core.desk import Desk
from core.dispatch import Reply
from core.ids import new_id
from core.messages import ChannelFacts, DeliveryState, Media, MessageKind
from core.notification.models import Outbox
from core.privacy.cipher import Key


@dataclass(frozen=True, slots=True)
class Letter:
    """Something to be said to one person through one address.

    `answers` is the journal row it answers, whose call may carry it back until `held_until`.
    """

    conversation_id: UUID
    address: Address
    key: Key
    text: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    files: Sequence[Media] = ()
    author_kind: str = "bot"
    author_id: UUID | None = None
    answers: UUID | None = None
    held_until: datetime | None = None
    automatic: bool = False
    once: UUID | None = None
    id: UUID = field(default_factory=new_id)


def of_template(desk: Desk, reply: Reply, kind: str) -> tuple[str, str]:
    """The subject (on channels that have one) and text of a template."""
    text = templates.render(reply.template, reply.values)
    has_subject = desk.facts[kind].has_subject
    return (templates.render(f"{reply.template}.subject", reply.values) if has_subject else ""), text


async def post(desk: Desk, letters: Sequence[Letter]) -> None:
    """Write letters as messages with the parts to send. Runs in the caller's transaction; ring `deliver` after it."""
    attachments = {each.id: attached(desk, each.id, each.key, each.files) for each in letters}
    parts = [part for each in letters for part in _parts(desk.facts[each.address.kind], each, attachments[each.id])]
    await Message.bulk_create([_message(each) for each in letters])
    await Attachment.bulk_create([row for rows in attachments.values() for row in rows])
    await Outbox.bulk_create(parts)


def _message(letter: Letter) -> Message:
    message = Message(
        id=letter.id,
        conversation_id=letter.conversation_id,
        address_id=letter.address.id,
        account_id=letter.address.account_id,
        channel=letter.address.kind,
        direction="out",
        author_kind=letter.author_kind,
        author_id=letter.author_id,
        kind=_kind(letter).value,
        state=DeliveryState.QUEUED.value,
        reason="",
        answers=letter.answers,
        automatic=letter.automatic,
        once=letter.once,
        created_at=clock.now(),
    )
    message.body_sealed = sealed_text(letter.key, BODY, letter.id, letter.text)
    message.subject_sealed = sealed_text(letter.key, SUBJECT, letter.id, letter.subject)
    return message


def _kind(letter: Letter) -> MessageKind:
    if letter.text or not letter.files:
        return MessageKind.TEXT
    return MessageKind.IMAGE if letter.files[0].content_type.startswith("image/") else MessageKind.FILE


def _parts(facts: ChannelFacts, letter: Letter, attachments: list[Attachment]) -> list[Outbox]:
    """One part for everything where text and files travel together; else the text, then each file."""
    files: list[Attachment | None] = [None] if letter.text or facts.mixed_parts else []
    if not facts.mixed_parts:
        files += attachments
    now = clock.now()
    carried = facts.answers_in_call and facts.length_of(letter.text) <= facts.longest_text
    held = letter.held_until if carried else None
    return [
        Outbox(
            id=new_id(),
            message_id=letter.id,
            account_id=letter.address.account_id,
            address_id=letter.address.id,
            part=number,
            attachment_id=file.id if file else None,
            state=DeliveryState.QUEUED.value,
            due_at=max(now, held) if held else now,
            answers=letter.answers if carried and not number else None,
            tries=0,
            created_at=now,
        )
        for number, file in enumerate(files)
    ]
