"""Receipts come late, early, twice and in any order; a message only ever gets further."""

from datetime import timedelta
from itertools import permutations

import pytest

from core import clock
from core.conversations.writing import reply
from core.intake.receipts import MOST_TRIES, WAIT
from core.messages import Accepted, DeliveryState, Media
from core.notification.models import Outbox
from tests.core.notification.leaves import forget_acknowledgements, sent, state_of
from tests.core.spoken import PHONE, Shop, inbound_states, receipt

UPDATES = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ)


@pytest.mark.parametrize("order", list(permutations(UPDATES)))
async def test_receipts_in_any_order_only_move_forward(shop: Shop, order: tuple[DeliveryState, ...]) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    await forget_acknowledgements()
    message_id = await reply(shop.desk, conversation_id, None, "您好", address_id)
    await sent(shop, Accepted("SM1"))

    for state in order:
        await shop.hear("sms", receipt("SM1", state))
    assert await state_of(message_id) == "read"


async def test_receipts_of_one_batch_are_all_heard(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    await forget_acknowledgements()
    message_id = await reply(shop.desk, conversation_id, None, "您好", address_id)
    await sent(shop, Accepted("SM1"))

    await shop.hear("sms", *(receipt("SM1", state) for state in (*UPDATES, DeliveryState.FAILED)))
    assert await state_of(message_id) == "read"
    assert await inbound_states() == {"folded": 5}


async def test_a_failure_is_shown_with_its_reason(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    await forget_acknowledgements()
    message_id = await reply(shop.desk, conversation_id, None, "您好", address_id)
    await sent(shop, Accepted("SM1"))

    await shop.hear("sms", receipt("SM1", DeliveryState.FAILED, "空号\0\ud800"))
    assert await state_of(message_id) == "failed"
    assert (await Outbox.get()).reason.startswith("空号")


async def test_a_receipt_of_another_account_touches_nothing(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    await forget_acknowledgements()
    message_id = await reply(shop.desk, conversation_id, None, "您好", address_id)
    await sent(shop, Accepted("SM1"))

    await shop.hear("email", receipt("SM1", DeliveryState.READ))
    assert await state_of(message_id) == "sent"


async def test_a_receipt_that_overtook_its_send_waits_for_it(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    await forget_acknowledgements()
    message_id = await reply(shop.desk, conversation_id, None, "您好", address_id)
    await shop.hear("sms", receipt("SM1", DeliveryState.DELIVERED))
    assert await inbound_states() == {"folded": 1, "received": 1}

    await sent(shop, Accepted("SM1"))
    await shop.fold()
    assert await state_of(message_id) == "sent"
    with clock.held(clock.now() + WAIT * 2):
        await shop.fold()
    assert await state_of(message_id) == "delivered"
    assert await inbound_states() == {"folded": 2}


async def test_a_receipt_for_nothing_of_ours_is_given_up(shop: Shop) -> None:
    await shop.take("sms", receipt("SM404", DeliveryState.DELIVERED))
    moment, tries = clock.now(), 0
    while (await inbound_states()).get("received"):
        with clock.held(moment):
            await shop.fold()
        tries, moment = tries + 1, moment + timedelta(minutes=10)

    assert tries == MOST_TRIES + 1


async def test_a_message_of_several_parts_is_delivered_when_all_are(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("wechat", "o" * 28)
    await forget_acknowledgements()
    png = Media("a.png", "image/png", b"x")
    message_id = await reply(shop.desk, conversation_id, None, "看图", address_id, [png])
    await sent(shop, Accepted("1"))
    await sent(shop, Accepted("2"))

    await shop.hear("wechat", receipt("2", DeliveryState.DELIVERED))
    assert await state_of(message_id) == "sent"
    await shop.hear("wechat", receipt("1", DeliveryState.DELIVERED))
    assert await state_of(message_id) == "delivered"
