"""What somebody at the desk does to a conversation: answer, note, assign, close, reopen."""

from collections.abc import Sequence
from uuid import UUID

from tortoise.exceptions import IntegrityError

from core import clock, database
from core.conversations.arrival import BODY, sealed_text
from core.conversations.models import Address, Contact, Conversation, Message
from core.conversations.reachability import file_why_not, text_why_not, why_not
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.messages import ChannelFacts, Media, MessageKind
from core.notification.post import Letter, post
from core.privacy.cipher import Key
from core.staff.accounts import ANSWERING
from core.staff.models import Staff

LONGEST = 20_000
"""Characters in one note or reply; far beyond what anyone types, short of what hurts."""

MOST_FILES = 10

ASSIGN = "UPDATE conversation SET assignee_id = $2 WHERE id = $1 AND assignee_id IS DISTINCT FROM $2"


async def reply(
    desk: Desk,
    conversation_id: UUID,
    staff_id: UUID | None,
    text: str,
    address_id: UUID,
    files: Sequence[Media] = (),
    subject: str = "",
    once: UUID | None = None,
) -> UUID:
    """Answer through one of the person's addresses; the message's id.

    `once` is made by the caller: the same one again is the same reply. Raise `NotFound`; raise `NotAllowed` with the
    reason where the person cannot be reached that way, before anything is queued.
    """
    text = text.strip()
    if once is not None and (before := await Message.get_or_none(once=once)):
        return before.id
    try:
        async with database.transaction():
            conversation = await _held(conversation_id)
            address = await _way(desk, conversation, address_id, text, files)
            letter = Letter(
                conversation_id=conversation.id,
                address=address,
                key=await _key_of(desk, address.home_contact_id),
                text=text,
                subject=" ".join(subject.split())[:200] if desk.facts[address.kind].has_subject else "",
                files=files,
                author_kind="staff",
                author_id=staff_id,
                once=once,
            )
            await post(desk, [letter])
            await _answered(conversation.id)
    except IntegrityError:
        return await _written_before(once)
    await desk.bell.ring("deliver")
    await desk.bell.announce({conversation_id})
    return letter.id


async def note(desk: Desk, conversation_id: UUID, staff_id: UUID | None, text: str, once: UUID | None = None) -> UUID:
    """Write an internal note, which is never sent. Raise `NotFound`, `NotAllowed`."""
    text = text.strip()
    if once is not None and (before := await Message.get_or_none(once=once)):
        return before.id
    if not text or len(text) > LONGEST:
        raise NotAllowed("备注不能为空" if not text else f"备注太长，最多 {LONGEST} 字")
    note_id = new_id()
    try:
        async with database.transaction():
            conversation = await _held(conversation_id)
            key = await _key_of(desk, conversation.contact_id)
            await Message.create(
                id=note_id,
                conversation_id=conversation.id,
                direction="note",
                author_kind="staff",
                author_id=staff_id,
                kind=MessageKind.TEXT.value,
                state="kept",
                once=once,
                created_at=clock.now(),
                body_sealed=sealed_text(key, BODY, note_id, text),
            )
    except IntegrityError:
        return await _written_before(once)
    await desk.bell.announce({conversation_id})
    return note_id


async def close(desk: Desk, conversation_id: UUID, staff_id: UUID | None) -> None:
    """Close a conversation; closing a closed one changes nothing. The person's next message opens a new one."""
    async with database.transaction():
        await _held(conversation_id)
        changed = await Conversation.filter(id=conversation_id, state="open").update(
            state="closed", closed_at=clock.now(), waiting_since=None, unread=0
        )
        if changed:
            await _line(conversation_id, staff_id, "关闭了会话")
    await desk.bell.announce({conversation_id})


