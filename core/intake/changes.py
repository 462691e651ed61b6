"""What a person did to the channel itself: followed, left, refused or allowed messages."""

from uuid import UUID

from core import clock, database
from core.conversations.models import Address, Conversation, Message
from core.desk import Desk
from core.ids import new_id
from core.intake.identity import Sighting, place_of, recognise
from core.messages import ContactChange, ContactChanged, MessageKind
from core.notification.outbox import STOPPED, call_off

LINES = {
    ContactChange.FOLLOWED: "关注了公众号",
    ContactChange.UNFOLLOWED: "取消了关注，暂时无法给对方发消息",
    ContactChange.OPTED_OUT: "退订了消息，不再向此号码发送",
    ContactChange.OPTED_IN: "恢复接收消息",
}
COMPLAINED = "把收到的消息投诉为垃圾信息，不再向此地址发送"

SENT_TO = """
SELECT address.id, address.contact_id FROM outbox JOIN address ON address.id = outbox.address_id
WHERE outbox.account_id = $1 AND outbox.provider_index = $2 LIMIT 1
"""

Place = tuple[UUID, UUID]
"""An address and the contact it belongs to now."""


async def apply_change(desk: Desk, account_id: UUID, kind: str, event: ContactChanged) -> set[UUID]:
    """Note the change on the address, and as a line in the open conversation if there is one."""
    place = await (_sent_to(desk, account_id, event) if event.about else _seen(desk, account_id, kind, event))
    if place is None:
        return set()
    address_id, contact_id = place
    await Address.filter(id=address_id).update(**_effect(event.change))
    if event.change is ContactChange.OPTED_OUT:
        await call_off(address_id, STOPPED)
    conversation = await Conversation.get_or_none(contact_id=contact_id, state="open")
    if conversation is None:
        return set()
    await _line(conversation.id, account_id, kind, place, COMPLAINED if event.about else LINES[event.change])
    return {conversation.id}


async def _seen(desk: Desk, account_id: UUID, kind: str, event: ContactChanged) -> Place | None:
    sighting = Sighting(account_id, kind, event.sender)
    known = (await recognise(desk, [sighting]))[place_of(desk, sighting)]
    return known.address_id, known.contact_id


async def _sent_to(desk: Desk, account_id: UUID, event: ContactChanged) -> Place | None:
    found = await database.rows(SENT_TO, account_id, desk.index.of("provider", event.about))
    return (found[0]["id"], found[0]["contact_id"]) if found else None


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


async def _line(conversation_id: UUID, account_id: UUID, kind: str, place: Place, said: str) -> None:
    await Message.create(
        id=new_id(),
        conversation_id=conversation_id,
        address_id=place[0],
        account_id=account_id,
        channel=kind,
        direction="event",
        author_kind="contact",
        author_id=place[1],
        kind=MessageKind.TEXT.value,
        state="kept",
        reason=said,
        created_at=clock.now(),
    )
