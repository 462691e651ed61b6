"""Linking and splitting: whatever happened in between, each person leaves with what went through their addresses."""

import asyncio
import random
from uuid import UUID

import pytest

from core import database
from core.conversations.models import Address, Contact, Conversation, Merge, Message
from core.conversations.people import find_people, link, merges_of, people, rename, split
from core.conversations.thread import thread
from core.conversations.writing import assign, close, note, reopen, reply
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.messages import ContactChange, ContactChanged
from core.staff import audit
from tests.core.spoken import MAIL, OPENID, PHONE, Shop, changed, said

ADDRESSES = (("wechat", OPENID), ("sms", PHONE), ("email", MAIL), ("sms", "+8613900139000"))

MISPLACED = """
SELECT count(*) AS rows FROM message
JOIN address ON address.id = message.address_id
JOIN conversation ON conversation.id = message.conversation_id
WHERE conversation.contact_id <> address.contact_id OR conversation.state = 'joined'
"""
CROWDED = "SELECT contact_id FROM conversation WHERE state = 'open' GROUP BY contact_id HAVING count(*) > 1"
HIDDEN = """
SELECT count(*) AS rows FROM message JOIN conversation ON conversation.id = conversation_id
WHERE conversation.state = 'joined'
"""


async def in_place() -> None:
    """What must hold after every single act."""
    assert (await database.rows(MISPLACED))[0]["rows"] == 0
    assert (await database.rows(HIDDEN))[0]["rows"] == 0
    assert await database.rows(CROWDED) == []


async def home_again() -> None:
    """What must hold once nobody is linked any more."""
    await in_place()
    assert await Contact.filter(merged_into__isnull=False).count() == 0
    for address in await Address.all():
        assert address.contact_id == address.home_contact_id
    assert await Conversation.filter(state="joined").count() == 0


