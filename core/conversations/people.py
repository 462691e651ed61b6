"""Two people who turn out to be one are linked by somebody who knows, and can be split again exactly as they were.

What a person wrote stays sealed under the key of the contact that the address first belonged to: linking and
splitting re-encrypt nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core import clock, database
from core.conversations.arrival import hold_arrivals
from core.conversations.listing import contacts_at
from core.conversations.models import Address, Contact, Conversation, Merge, Message
from core.conversations.naming import names_of
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.intake.identity import CONTACT_NAME
from core.staff import accounts, audit


@dataclass(frozen=True, slots=True)
class MergeView:
    """A link that stands: who was absorbed, when, by whom."""

    id: UUID
    at: datetime
    by: str
    name: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person to choose from a list, masked."""

    id: UUID
    name: str
    kinds: list[str]
    open_conversation: UUID | None


async def link(desk: Desk, kept_id: UUID, absorbed_id: UUID, staff_id: UUID | None) -> UUID:
    """Make one person of two; the id of the link, for splitting. Raise `NotFound`, `NotAllowed`."""
    if kept_id == absorbed_id:
        raise NotAllowed("这是同一个人")
    async with database.transaction():
        await hold_arrivals()
        await _lock_both(kept_id, absorbed_id)
        await _hold_conversations(kept_id, absorbed_id)
        merge = Merge(id=new_id(), kept_id=kept_id, absorbed_id=absorbed_id, staff_id=staff_id, at=clock.now())
        await _join_open_conversations(merge)
        await _move(merge)
        await merge.save(force_create=True)
        await Contact.filter(id=absorbed_id).update(merged_into=kept_id)
        await audit.append("contact.link", f"contact {kept_id}", staff_id=staff_id, detail=f"absorbed {absorbed_id}")
    await desk.bell.announce({each for each in (merge.joined_into, merge.joined_conversation) if each})
    return merge.id


async def split(desk: Desk, merge_id: UUID, staff_id: UUID | None) -> None:
    """Undo a link: addresses, conversations and messages go back, also those that came since.

    Raise `NotFound`, `NotAllowed`.
    """
    async with database.transaction():
        await hold_arrivals()
        merge = await Merge.get_or_none(id=merge_id, undone_at=None)
        if merge is None:
            raise NotFound("这两个人没有关联，或已经拆分")
        await _refuse_if_linked_further(merge)
        await _hold_conversations(merge.kept_id, merge.absorbed_id)
        touched = await _move_back(merge)
        await Contact.filter(id=merge.absorbed_id).update(merged_into=None)
        await Merge.filter(id=merge.id).update(undone_at=clock.now())
        await audit.append(
            "contact.split", f"contact {merge.kept_id}", staff_id=staff_id, detail=f"freed {merge.absorbed_id}"
        )
    await desk.bell.announce(touched)


async def merges_of(desk: Desk, contact_id: UUID) -> list[MergeView]:
    """The links that stand for a person, newest first."""
    merges = await Merge.filter(kept_id=contact_id, undone_at=None).order_by("-at")
    people = await names_of(desk, (each.absorbed_id for each in merges))
    colleagues = await accounts.names(desk, {each.staff_id for each in merges if each.staff_id})
    return [
        MergeView(
            id=each.id,
            at=each.at,
            by=colleagues.get(each.staff_id, "") if each.staff_id else "",
            name=people[each.absorbed_id],
        )
        for each in merges
    ]


async def find_people(desk: Desk, find: str, limit: int = 20) -> list[PersonView]:
    """People with this exact address; with an empty text, those who wrote last."""
    if find:
        ids = (await contacts_at(desk, find))[:limit]
    else:
        rows = await Conversation.filter(state="open").order_by("-last_message_at").limit(limit)
        ids = [each.contact_id for each in rows]
    return await people(desk, ids)


async def people(desk: Desk, ids: Sequence[UUID]) -> list[PersonView]:
    """These people, in this order; those who are not there are left out."""
    names = await names_of(desk, ids)
    addresses = await Address.filter(contact_id__in=list(ids))
    opened = {each.contact_id: each.id for each in await Conversation.filter(contact_id__in=list(ids), state="open")}
    return [
        PersonView(
            id=each,
            name=names[each],
            kinds=sorted({row.kind for row in addresses if row.contact_id == each}),
            open_conversation=opened.get(each),
        )
        for each in ids
        if each in names
    ]


