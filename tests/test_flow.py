"""One story, from the outside in: people write on three channels, an agent answers, the answers arrive."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from channels import FACTS
from core.conversations import people, writing
from core.conversations.listing import Line, conversations
from core.conversations.thread import Thread, attachment, thread
from core.desk import Desk, close_desk, open_desk
from core.errors import NotAllowed
from core.messages import Media
from core.notification import outbox
from core.settings import load
from sandbox.client import Json, media
from tests.conftest import empty_redis, fresh_database, told
from tests.running import Running, running, until

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f0003860180"
    "5a34ab6b0000000049454e44ae426082"
)

CHANNELS = ("wechat", "sms", "email")


@pytest.fixture(scope="module")
async def place(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One running product for all these tests; each has people of its own."""
    async with fresh_database(migrated) as url:
        environment = told(url, await empty_redis())
        async with running(environment, tmp_path_factory.mktemp("flow")) as started:
            yield started


@pytest.fixture
async def desk(place: Running) -> AsyncIterator[Desk]:
    opened = await open_desk(load(place.environment), FACTS)
    yield opened
    await close_desk(opened)


@pytest.fixture
async def person(place: Running) -> Json:
    """Somebody nobody has heard of."""
    await place.sandbox.no_faults()
    return await place.sandbox.add_person()


async def line_of(desk: Desk, address: str) -> Line:
    """The open conversation of whoever has this address, once there is one."""

    async def found() -> Line | None:
        return next(iter(await conversations(desk, "open", None, find=address)), None)

    return await until(found)


async def settled(desk: Desk, conversation_id: UUID, message_id: UUID, states: set[str]) -> str:
    """The state of a message, once it is one of these."""

    async def state() -> str | None:
        found = await thread(desk, conversation_id)
        said = next(each for each in found.messages if each.id == message_id)
        return said.state if said.state in states else None

    return await until(state)


def address_on(found: Thread, kind: str) -> UUID:
    return next(each.id for each in found.addresses if each.kind == kind)


ADDRESSES = {"wechat": "openid", "sms": "phone", "email": "mail"}


async def test_three_channels_become_one_person_and_each_answer_arrives(
    place: Running, desk: Desk, person: Json
) -> None:
    wrote = {}
    for kind in CHANNELS:
        await place.sandbox.say(person["id"], kind, f"空调不制冷 {kind}", subject="空调")
        wrote[kind] = await line_of(desk, person[ADDRESSES[kind]])

    assert len({each.contact_id for each in wrote.values()}) == 3
    assert all(each.channels == [kind] for kind, each in wrote.items())

    kept = wrote["wechat"]
    for kind in ("sms", "email"):
        await people.link(desk, kept.contact_id, wrote[kind].contact_id, None)
    found = await thread(desk, kept.conversation_id)

    assert {each.kind for each in found.addresses} == set(CHANNELS)
    assert [each.channel for each in found.messages if each.direction == "in"] == list(CHANNELS)

    for kind in CHANNELS:
        said = await writing.reply(desk, kept.conversation_id, None, f"师傅明天上门 {kind}", address_on(found, kind))
        await place.sandbox.reached(person["id"], kind, f"师傅明天上门 {kind}")
        await settled(desk, kept.conversation_id, said, {"sent", "delivered"})


async def test_a_conversation_is_acknowledged_once_where_it_began(place: Running, desk: Desk, person: Json) -> None:
    for text in ("你好", "在吗", "洗衣机坏了"):
        await place.sandbox.say(person["id"], "wechat", text)
    line = await line_of(desk, person["openid"])

    async def all_said() -> bool:
        found = await thread(desk, line.conversation_id)
        return [each.body for each in found.messages if each.direction == "in"] == ["你好", "在吗", "洗衣机坏了"]

    await until(all_said)
    heard = [each for each in await place.sandbox.phone(person["id"], "wechat") if each["direction"] == "in"]
    assert [each["via"] for each in heard] == ["passive"]


