"""Somebody told their provider that a message of ours is spam: it counts for whom the message went to, and no other."""

from core.conversations.models import Address, Contact, Message
from core.conversations.writing import reply
from core.messages import Accepted, ContactChange, ContactChanged, Person
from tests.core.notification.leaves import forget_acknowledgements, sent
from tests.core.spoken import MAIL, Shop


def complaint(about: str, key: str = "c-1") -> ContactChanged:
    return ContactChanged(key, Person("feedback@provider.example"), ContactChange.OPTED_OUT, about=about)


async def test_a_complaint_counts_for_whom_the_message_went_to(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("email", MAIL)
    await forget_acknowledgements()
    await reply(shop.desk, conversation_id, None, "您好", address_id)
    await sent(shop, Accepted("<ours@desk.example>"))

    await shop.hear("email", complaint("<ours@desk.example>"))
    assert (await Address.get()).opted_out_at is not None
    assert [each.reason for each in await Message.filter(direction="event")] == [
        "把收到的消息投诉为垃圾信息，不再向此地址发送"
    ]


async def test_a_complaint_about_what_we_never_sent_counts_for_nobody(shop: Shop) -> None:
    await shop.person("email", MAIL)
    await shop.hear("email", complaint("<made-up@desk.example>"))
    assert (await Address.get()).opted_out_at is None
    assert await Contact.all().count() == 1
