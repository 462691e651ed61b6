"""Folding: what was journalled becomes people, conversations and messages, each exactly once and in order."""

import asyncio
from datetime import timedelta

import pytest

from core import clock, database
from core.conversations.models import Address, Contact, Conversation, Message
from core.conversations.writing import close, reply
from core.errors import NotFound
from core.intake.fold import fold
from core.intake.models import Inbound
from core.intake.replay import replay, stuck_inbound
from core.messages import ContactChange, Media
from tests.core.spoken import MAIL, OPENID, PHONE, Shop, changed, inbound_states, outbox, said


async def corrupt(inbound_id: object) -> None:
    """Let a journal row never open again."""
    await database.run(
        "UPDATE inbound SET event_sealed = overlay(event_sealed placing '\\x00'::bytea from 40) WHERE id = $1",
        inbound_id,
    )


async def test_a_first_message_opens_a_person_a_conversation_and_a_message(shop: Shop) -> None:
    await shop.hear("wechat", said(OPENID, "空调不制冷"))

    conversation = await Conversation.get()
    assert await Contact.all().count() == 1
    assert conversation.state == "open"
    assert conversation.unread == 1
    assert conversation.waiting_since is not None
    assert await shop.bodies(conversation.id) == ["空调不制冷"]
    row = await Inbound.get()
    assert (row.state, row.event_sealed) == ("folded", None)
    assert row.message_id == (await Message.get(direction="in")).id


async def test_the_same_address_on_two_channels_is_two_people(shop: Shop) -> None:
    await shop.hear("sms", said(PHONE))
    await shop.hear("wechat", said(PHONE))

    assert await Contact.all().count() == 2
    assert await Conversation.filter(state="open").count() == 2


async def test_many_messages_stay_in_the_order_in_which_they_came(shop: Shop) -> None:
    texts = [str(number) for number in range(450)]
    for text in texts:
        await shop.take("wechat", said(OPENID, text))
    await shop.fold()

    assert await shop.bodies((await Conversation.get()).id) == texts


async def test_folding_at_once_in_many_places_neither_doubles_nor_loses(shop: Shop) -> None:
    people = [f"o{number:027}" for number in range(30)]
    events = [said(people[number % 30], str(number)) for number in range(2400)]
    await asyncio.gather(*(shop.take("wechat", *events[at : at + 60]) for at in range(0, 2400, 60)))

    await asyncio.gather(*(shop.fold() for _ in range(4)))

    assert await inbound_states() == {"folded": 2400}
    assert await Message.filter(direction="in").count() == 2400
    assert await Conversation.all().count() == 30
    assert len(await outbox()) == 30
    one = await Address.get(value_index=shop.desk.index.of("wechat", people[7]))
    conversation = await Conversation.get(contact_id=one.contact_id)
    assert await shop.bodies(conversation.id) == [str(number) for number in range(7, 2400, 30)]


async def test_a_row_that_cannot_be_opened_is_set_aside_and_its_neighbours_are_folded(shop: Shop) -> None:
    written = await shop.take("wechat", *(said(OPENID, str(number)) for number in range(40)))
    await corrupt(written[17].id)

    await shop.fold()

    assert await inbound_states() == {"folded": 39, "failed": 1}
    bodies = await shop.bodies((await Conversation.get()).id)
    assert bodies == [str(number) for number in range(40) if number != 17]
    (stuck,) = await stuck_inbound()
    assert (stuck.id, stuck.state, stuck.error) == (written[17].id, "failed", "CannotOpen")


async def test_workers_that_fail_on_the_same_row_set_aside_only_that_one(shop: Shop) -> None:
    written = await shop.take("wechat", *(said(OPENID, str(number)) for number in range(30)))
    await corrupt(written[0].id)

    await asyncio.gather(*(fold(shop.desk, 1) for _ in range(10)))
    await shop.fold()

    assert await inbound_states() == {"folded": 29, "failed": 1}


async def test_a_row_that_was_set_aside_can_be_replayed(shop: Shop) -> None:
    (written,) = await shop.take("wechat", said(OPENID, "还在吗"))
    sound = (await Inbound.get()).event_sealed
    await corrupt(written.id)
    await shop.fold()
    await Inbound.filter(id=written.id).update(event_sealed=sound)

    await replay(shop.desk, written.id, lambda _account, _raw: (), None)
    await shop.fold()

    assert await shop.bodies((await Conversation.get()).id) == ["还在吗"]
    with pytest.raises(NotFound):
        await replay(shop.desk, written.id, lambda _account, _raw: (), None)


