"""The list of conversations, and one of them opened."""

from datetime import timedelta

import pytest

from core import clock
from core.conversations.listing import Line, Position, contacts_at, conversations, counts
from core.conversations.models import Address, Attachment, Conversation, Message
from core.conversations.thread import attachment, thread
from core.conversations.writing import assign, close, note, reply
from core.errors import NotFound, Refused
from core.ids import new_id
from core.messages import Accepted, ContactChange, Media, MessageKind
from core.notification import outbox
from core.privacy.models import DataKey
from core.staff.accounts import create
from tests.core.notification.leaves import forget_acknowledgements, sent
from tests.core.spoken import MAIL, OPENID, PHONE, Shop, changed, said


async def test_each_view_holds_its_own(shop: Shop) -> None:
    me = (await create(shop.desk, "xiaoli", "小丽", ["agent"])).id
    _, _, mine = await shop.person("wechat", OPENID)
    _, _, free = await shop.person("sms", PHONE)
    _, _, done = await shop.person("email", MAIL)
    await assign(shop.desk, mine, me, me)
    await close(shop.desk, done, me)

    views = {
        view: [each.conversation_id for each in await conversations(shop.desk, view, me)]
        for view in ("mine", "unassigned", "open", "closed", "all")
    }
    assert views == {
        "mine": [mine],
        "unassigned": [free],
        "open": [mine, free],
        "closed": [done],
        "all": [mine, free, done],
    }
    assert await counts(me) == {"mine": 1, "unassigned": 1, "open": 2}
    assert await counts(None) == {"mine": 0, "unassigned": 1, "open": 2}
    assert (await conversations(shop.desk, "mine", me))[0].assignee == "小丽"


