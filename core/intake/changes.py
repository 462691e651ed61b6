"""What a person did to the channel itself: followed, left, refused or allowed messages."""

from uuid import UUID

from core import clock
from core.conversations.models import Address, Conversation, Message
from core.desk import Desk
from core.ids import new_id
from core.intake.identity import Known, Sighting, place_of, recognise
from core.messages import ContactChange, ContactChanged, MessageKind
from core.notification.outbox import call_off

LINES = {
    ContactChange.FOLLOWED: "关注了公众号",
    ContactChange.UNFOLLOWED: "取消了关注，暂时无法给对方发消息",
    ContactChange.OPTED_OUT: "退订了消息，不再向此号码发送",
    ContactChange.OPTED_IN: "恢复接收消息",
}


async def apply_change(desk: Desk, account_id: UUID, kind: str, event: ContactChanged) -> set[UUID]:
    """Note the change on the address, and as a line in the open conversation if there is one."""
    sighting = Sighting(account_id, kind, event.sender)
    known = (await recognise(desk, [sighting]))[place_of(desk, sighting)]
    await Address.filter(id=known.address_id).update(**_effect(event.change))
    if event.change is ContactChange.OPTED_OUT:
        await call_off(known.address_id, "对方已退订，没有发送")
    conversation = await Conversation.get_or_none(contact_id=known.contact_id, state="open")
    if conversation is None:
        return set()
    await _line(conversation.id, account_id, kind, known, event.change)
    return {conversation.id}


def _effect(change: ContactChange) -> dict[str, object]:
    now = clock.now()
    match change:
        case ContactChange.FOLLOWED:
            return {"unreachable_at": None}
        case ContactChange.UNFOLLOWED:
            return {"unreachable_at": now}
        case ContactChange.OPTED_OUT:
            return {"opted_out_at": now}
        case ContactChange.OPTED_IN:
            return {"opted_out_at": None}


async def _line(conversation_id: UUID, account_id: UUID, kind: str, known: Known, change: ContactChange) -> None:
    await Message.create(
        id=new_id(),
        conversation_id=conversation_id,
        address_id=known.address_id,
        account_id=account_id,
        channel=kind,
        direction="event",
        author_kind="contact",
        author_id=known.contact_id,
        kind=MessageKind.TEXT.value,
        state="kept",
        reason=LINES[change],
        created_at=clock.now(),
    )