@pytest.mark.parametrize("odd", ["\ud800", "a\0b", "半\udfff个"])
async def test_half_characters_and_nul_anywhere_are_no_reason_to_lose_a_message(shop: Shop, odd: str) -> None:
    media = (Media(odd, f"text/{odd}", b"x", inline_id=odd), Media(odd, odd * 200, reference=odd))
    event = said(f"a{odd}@example.com", f"文{odd}字", subject=odd, provider_id=odd, dedupe_key=odd, media=media)
    await shop.hear("email", event)

    assert await inbound_states() == {"folded": 1}
    assert len(await shop.bodies((await Conversation.get()).id)) == 1


async def test_after_a_conversation_was_closed_the_next_message_opens_a_new_one(shop: Shop) -> None:
    _, _, first = await shop.person("wechat", OPENID)
    await close(shop.desk, first, None)

    _, _, second = await shop.person("wechat", OPENID, "又坏了")

    assert second != first
    assert await shop.bodies(second) == ["又坏了"]
    assert await Contact.all().count() == 1


async def test_a_person_has_waited_since_the_first_of_several_messages(shop: Shop) -> None:
    start = clock.now() - timedelta(minutes=10)
    for minutes in (0, 3, 6):
        with clock.held(start + timedelta(minutes=minutes)):
            await shop.take("wechat", said(OPENID))
    await shop.fold()

    conversation = await Conversation.get()
    assert conversation.waiting_since == start
    assert conversation.last_message_at >= start + timedelta(minutes=6)
    assert conversation.unread == 3


async def test_automatic_mail_is_shown_and_never_acknowledged(shop: Shop) -> None:
    await shop.hear("email", said(MAIL, "我正在休假", automatic=True))

    assert await shop.bodies((await Conversation.get()).id) == ["我正在休假"]
    assert (await Conversation.get()).waiting_since is None
    assert await outbox() == []


async def test_only_the_first_message_of_a_conversation_is_acknowledged(shop: Shop) -> None:
    await shop.hear("email", said(MAIL, "一"), said(MAIL, "二"))
    await shop.hear("email", said(MAIL, "三"))

    assert len(await outbox()) == 1
    assert await shop.bodies((await Conversation.get()).id, "out") != []


async def test_leaving_following_and_refusing_are_noted_on_the_address(shop: Shop) -> None:
    await shop.hear("wechat", changed(OPENID, ContactChange.FOLLOWED))
    assert await Conversation.all().count() == 0

    await shop.hear("wechat", said(OPENID), changed(OPENID, ContactChange.UNFOLLOWED))
    assert (await Address.get()).unreachable_at is not None

    await shop.hear("wechat", changed(OPENID, ContactChange.FOLLOWED))
    assert (await Address.get()).unreachable_at is None

    await shop.hear("wechat", changed(OPENID, ContactChange.OPTED_OUT))
    assert (await Address.get()).opted_out_at is not None

    await shop.hear("wechat", said(OPENID), changed(OPENID, ContactChange.OPTED_IN))
    assert (await Address.get()).opted_out_at is None
    lines = await Message.filter(direction="event").order_by("id")
    assert len(lines) == 4
    assert await Contact.all().count() == 1


async def test_changes_and_messages_take_effect_in_the_order_in_which_they_came(shop: Shop) -> None:
    await shop.hear("wechat", said(OPENID), changed(OPENID, ContactChange.UNFOLLOWED), said(OPENID))

    assert (await Address.get()).unreachable_at is None
    found = await Message.filter(direction__in=["in", "event"]).order_by("id")
    assert [each.direction for each in found] == ["in", "event", "in"]


async def test_who_says_stop_hears_nothing_more_not_even_that_it_arrived(shop: Shop) -> None:
    await shop.hear("sms", changed(PHONE, ContactChange.OPTED_OUT), said(PHONE, "STOP"))

    assert await outbox() == []


async def test_who_says_stop_is_not_sent_what_was_still_waiting(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    message_id = await reply(shop.desk, conversation_id, None, "明天上门", address_id)
    await shop.hear("sms", changed(PHONE, ContactChange.OPTED_OUT))

    assert {row["state"] for row in await outbox()} == {"failed"}
    message = await Message.get(id=message_id)
    assert (message.state, message.reason) == ("failed", "对方已退订，没有发送")


async def test_a_database_that_chose_another_transaction_sets_no_row_aside(shop: Shop) -> None:
    """A deadlock's victim is folded on the next try; nobody has to replay it."""
    await shop.take("wechat", said(OPENID))
    await database.run(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END $$"
    )
    await database.run("CREATE TRIGGER lose BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION lose()")
    with pytest.raises(Exception, match="lost"):
        await fold(shop.desk)
    assert await inbound_states() == {"received": 1}

    await database.run("DROP TRIGGER lose ON contact")
    await shop.fold()
    assert await inbound_states() == {"folded": 1}
