"""Parts on their way out, moved by hand as a worker would move them."""

from uuid import UUID

from core.conversations.models import Message
from core.messages import Accepted
from core.notification import outbox
from core.notification.leaving import Leaving, leaving
from core.notification.models import Outbox
from tests.core.spoken import Shop


async def claimed(shop: Shop) -> Leaving:
    """The one part that is due."""
    (part_id,) = await outbox.claim(10)
    return await leaving(shop.desk, part_id)


async def sent(shop: Shop, outcome: Accepted | Exception) -> UUID:
    """The one part that is due leaves, and this comes of it."""
    ready = await claimed(shop)
    attempt = await outbox.begin(ready.part.id)
    assert attempt is not None
    await outbox.end(shop.desk, ready.part, attempt, ready.key, outbox.ending_of(outcome, ready.part.tries))
    return ready.part.id


async def forget_acknowledgements() -> None:
    """Only what a test itself sends is on its way."""
    await Message.filter(direction="out").delete()
    await Outbox.all().delete()


async def state_of(message_id: UUID) -> str:
    return (await Message.get(id=message_id)).state