@pytest.mark.parametrize("kind", CHANNELS)
async def test_a_picture_comes_in(place: Running, desk: Desk, person: Json, kind: str) -> None:
    await place.sandbox.say(
        person["id"], kind, "看图" if kind == "email" else "", media=media("a.png", "image/png", PIXEL)
    )
    line = await line_of(desk, person[ADDRESSES[kind]])

    async def stored() -> UUID | None:
        said = [each for each in (await thread(desk, line.conversation_id)).messages if each.direction == "in"]
        return next((file.id for each in said for file in each.attachments if file.state == "stored"), None)

    _, content_type, content = await attachment(desk, await until(stored))

    assert content == PIXEL
    assert content_type == "image/png"


async def test_an_agents_picture_reaches_the_phone(place: Running, desk: Desk, person: Json) -> None:
    await place.sandbox.say(person["id"], "wechat", "能发张说明图吗")
    line = await line_of(desk, person["openid"])
    found = await thread(desk, line.conversation_id)
    picture = Media(name="说明.png", content_type="image/png", content=PIXEL)

    said = await writing.reply(desk, line.conversation_id, None, "请看", address_on(found, "wechat"), [picture])

    assert await settled(desk, line.conversation_id, said, {"sent", "delivered", "failed"}) != "failed"
    seen = await place.sandbox.phone(person["id"], "wechat")
    assert [each["kind"] for each in seen if each["direction"] == "in"][-2:] == ["text", "image"]


async def test_a_long_text_arrives_in_order_and_whole(place: Running, desk: Desk, person: Json) -> None:
    await place.sandbox.say(person["id"], "wechat", "怎么清洗")
    line = await line_of(desk, person["openid"])
    text = "".join(f"第{number}步，擦干净滤网再装回去。" for number in range(1, 90))

    found = await thread(desk, line.conversation_id)
    said = await writing.reply(desk, line.conversation_id, None, text, address_on(found, "wechat"))
    await settled(desk, line.conversation_id, said, {"sent", "delivered"})

    parts = [each["text"] for each in await place.sandbox.phone(person["id"], "wechat") if "步" in each["text"]]
    assert len(parts) > 1
    assert "".join(parts) == text


async def test_a_refusal_is_shown_with_its_reason_and_can_be_sent_again(
    place: Running, desk: Desk, person: Json
) -> None:
    await place.sandbox.say(person["id"], "sms", "在吗")
    line = await line_of(desk, person["phone"])
    found = await thread(desk, line.conversation_id)
    await place.sandbox.reached(person["id"], "sms", "已收到")
    await place.sandbox.fault("sms", "reject", times=1, code=21612)

    said = await writing.reply(desk, line.conversation_id, None, "在的", address_on(found, "sms"))

    assert await settled(desk, line.conversation_id, said, {"failed"})
    shown = (await thread(desk, line.conversation_id)).messages[-1]
    assert shown.reason
    await place.sandbox.no_faults()
    await outbox.resend(desk, shown.stuck[0], None)
    assert await settled(desk, line.conversation_id, said, {"sent", "delivered"})


async def test_an_unfollowed_person_is_refused_before_anything_is_queued(
    place: Running, desk: Desk, person: Json
) -> None:
    await place.sandbox.say(person["id"], "wechat", "不想用了")
    line = await line_of(desk, person["openid"])
    await place.sandbox.act(person["id"], "unfollow")

    async def refused() -> str | None:
        return (await thread(desk, line.conversation_id)).addresses[0].why_not or None

    assert "取消关注" in await until(refused)
    found = await thread(desk, line.conversation_id)
    with pytest.raises(NotAllowed, match="取消关注"):
        await writing.reply(desk, line.conversation_id, None, "再见", address_on(found, "wechat"))


async def test_a_connection_lost_after_accepting_is_looked_up_and_never_repeated(
    place: Running, desk: Desk, person: Json
) -> None:
    await place.sandbox.say(person["id"], "sms", "几点到")
    line = await line_of(desk, person["phone"])
    await place.sandbox.reached(person["id"], "sms", "已收到")
    await place.sandbox.fault("sms", "drop", times=1)
    found = await thread(desk, line.conversation_id)

    said = await writing.reply(desk, line.conversation_id, None, "下午三点", address_on(found, "sms"))

    assert await settled(desk, line.conversation_id, said, {"unknown", "sent", "delivered"})
    assert await settled(desk, line.conversation_id, said, {"sent", "delivered"}), "the provider was asked"
    seen = [each for each in await place.sandbox.phone(person["id"], "sms") if "下午三点" in each["text"]]
    assert len(seen) == 1, "and nothing was sent twice"