async def reopen(desk: Desk, conversation_id: UUID, staff_id: UUID | None) -> None:
    """Open a closed conversation again. Raise `NotAllowed` if the person has another open one."""
    try:
        async with database.transaction():
            await _held(conversation_id)
            changed = await Conversation.filter(id=conversation_id, state="closed").update(
                state="open", closed_at=None, last_message_at=clock.now()
            )
            if changed:
                await _line(conversation_id, staff_id, "重新打开了会话")
    except IntegrityError:
        raise NotAllowed("这个人已有一个进行中的会话，请在那里继续") from None
    await desk.bell.announce({conversation_id})


async def assign(desk: Desk, conversation_id: UUID, staff_id: UUID | None, to: UUID | None) -> None:
    """Give a conversation to somebody, or (None) back to all. Raise `NotFound`, `NotAllowed`."""
    if to is not None:
        await _check_answers(to)
    async with database.transaction():
        await _held(conversation_id)
        if await database.run(ASSIGN, conversation_id, to):
            await _line(
                conversation_id, staff_id, "接手了会话" if to == staff_id else "转交了会话" if to else "放回未分配"
            )
    await desk.bell.announce({conversation_id})


async def _check_answers(staff_id: UUID) -> None:
    """Raise `NotAllowed` unless this is somebody who can answer."""
    staff = await Staff.get_or_none(id=staff_id, active=True)
    if staff is None:
        raise NotAllowed("这位同事不存在或已停用")
    if not ANSWERING & set(staff.roles):
        raise NotAllowed("这位同事不处理会话")


async def mark_read(desk: Desk, conversation_id: UUID) -> None:
    """Somebody has looked at what came."""
    if await Conversation.filter(id=conversation_id, unread__gt=0).update(unread=0):
        await desk.bell.announce({conversation_id})


async def _way(desk: Desk, conversation: Conversation, address_id: UUID, text: str, files: Sequence[Media]) -> Address:
    """The address to answer through. Raise `NotFound`, `NotAllowed`."""
    if conversation.state != "open":
        raise NotAllowed("会话已关闭，请先重新打开")
    address = await Address.get_or_none(id=address_id, contact_id=conversation.contact_id)
    if address is None:
        raise NotFound("这个人没有这个地址")
    _refuse(desk.facts[address.kind], address, text, files)
    return address


async def _answered(conversation_id: UUID) -> None:
    await Conversation.filter(id=conversation_id).update(waiting_since=None, unread=0, last_message_at=clock.now())


def _refuse(facts: ChannelFacts, address: Address, text: str, files: Sequence[Media]) -> None:
    """Raise `NotAllowed` with the first reason why this cannot be sent."""
    if not text and not files:
        raise NotAllowed("请输入回复内容")
    if len(files) > MOST_FILES:
        raise NotAllowed(f"一次最多发送 {MOST_FILES} 个文件")
    checks = [why_not(facts, address), text_why_not(facts, text)]
    checks += [file_why_not(facts, each.content_type, len(each.content or b"")) for each in files]
    for reason in filter(None, checks):
        raise NotAllowed(reason)


async def _written_before(once: UUID | None) -> UUID:
    """The same form came twice at once: the message that the other one became."""
    return (await Message.get(once=once, once__not_isnull=True)).id


async def _key_of(desk: Desk, contact_id: UUID) -> Key:
    contact = await Contact.get(id=contact_id)
    await desk.keyring.need_keys([contact.key_id])
    return desk.keyring.key(contact.key_id)


async def _held(conversation_id: UUID) -> Conversation:
    """A conversation that nobody closes, links or splits until the transaction ends. Raise `NotFound`."""
    conversation = await Conversation.select_for_update().get_or_none(id=conversation_id)
    if conversation is None or conversation.state == "joined":
        raise NotFound("没有这个会话")
    return conversation


async def _line(conversation_id: UUID, staff_id: UUID | None, text: str) -> None:
    """A line in the thread about what somebody did."""
    await Message.create(
        id=new_id(),
        conversation_id=conversation_id,
        direction="event",
        author_kind="staff",
        author_id=staff_id,
        kind=MessageKind.TEXT.value,
        state="kept",
        reason=text,
        created_at=clock.now(),
    )