async def rename(desk: Desk, contact_id: UUID, name: str, staff_id: UUID | None) -> None:
    """Give a person the name that they go by. Raise `NotFound`, `NotAllowed`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60:
        raise NotAllowed("姓名应为 1 到 60 个字")
    contact = await Contact.get_or_none(id=contact_id)
    if contact is None:
        raise NotFound("没有这个联系人")
    await desk.keyring.need_keys([contact.key_id])
    sealed = desk.keyring.key(contact.key_id).seal(CONTACT_NAME, contact.id, name.encode("utf-8", "replace"))
    async with database.transaction():
        await Contact.filter(id=contact_id).update(name_sealed=sealed)
        await audit.append("contact.rename", f"contact {contact_id}", staff_id=staff_id)


async def _lock_both(kept_id: UUID, absorbed_id: UUID) -> None:
    """Hold both rows, in one order, so that two links at once cannot cross. Raise if either cannot be linked."""
    found = await Contact.filter(id__in=[kept_id, absorbed_id]).order_by("id").select_for_update()
    if len(found) != 2:
        raise NotFound("没有这个联系人")
    if any(each.merged_into for each in found):
        raise NotAllowed("其中一位已经与别人关联，请先拆分")


async def _hold_conversations(*contact_ids: UUID) -> None:
    """Wait for whoever is writing in one of them: what they write must move along."""
    await Conversation.filter(contact_id__in=contact_ids).order_by("id").select_for_update()


async def _join_open_conversations(merge: Merge) -> None:
    """Two open conversations become the kept one; the other waits, empty, for a split."""
    kept = await Conversation.get_or_none(contact_id=merge.kept_id, state="open")
    absorbed = await Conversation.get_or_none(contact_id=merge.absorbed_id, state="open")
    merge.joined_notes = []
    if kept is None or absorbed is None:
        return
    merge.joined_conversation, merge.joined_into = absorbed.id, kept.id
    notes = await Message.filter(conversation_id=absorbed.id, address_id=None).values_list("id", flat=True)
    merge.joined_notes = [str(each) for each in notes]
    await Message.filter(conversation_id=absorbed.id).update(conversation_id=kept.id)
    await Conversation.filter(id=absorbed.id).update(state="joined")
    waiting = [each for each in (kept.waiting_since, absorbed.waiting_since) if each]
    await Conversation.filter(id=kept.id).update(
        unread=kept.unread + absorbed.unread,
        waiting_since=min(waiting, default=None),
        last_message_at=max(kept.last_message_at, absorbed.last_message_at),
        assignee_id=kept.assignee_id or absorbed.assignee_id,
    )


async def _move(merge: Merge) -> None:
    addresses = await Address.filter(contact_id=merge.absorbed_id).values_list("id", flat=True)
    conversations = await Conversation.filter(contact_id=merge.absorbed_id).values_list("id", flat=True)
    merge.moved_addresses = [str(each) for each in addresses]
    merge.moved_conversations = [str(each) for each in conversations]
    await Address.filter(contact_id=merge.absorbed_id).update(contact_id=merge.kept_id)
    await Conversation.filter(contact_id=merge.absorbed_id).update(contact_id=merge.kept_id)


async def _refuse_if_linked_further(merge: Merge) -> None:
    """Links are undone newest first: a later one may have moved what this one moved."""
    kept = await Contact.select_for_update().get(id=merge.kept_id)
    later = await Merge.filter(kept_id=merge.kept_id, undone_at=None, at__gt=merge.at).exists()
    if later or kept.merged_into:
        raise NotAllowed("之后又有新的关联，请先拆分最近的一次")


STRAYS = """
SELECT DISTINCT message.conversation_id, address.contact_id
FROM message
JOIN address ON address.id = message.address_id
JOIN conversation ON conversation.id = message.conversation_id
WHERE conversation.contact_id = ANY($1) AND address.contact_id = ANY($1)
  AND address.contact_id <> conversation.contact_id
"""

TAKE_HOME = """
UPDATE message SET conversation_id = $2
FROM address
WHERE message.conversation_id = $1 AND address.id = message.address_id AND address.contact_id = $3
"""


async def _move_back(merge: Merge) -> set[UUID]:
    """Give each person back what went through their own addresses; the conversations that changed."""
    await Address.filter(id__in=merge.moved_addresses).update(contact_id=merge.absorbed_id)
    await Conversation.filter(id__in=merge.moved_conversations).update(contact_id=merge.absorbed_id)
    touched: set[UUID] = set()
    if merge.joined_into and merge.joined_conversation:
        touched |= await _reopen_joined(merge, merge.joined_conversation, merge.joined_into)
    for row in await database.rows(STRAYS, [merge.kept_id, merge.absorbed_id]):
        shared = await Conversation.get(id=row["conversation_id"])
        home = await _home_for(row["contact_id"], shared)
        await database.run(TAKE_HOME, shared.id, home, row["contact_id"])
        touched |= {home, shared.id}
    for each in touched:
        await _recount(each)
    return touched


async def _reopen_joined(merge: Merge, joined: UUID, into: UUID) -> set[UUID]:
    """The absorbed person's own conversation stands again, with its notes, in the state of the one it went into."""
    shared = await Conversation.get(id=into)
    await Conversation.filter(id=joined).update(state=shared.state, closed_at=shared.closed_at, unread=shared.unread)
    await Message.filter(id__in=merge.joined_notes).update(conversation_id=joined)
    await database.run(TAKE_HOME, into, joined, merge.absorbed_id)
    return {joined, into}


async def _home_for(contact_id: UUID, shared: Conversation) -> UUID:
    """The conversation that takes what somebody said in another's: their open one, or a new one like the shared one."""
    opened = await Conversation.get_or_none(contact_id=contact_id, state="open")
    if shared.state == "open" and opened:
        return opened.id
    made = await Conversation.create(
        id=new_id(),
        contact_id=contact_id,
        state=shared.state,
        assignee_id=shared.assignee_id,
        opened_at=shared.opened_at,
        closed_at=shared.closed_at,
        last_message_at=shared.last_message_at,
        unread=shared.unread,
    )
    return made.id


RECOUNT = """
UPDATE conversation SET
  last_message_at = coalesce(found.last, conversation.last_message_at),
  unread = least(conversation.unread, found.unread),
  waiting_since = CASE WHEN conversation.state = 'open' THEN found.waiting END
FROM (
  SELECT max(created_at) AS last,
    count(*) FILTER (WHERE direction = 'in') AS unread,
    min(created_at) FILTER (WHERE direction = 'in' AND NOT automatic AND id > coalesce(answer.last, $2)) AS waiting
  FROM message, (SELECT max(id::text)::uuid AS last FROM message
                 WHERE conversation_id = $1 AND author_kind = 'staff' AND direction = 'out') AS answer
  WHERE conversation_id = $1
) AS found
WHERE conversation.id = $1
"""


async def _recount(conversation_id: UUID) -> None:
    """Bring a conversation's times and waiting in line with the messages it now holds."""
    await database.run(RECOUNT, conversation_id, UUID(int=0))