class Life:
    """Things that happen at a desk, drawn by lot."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.lot = shop, random.Random(seed)
        self.links: list[UUID] = []
        self.said: dict[str, str] = {}
        self.notes = 0

    async def something(self) -> None:
        acts = [self.write, self.write, self.write, self.answer, self.remark, self.close, self.reopen, self.leave]
        await self.lot.choice([*acts, self.link, self.link, self.split])()

    async def write(self) -> None:
        kind, address = self.lot.choice(ADDRESSES)
        text = f"第{len(self.said)}句"
        self.said[text] = address
        await self.shop.hear(kind, said(address, text))

    async def leave(self) -> None:
        await self.shop.hear(*self._change())

    def _change(self) -> tuple[str, ContactChanged]:
        kind, address = self.lot.choice(ADDRESSES)
        return kind, changed(address, self.lot.choice([ContactChange.FOLLOWED, ContactChange.OPTED_IN]))

    async def answer(self) -> None:
        if conversation := await self._one("open"):
            addresses = await Address.filter(contact_id=conversation.contact_id).order_by("value_index")
            chosen = self.lot.choice(addresses)
            try:
                await reply(self.shop.desk, conversation.id, None, "您好", chosen.id)
            except NotAllowed:
                assert chosen.unreachable_at or chosen.last_in_at is None

    async def remark(self) -> None:
        if conversation := await self._one("open", "closed"):
            await note(self.shop.desk, conversation.id, None, "备注")
            self.notes += 1

    async def close(self) -> None:
        if conversation := await self._one("open"):
            await close(self.shop.desk, conversation.id, None)

    async def reopen(self) -> None:
        if conversation := await self._one("closed"):
            another = await Conversation.exists(contact_id=conversation.contact_id, state="open")
            try:
                await reopen(self.shop.desk, conversation.id, None)
            except NotAllowed:
                assert another

    async def link(self) -> None:
        standing = await Contact.filter(merged_into=None).order_by("id")
        if len(standing) > 1:
            kept, absorbed = self.lot.sample(list(standing), 2)
            self.links.append(await link(self.shop.desk, kept.id, absorbed.id, None))

    async def split(self) -> None:
        if self.links:
            chosen = self.lot.choice(self.links)
            try:
                await split(self.shop.desk, chosen, None)
                self.links.remove(chosen)
            except NotAllowed:
                assert len(self.links) > 1

    async def _one(self, *states: str) -> Conversation | None:
        found = await Conversation.filter(state__in=states).order_by("id")
        return self.lot.choice(list(found)) if found else None


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_between_a_split_gives_everybody_their_own(shop: Shop, seed: int) -> None:
    life = Life(shop, seed)
    for _ in range(40):
        await life.something()
        await in_place()

    for merge in reversed(life.links):
        await split(shop.desk, merge, None)
    await home_again()
    for text, address in life.said.items():
        assert await _who_said(shop, text) == address
    assert await Message.filter(direction="note").count() == life.notes


async def _who_said(shop: Shop, text: str) -> str:
    for message in await Message.filter(direction="in"):
        await shop.desk.keyring.need([message.body_sealed])
        if shop.desk.keyring.text("message.body", message.id, message.body_sealed) == text:
            conversation = await Conversation.get(id=message.conversation_id)
            (address,) = await Address.filter(contact_id=conversation.contact_id)
            await shop.desk.keyring.need([address.value_sealed])
            return shop.desk.keyring.text("address.value", address.id, address.value_sealed)
    return "nobody"


async def test_two_open_conversations_become_one_and_two_again(shop: Shop) -> None:
    kept, _, first = await shop.person("wechat", OPENID, "微信一")
    absorbed, _, second = await shop.person("sms", PHONE, "短信一")
    await note(shop.desk, second, None, "短信的备注")
    merge = await link(shop.desk, kept, absorbed, None)
    await shop.hear("sms", said(PHONE, "短信二"))
    await note(shop.desk, first, None, "后来的备注")

    assert await shop.bodies(first) == ["微信一", "短信一", "短信二"]
    assert (await Conversation.get(id=first)).unread == 3
    with pytest.raises(NotFound):
        await thread(shop.desk, second)

    await split(shop.desk, merge, None)
    assert await shop.bodies(first) == ["微信一"]
    assert await shop.bodies(first, "note") == ["后来的备注"]
    assert await shop.bodies(second) == ["短信一", "短信二"]
    assert await shop.bodies(second, "note") == ["短信的备注"]
    assert [(await Conversation.get(id=each)).unread for each in (first, second)] == [1, 2]


async def test_whoever_has_no_name_is_called_by_the_name_of_the_one_they_turned_out_to_be(shop: Shop) -> None:
    nameless, _, conversation = await shop.person("sms", PHONE)
    named, _, _ = await shop.person("email", MAIL)
    await rename(shop.desk, named, "张晓燕", None)
    assert (await thread(shop.desk, conversation)).name == "未留姓名 138****8000"

    merge = await link(shop.desk, nameless, named, None)
    assert (await thread(shop.desk, conversation)).name == "张**"

    await split(shop.desk, merge, None)
    assert (await thread(shop.desk, conversation)).name == "未留姓名 138****8000"


async def test_a_closed_shared_conversation_is_closed_for_both_after_a_split(shop: Shop) -> None:
    kept, _, first = await shop.person("wechat", OPENID)
    absorbed, _, second = await shop.person("sms", PHONE)
    merge = await link(shop.desk, kept, absorbed, None)
    await close(shop.desk, first, None)
    await split(shop.desk, merge, None)

    for each in (first, second):
        conversation = await Conversation.get(id=each)
        assert (conversation.state, conversation.waiting_since) == ("closed", None)


async def test_who_was_answered_does_not_wait_after_a_split_and_who_was_not_does(shop: Shop) -> None:
    kept, address_id, first = await shop.person("wechat", OPENID)
    absorbed, _, second = await shop.person("sms", PHONE)
    merge = await link(shop.desk, kept, absorbed, None)
    await reply(shop.desk, first, None, "您好", address_id)
    await shop.hear("sms", said(PHONE, "还有我"))
    await split(shop.desk, merge, None)

    assert (await Conversation.get(id=first)).waiting_since is None
    assert (await Conversation.get(id=second)).waiting_since is not None


async def test_links_are_undone_newest_first(shop: Shop) -> None:
    one, _, _ = await shop.person("wechat", OPENID)
    two, _, _ = await shop.person("sms", PHONE)
    three, _, _ = await shop.person("email", MAIL)
    inner, outer = await link(shop.desk, one, two, None), await link(shop.desk, three, one, None)

    with pytest.raises(NotAllowed):
        await split(shop.desk, inner, None)
    await split(shop.desk, outer, None)
    await split(shop.desk, inner, None)
    with pytest.raises(NotFound):
        await split(shop.desk, inner, None)
    await home_again()
    assert await audit.verify() is None


async def test_who_can_be_linked(shop: Shop) -> None:
    one, _, _ = await shop.person("wechat", OPENID)
    two, _, _ = await shop.person("sms", PHONE)
    three, _, _ = await shop.person("email", MAIL)
    with pytest.raises(NotAllowed):
        await link(shop.desk, one, one, None)
    with pytest.raises(NotFound):
        await link(shop.desk, one, new_id(), None)
    await link(shop.desk, one, two, None)
    with pytest.raises(NotAllowed):
        await link(shop.desk, three, two, None)


async def test_two_links_that_cross_leave_one_standing(shop: Shop) -> None:
    one, _, _ = await shop.person("wechat", OPENID)
    two, _, _ = await shop.person("sms", PHONE)
    done = await asyncio.gather(
        link(shop.desk, one, two, None), link(shop.desk, two, one, None), return_exceptions=True
    )

    assert sum(isinstance(each, NotAllowed) for each in done) == 1
    assert await Merge.all().count() == 1
    await in_place()


async def test_messages_that_arrive_while_people_are_linked_and_split_lose_nobody(shop: Shop) -> None:
    one, _, _ = await shop.person("wechat", OPENID)
    two, _, _ = await shop.person("sms", PHONE)

    async def restless() -> None:
        for _ in range(5):
            await split(shop.desk, await link(shop.desk, one, two, None), None)

    await asyncio.gather(
        restless(),
        *(shop.hear("wechat", said(OPENID)) for _ in range(10)),
        *(shop.hear("sms", said(PHONE)) for _ in range(10)),
    )
    await home_again()
    assert await Message.filter(direction="in").count() == 22


async def test_a_person_is_found_by_a_whole_address_and_shown_masked(shop: Shop) -> None:
    contact_id, _, conversation_id = await shop.person("sms", PHONE)
    await rename(shop.desk, contact_id, "  王 小燕 ", None)
    await shop.person("wechat", OPENID)

    (found,) = await find_people(shop.desk, "138 0013 8000")
    assert (found.id, found.name, found.kinds, found.open_conversation) == (
        contact_id,
        "王***",
        ["sms"],
        conversation_id,
    )
    assert await find_people(shop.desk, "1380013") == []
    assert len(await find_people(shop.desk, "")) == 2
    assert await people(shop.desk, [new_id()]) == []


@pytest.mark.parametrize("name", [" ", "长" * 61])
async def test_a_name_is_neither_empty_nor_endless(shop: Shop, name: str) -> None:
    contact_id, _, _ = await shop.person("sms", PHONE)
    with pytest.raises(NotAllowed):
        await rename(shop.desk, contact_id, name, None)
    with pytest.raises(NotFound):
        await rename(shop.desk, new_id(), "小燕", None)


async def test_a_link_is_shown_with_who_was_absorbed(shop: Shop) -> None:
    one, _, _ = await shop.person("wechat", OPENID)
    two, _, conversation_id = await shop.person("sms", PHONE)
    await rename(shop.desk, two, "李雷", None)
    await assign(shop.desk, conversation_id, None, None)
    merge = await link(shop.desk, one, two, None)

    (shown,) = await merges_of(shop.desk, one)
    assert (shown.id, shown.name) == (merge, "李*")
    await split(shop.desk, merge, None)
    assert await merges_of(shop.desk, one) == []
