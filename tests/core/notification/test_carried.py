"""The answer that travels inside the provider's call: held for it, carried at most once, and never lost."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from core import clock
from core.intake.accounts import find_account
from core.messages import Accepted
from core.notification import outbox
from core.notification.carried import carry, release
from core.notification.models import Outbox
from tests.core.notification.leaves import sent
from tests.core.spoken import OPENID, PHONE, Shop, said


async def awaited(shop: Shop, seconds: float = 2) -> UUID:
    """A call that is held open; its journal row."""
    (written,) = await shop.take("wechat", said(OPENID), awaited_until=clock.now() + timedelta(seconds=seconds))
    await shop.fold()
    return written.id


async def test_an_answer_is_held_for_the_call_until_its_time_is_up(shop: Shop) -> None:
    await awaited(shop)
    assert await outbox.claim(10) == []

    with clock.held(clock.now() + timedelta(seconds=3)):
        assert len(await outbox.claim(10)) == 1


async def test_a_channel_that_cannot_carry_holds_nothing(shop: Shop) -> None:
    await shop.take("sms", said(PHONE), awaited_until=clock.now() + timedelta(seconds=9))
    await shop.fold()
    assert len(await outbox.claim(10)) == 1


async def test_what_is_carried_counts_as_sent_and_is_carried_again_for_a_repeated_call(shop: Shop) -> None:
    inbound_id = await awaited(shop)
    text, conversation_id = await carry(shop.desk, inbound_id)
    assert "已收到" in text
    assert conversation_id is not None
    assert (await find_account(shop.accounts["wechat"])).last_out_at is not None
    assert await carry(shop.desk, inbound_id) == (text, conversation_id)

    with clock.held(clock.now() + timedelta(minutes=1)):
        assert await outbox.claim(10) == []
        assert not await release(inbound_id)


async def test_a_call_that_no_longer_waits_lets_its_answer_go_at_once(shop: Shop) -> None:
    inbound_id = await awaited(shop, 60)
    assert await release(inbound_id)
    await sent(shop, Accepted())

    assert await carry(shop.desk, inbound_id) == ("", None)


async def test_nothing_is_carried_for_a_message_without_an_answer(shop: Shop) -> None:
    await awaited(shop)
    second = await awaited(shop)
    assert await carry(shop.desk, second) == ("", None)
    assert not await release(second)


async def test_of_two_answers_one_is_carried_and_the_other_sent(shop: Shop) -> None:
    inbound_id = await awaited(shop)
    first = await Outbox.get()
    second = Outbox(**{name: getattr(first, name) for name in first._meta.db_fields})
    second.id, second.part = first.account_id, 1
    await second.save(force_create=True)

    texts = await asyncio.gather(*(carry(shop.desk, inbound_id) for _ in range(5)))
    assert len(set(texts)) == 1
    await release(inbound_id)
    assert await outbox.claim(10) == [second.id]


@pytest.mark.parametrize("attempt", range(5))
async def test_a_carrier_and_a_sender_at_once_never_both_have_it(shop: Shop, attempt: int) -> None:
    inbound_id = await awaited(shop, -attempt)
    carried, *taken = await asyncio.gather(
        carry(shop.desk, inbound_id), outbox.claim(10), outbox.claim(10), release(inbound_id)
    )
    claimed = [each for some in taken[:2] if isinstance(some, list) for each in some]
    assert (carried[0] != "") + len(claimed) == 1
