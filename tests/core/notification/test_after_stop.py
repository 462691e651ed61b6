"""Nothing leaves for somebody who does not want it, whichever way it came to be waiting again."""

from datetime import timedelta
from uuid import UUID

import pytest

from core import clock
from core.conversations.models import Address
from core.conversations.writing import reply
from core.errors import NotAllowed, Refused, TryLater
from core.messages import ContactChange
from core.notification import outbox
from core.notification.models import Outbox
from tests.core.notification.leaves import claimed, forget_acknowledgements, sent, state_of
from tests.core.spoken import PHONE, Shop, changed


async def answered(shop: Shop) -> UUID:
    """Somebody wrote, and the only part that waits is our answer."""
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    await forget_acknowledgements()
    return await reply(shop.desk, conversation_id, None, "明天上门", address_id)


async def stop(shop: Shop) -> None:
    await shop.hear("sms", changed(PHONE, ContactChange.OPTED_OUT))


async def test_a_failed_part_is_not_sent_again(shop: Shop) -> None:
    await answered(shop)
    failed = await sent(shop, Refused("不行"))
    await stop(shop)

    with pytest.raises(NotAllowed, match="已退订"):
        await outbox.resend(shop.desk, failed, None)

    assert await Outbox.filter(state="queued").count() == 0


async def test_what_was_claimed_does_not_leave(shop: Shop) -> None:
    message_id = await answered(shop)
    ready = await claimed(shop)
    await stop(shop)

    assert await outbox.begin(ready.part.id) is None
    assert await state_of(message_id) == "failed"


async def test_what_was_being_tried_is_not_tried_again(shop: Shop) -> None:
    message_id = await answered(shop)
    ready = await claimed(shop)
    attempt = await outbox.begin(ready.part.id)
    assert attempt is not None
    await stop(shop)
    await outbox.end(shop.desk, ready.part, attempt, ready.key, outbox.ending_of(TryLater("忙"), 1))

    with clock.held(clock.now() + timedelta(seconds=10)):
        assert await outbox.begin((await claimed(shop)).part.id) is None
    assert await state_of(message_id) == "failed"


async def test_what_slipped_in_between_does_not_leave(shop: Shop) -> None:
    """An answer that was being written while STOP was folded saw the address as it had been."""
    message_id = await answered(shop)
    await Address.all().update(opted_out_at=clock.now())
    part_id = (await claimed(shop)).part.id

    assert await outbox.begin(part_id) is None
    assert await outbox.claim(10) == []
    part = await Outbox.get(id=part_id)
    assert (part.state, part.reason, part.lease_until) == ("failed", outbox.STOPPED, None)
    assert await state_of(message_id) == "failed"
