"""What agents do to a conversation, and what they are told when they may not."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from core import clock
from core.conversations.models import Address, Attachment, Conversation, Message
from core.conversations.people import link
from core.conversations.writing import LONGEST, MOST_FILES, assign, close, mark_read, note, reopen, reply
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.messages import ContactChange, Media
from core.staff.accounts import create, deactivate
from tests.core.spoken import MAIL, OPENID, PHONE, Shop, changed, outbox

PNG = Media("a.png", "image/png", b"\x89PNG")


async def test_a_reply_is_a_message_with_its_parts_and_ends_the_waiting(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    message_id = await reply(shop.desk, conversation_id, None, "  马上来  ", address_id, [PNG, PNG])

    conversation = await Conversation.get()
    assert (conversation.waiting_since, conversation.unread) == (None, 0)
    assert (await shop.bodies(conversation_id, "out"))[-1] == "马上来"
    assert [row["part"] for row in await outbox(message_id=message_id)] == [0, 1, 2]
    assert await Attachment.filter(message_id=message_id, state="stored").count() == 2


async def test_text_and_files_of_a_mail_are_one_part(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("email", MAIL)
    message_id = await reply(shop.desk, conversation_id, None, "请看附件", address_id, [PNG, PNG])

    assert len(await outbox(message_id=message_id)) == 1


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        (" \n ", [], "请输入"),
        ("长" * 100_000, [], "太长"),
        ("看图", [Media("a.exe", "application/x-msdownload", b"x")], "不能发送这种文件"),
        ("看图", [Media("a.png", "image/png", b"x" * 30_000_000)], "文件太大"),
        ("看图", [PNG] * (MOST_FILES + 1), "最多发送"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_it_is_queued(
    shop: Shop, text: str, files: list[Media], why: str
) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    queued = await outbox()
    with pytest.raises(NotAllowed) as refused:
        await reply(shop.desk, conversation_id, None, text, address_id, files)

    assert why in refused.value.reason
    assert await outbox() == queued


async def test_half_characters_are_measured_and_sent(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    await reply(shop.desk, conversation_id, None, "半\ud800个", address_id)
    assert (await shop.bodies(conversation_id, "out"))[-1] == "半?个"


async def test_after_the_window_nothing_can_be_sent_until_they_write_again(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    window = shop.desk.facts["wechat"].reply_window
    assert window is not None
    last_in = (await Address.get()).last_in_at
    assert last_in is not None

    with clock.held(last_in + window - timedelta(seconds=1)):
        await reply(shop.desk, conversation_id, None, "刚好", address_id)
    with clock.held(last_in + window), pytest.raises(NotAllowed, match="超过可回复时间"):
        await reply(shop.desk, conversation_id, None, "晚了", address_id)


@pytest.mark.parametrize(("change", "why"), [(ContactChange.OPTED_OUT, "退订"), (ContactChange.UNFOLLOWED, "取消关注")])
async def test_who_left_or_refused_is_not_written_to(shop: Shop, change: ContactChange, why: str) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    await shop.hear("wechat", changed(OPENID, change))

    with pytest.raises(NotAllowed) as refused:
        await reply(shop.desk, conversation_id, None, "您好", address_id)
    assert why in refused.value.reason


async def test_a_reply_needs_an_open_conversation_and_an_address_of_that_person(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    _, other_address, _ = await shop.person("sms", PHONE)
    with pytest.raises(NotFound):
        await reply(shop.desk, conversation_id, None, "您好", other_address)
    with pytest.raises(NotFound):
        await reply(shop.desk, new_id(), None, "您好", address_id)
    await close(shop.desk, conversation_id, None)
    with pytest.raises(NotAllowed, match="已关闭"):
        await reply(shop.desk, conversation_id, None, "您好", address_id)


async def test_the_same_form_sent_many_times_at_once_is_one_reply(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    once = new_id()
    ids = await asyncio.gather(
        *(reply(shop.desk, conversation_id, None, "您好", address_id, once=once) for _ in range(10))
    )

    assert len(set(ids)) == 1
    assert len(await outbox(message_id=ids[0])) == 1
    assert await Message.filter(once=once).count() == 1


async def test_the_same_note_sent_many_times_at_once_is_one_note_and_never_leaves(shop: Shop) -> None:
    _, _, conversation_id = await shop.person("sms", PHONE)
    queued = await outbox()
    once = new_id()
    ids = await asyncio.gather(*(note(shop.desk, conversation_id, None, "老客户", once) for _ in range(10)))

    assert len(set(ids)) == 1
    assert await shop.bodies(conversation_id, "note") == ["老客户"]
    assert await outbox() == queued


@pytest.mark.parametrize("text", ["  ", "长" * (LONGEST + 1)])
async def test_a_note_says_something_but_not_a_book(shop: Shop, text: str) -> None:
    _, _, conversation_id = await shop.person("sms", PHONE)
    with pytest.raises(NotAllowed):
        await note(shop.desk, conversation_id, None, text)
    assert await shop.bodies(conversation_id, "note") == []


async def test_closing_and_reopening_leave_a_line_each_once(shop: Shop) -> None:
    _, _, conversation_id = await shop.person("sms", PHONE)
    for _ in range(2):
        await close(shop.desk, conversation_id, None)
    closed = await Conversation.get()
    assert (closed.state, closed.unread, closed.waiting_since) == ("closed", 0, None)
    for _ in range(2):
        await reopen(shop.desk, conversation_id, None)

    assert (await Conversation.get()).state == "open"
    assert [each.reason for each in await Message.filter(direction="event").order_by("id")] == [
        "关闭了会话",
        "重新打开了会话",
    ]


async def test_a_conversation_is_not_reopened_beside_another_open_one(shop: Shop) -> None:
    _, _, first = await shop.person("sms", PHONE)
    await close(shop.desk, first, None)
    _, _, second = await shop.person("sms", PHONE)

    with pytest.raises(NotAllowed, match="进行中"):
        await reopen(shop.desk, first, None)
    assert (await Conversation.get(id=first)).state == "closed"
    await close(shop.desk, second, None)
    await reopen(shop.desk, first, None)


async def test_who_takes_a_conversation_must_work_here(shop: Shop) -> None:
    _, _, conversation_id = await shop.person("sms", PHONE)
    member = await create(shop.desk, "xiaoli", "小丽", ["agent"])
    await assign(shop.desk, conversation_id, member.id, member.id)
    await assign(shop.desk, conversation_id, member.id, member.id)
    assert (await Conversation.get()).assignee_id == member.id
    await assign(shop.desk, conversation_id, member.id, None)
    assert (await Conversation.get()).assignee_id is None
    await deactivate(member.id)
    for nobody in (member.id, new_id()):
        with pytest.raises(NotAllowed):
            await assign(shop.desk, conversation_id, None, nobody)

    assert [each.reason for each in await Message.filter(direction="event").order_by("id")] == [
        "接手了会话",
        "放回未分配",
    ]


async def test_looking_at_a_conversation_makes_it_read(shop: Shop) -> None:
    _, _, conversation_id = await shop.person("sms", PHONE)
    await mark_read(shop.desk, conversation_id)
    conversation = await Conversation.get()
    assert conversation.unread == 0
    assert conversation.waiting_since is not None


async def test_what_is_written_while_two_people_are_linked_stays_in_sight(shop: Shop) -> None:
    kept, _, _ = await shop.person("wechat", OPENID)
    absorbed, address_id, conversation_id = await shop.person("sms", PHONE)

    done = await asyncio.gather(
        *(reply(shop.desk, conversation_id, None, f"答{number}", address_id) for number in range(8)),
        *(note(shop.desk, conversation_id, None, f"记{number}") for number in range(8)),
        link(shop.desk, kept, absorbed, None),
        return_exceptions=True,
    )

    written = [each for each in done[:-1] if isinstance(each, UUID)]
    assert all(isinstance(each, UUID | NotFound) for each in done)
    joined = await Conversation.get(id=conversation_id)
    assert joined.state == "joined"
    assert await Message.filter(conversation_id=joined.id).count() == 0
    assert await Message.filter(id__in=written).count() == len(written)