async def test_pages_follow_one_another_and_who_waits_longest_comes_first(shop: Shop) -> None:
    start = clock.now() - timedelta(hours=1)
    for number in range(9):
        with clock.held(start + timedelta(minutes=number // 2)):  # two at a time, to the microsecond
            _, _, conversation = await shop.person("wechat", f"o{number:027}")
            if number % 3 == 0:
                await Conversation.filter(id=conversation).update(waiting_since=None)

    seen: list[Line] = []
    while page := await conversations(shop.desk, "open", None, seen[-1].position if seen else None, limit=2):
        seen += page

    assert len({each.conversation_id for each in seen}) == len(seen) == 9
    waiting = [each.waiting_since for each in seen if each.waiting_since]
    answered = [each.last_message_at for each in seen if not each.waiting_since]
    assert [each.waiting_since for each in seen[:6]] == waiting == sorted(waiting)
    assert answered == sorted(answered, reverse=True)


def test_a_position_is_read_back_as_it_was_written() -> None:
    for waiting in (None, clock.now()):
        place = Position(waiting, clock.now(), new_id())
        assert Position.of(str(place)) == place
    for wrong in ("", "~", "~yesterday~1", f"~2026-01-01T00:00:00~{new_id()}", f"a~2026-01-01~{new_id()}"):
        with pytest.raises(ValueError, match="not a position"):
            Position.of(wrong)


@pytest.mark.parametrize(
    "find",
    [
        "13800138000", "138 0013 8000", "138-0013-8000", "+86 138 0013 8000", "8613800138000", "0086-13800138000",
        "+86-138-0013-8000", " 13800138000 ", "１３８００１３８０００", "(86)13800138000",
    ],
)  # fmt: skip
async def test_a_phone_number_is_found_however_it_is_written(shop: Shop, find: str) -> None:
    contact_id, _, conversation_id = await shop.person("sms", PHONE)
    await shop.person("sms", "+8613800138001")

    assert await contacts_at(shop.desk, find) == [contact_id]
    (line,) = await conversations(shop.desk, "open", None, find=find)
    assert line.conversation_id == conversation_id


@pytest.mark.parametrize(
    "find", ["1380013800", "3800138000", "guest@example.co", "*", "%", " ", "\0", "\ud800", "8000"]
)
async def test_only_whole_addresses_are_found(shop: Shop, find: str) -> None:
    await shop.person("sms", PHONE)
    await shop.person("email", MAIL)
    assert await contacts_at(shop.desk, find) == []
    assert await conversations(shop.desk, "open", None, find=find) == []


@pytest.mark.parametrize(
    ("kind", "stored", "find"),
    [
        ("email", MAIL, "Guest@Example.com"),
        ("wechat", OPENID, OPENID),
        ("sms", "+14155552671", "+1 (415) 555-2671"),
        ("sms", "+861085551234", "010-8555-1234"),
        ("sms", "10690", "10690"),
    ],
)
async def test_addresses_of_every_kind_are_found(shop: Shop, kind: str, stored: str, find: str) -> None:
    contact_id, _, _ = await shop.person(kind, stored)
    assert await contacts_at(shop.desk, find) == [contact_id]


async def test_a_line_shows_what_was_said_masked(shop: Shop) -> None:
    await shop.hear("sms", said(PHONE, "打我电话 138 0013 8000 ，\n谢谢"))
    (line,) = await conversations(shop.desk, "open", None)

    assert line.preview == "打我电话 138****8000 ， 谢谢"
    assert line.channels == ["sms"]
    assert line.unread == 1
    assert PHONE[3:] not in repr(line)


async def test_a_line_of_an_image_says_so_and_of_an_erased_person_too(shop: Shop) -> None:
    await shop.hear("wechat", said(OPENID, "", kind=MessageKind.IMAGE, media=(Media("图", "image/png", b"x"),)))
    assert (await conversations(shop.desk, "open", None))[0].preview == "[图片]"

    await shop.hear("wechat", said(OPENID, "还有"))
    await DataKey.filter(purpose="contact").update(wrapped=None)
    shop.desk.keyring._open.clear()
    line = (await conversations(shop.desk, "open", None))[0]
    assert (line.name, line.preview) == ("已删除", "内容已删除")


async def test_the_window_of_a_line_closes_when_its_last_way_does(shop: Shop) -> None:
    await shop.person("wechat", OPENID)
    await shop.person("sms", PHONE)
    closings = {tuple(each.channels): each.closes_at for each in await conversations(shop.desk, "open", None)}

    last_in = (await Address.get(kind="wechat")).last_in_at
    window = shop.desk.facts["wechat"].reply_window
    assert last_in is not None
    assert window is not None
    assert closings == {("wechat",): last_in + window, ("sms",): None}


async def test_a_thread_is_read_page_by_page_in_both_directions(shop: Shop) -> None:
    await shop.hear("wechat", *(said(OPENID, str(number)) for number in range(10)))
    await forget_acknowledgements()
    conversation_id = (await conversations(shop.desk, "open", None))[0].conversation_id

    newest = await thread(shop.desk, conversation_id, limit=4)
    assert [each.body for each in newest.messages] == ["6", "7", "8", "9"]
    assert newest.has_earlier
    earlier = await thread(shop.desk, conversation_id, before=newest.messages[0].id, limit=6)
    assert [each.body for each in earlier.messages] == ["0", "1", "2", "3", "4", "5"]
    assert not earlier.has_earlier
    later = await thread(shop.desk, conversation_id, after=earlier.messages[-1].id, limit=2)
    assert [each.body for each in later.messages] == ["6", "7"]
    assert (await thread(shop.desk, conversation_id, after=newest.messages[-1].id)).messages == []


async def test_an_opened_conversation_shows_everything_masked(shop: Shop) -> None:
    me = (await create(shop.desk, "xiaoli", "小丽", ["agent"])).id
    media = (Media("13800138000.png", "image/png", b"\x89PNG"), Media("等", "image/png", reference="r"))
    await shop.hear("sms", said(PHONE, "我是13800138000", media=media))
    conversation_id = (await conversations(shop.desk, "open", None))[0].conversation_id
    address = await Address.get()
    await forget_acknowledgements()
    await reply(shop.desk, conversation_id, me, "收到", address.id)
    await note(shop.desk, conversation_id, me, "备注：13800138000")
    failed = await sent(shop, Refused("空号"))

    opened = await thread(shop.desk, conversation_id)
    said_in, answer, remark = opened.messages
    assert (said_in.direction, answer.direction, remark.direction) == ("in", "out", "note")
    assert (answer.author, answer.state, answer.reason, answer.stuck) == ("小丽", "failed", "空号", [failed])
    assert [each.state for each in said_in.attachments] == ["stored", "pending"]
    assert opened.addresses[0].value == "138****8000"
    assert opened.reply_through == address.id
    assert "13800138000" not in repr(opened)


async def test_a_part_that_was_sent_again_is_no_longer_stuck(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("sms", PHONE)
    await forget_acknowledgements()
    await reply(shop.desk, conversation_id, None, "您好", address_id)
    failed = await sent(shop, Refused("空号"))
    await outbox.resend(shop.desk, failed, None)
    await sent(shop, Accepted("SM2"))

    answer = (await thread(shop.desk, conversation_id)).messages[-1]
    assert (answer.state, answer.reason, answer.stuck) == ("sent", "", [])


async def test_a_file_opens_once_it_is_here(shop: Shop) -> None:
    media = (Media("图.png", "image/png", b"\x89PNG"), Media("等", "image/png", reference="r"))
    await shop.hear("wechat", said(OPENID, "", media=media))
    here, pending = await Attachment.all().order_by("position")

    assert await attachment(shop.desk, here.id) == ("图.png", "image/png", b"\x89PNG")
    for each in (pending.id, new_id()):
        with pytest.raises(NotFound):
            await attachment(shop.desk, each)


async def test_what_a_person_did_before_is_listed_beside(shop: Shop) -> None:
    _, _, first = await shop.person("sms", PHONE)
    await close(shop.desk, first, None)
    _, _, second = await shop.person("sms", PHONE)

    opened = await thread(shop.desk, second)
    assert [(each.conversation_id, each.state) for each in opened.history] == [(first, "closed")]
    with pytest.raises(NotFound):
        await thread(shop.desk, new_id())


async def test_the_way_to_answer_is_the_last_one_that_is_open(shop: Shop) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    assert (await thread(shop.desk, conversation_id)).reply_through == address_id
    await shop.hear("wechat", changed(OPENID, ContactChange.UNFOLLOWED))

    opened = await thread(shop.desk, conversation_id)
    assert opened.reply_through is None
    assert "取消关注" in opened.addresses[0].why_not
    assert await Message.filter(direction="event").count() == 1
