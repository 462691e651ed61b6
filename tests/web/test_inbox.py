"""The inbox over HTTP: what is listed, what an act changes, what is refused."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID, uuid4

import aiohttp
import pytest

from core import clock, database
from core.conversations.models import Address, Conversation, Message
from core.conversations.thread import thread
from core.desk import Desk
from core.messages import Media, MessageKind
from core.notification.models import Outbox
from core.staff.accounts import StaffView
from tests.web.conftest import Visit
from tests.web.street import Street

PHONE = "+8613800138000"


@pytest.fixture
async def wang(street: Street) -> StaffView:
    """The agent."""
    return await street.hire("wang", "王伟")


@pytest.fixture
async def client(visit: Visit, wang: StaffView) -> aiohttp.ClientSession:
    """The agent's browser."""
    return await visit(wang.id)


async def seen(client: aiohttp.ClientSession, path: str) -> str:
    async with client.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


async def address_of(conversation: UUID) -> Address:
    found = await Conversation.get(id=conversation)
    return await Address.filter(contact_id=found.contact_id).order_by("id").get()


async def reply(client: aiohttp.ClientSession, conversation: UUID, text: str, **more: str) -> aiohttp.ClientResponse:
    form = {"text": text, "address": str((await address_of(conversation)).id), "once": str(uuid4()), **more}
    return await client.post(f"/inbox/c/{conversation}/reply", data=form, headers={"Accept": "application/json"})


async def test_a_conversation_moves_through_the_views(client: aiohttp.ClientSession, street: Street) -> None:
    conversation = str(await street.write("sms", PHONE, "空调不制冷"))

    async def views() -> list[str]:
        return [
            view for view in ("mine", "unassigned", "open", "closed")
            if conversation in await seen(client, f"/inbox/list?view={view}")
        ]  # fmt: skip

    assert await views() == ["unassigned", "open"]
    for act, expected in (("take", ["mine", "open"]), ("close", ["closed"]), ("reopen", ["mine", "open"])):
        async with client.post(f"/inbox/c/{conversation}/{act}") as answer:
            assert answer.ok
            assert answer.headers["HX-Trigger"] == "yingda:changed"
        assert await views() == expected
    async with client.post(f"/inbox/c/{conversation}/assign", data={"to": ""}) as answer:
        assert answer.status == 204
    assert await views() == ["unassigned", "open"]


async def test_it_is_given_to_a_colleague_but_not_to_one_who_left(
    client: aiohttp.ClientSession, street: Street
) -> None:
    li = await street.hire("li", "李娜")
    conversation = await street.write("sms", PHONE, "你好")
    async with client.post(f"/inbox/c/{conversation}/assign", data={"to": str(li.id)}) as answer:
        assert answer.status == 204
    assert "由 李娜 处理" in await seen(client, f"/inbox/c/{conversation}")
    async with client.post(f"/inbox/c/{conversation}/assign", data={"to": str(uuid4())}) as answer:
        assert (answer.status, "不存在或已停用" in await answer.text()) == (409, True)


async def test_personal_data_is_masked_and_stays_out_of_titles(client: aiohttp.ClientSession, street: Street) -> None:
    conversation = await street.write("sms", PHONE, "我叫张小燕,电话13912345678,邮箱zhang@example.com", name="张小燕")
    for path in ("/inbox?view=open", f"/inbox/c/{conversation}?view=open"):
        page = await seen(client, path)
        assert "13912345678" not in page
        assert "zhang@example.com" not in page
        assert "13800138000" not in page
        title = page.partition("<title>")[2].partition("</title>")[0]
        assert title == "(1) 会话 · 应答"


async def test_looking_somebody_up_takes_a_whole_number_from_a_form(
    client: aiohttp.ClientSession, street: Street
) -> None:
    conversation = str(await street.write("sms", PHONE, "你好"))
    other = str(await street.write("email", "li@example.com", "您好"))
    for typed, found in (("138 0013 8000", conversation), ("LI@example.com", other)):
        async with client.post("/inbox/find?view=mine", data={"find": typed}) as answer:
            page = await answer.text()
        assert found in page
        assert len([each for each in (conversation, other) if each in page]) == 1
    async with client.post("/inbox/find?view=mine", data={"find": "1380013"}) as answer:
        assert "没有找到" in await answer.text()


async def test_more_lines_come_page_by_page_without_gaps(client: aiohttp.ClientSession, street: Street) -> None:
    now = clock.now()
    written = []
    for number in range(53):
        with clock.held(now - timedelta(minutes=60 - number)):
            written.append(str(await street.write("sms", f"+861380013{number:04}", "你好")))
    first = await seen(client, "/inbox/list?view=open")
    onward = first.partition('hx-get="/inbox/more')[2].partition('"')[0].replace("&amp;", "&")
    rest = await seen(client, "/inbox/more" + onward)
    assert [each for each in written if each in first] == written[:50]
    assert [each for each in written if each in rest] == written[50:]
    assert "/inbox/more" not in rest
    longer = await seen(client, "/inbox/list?view=open&count=53")
    assert all(each in longer for each in written)


async def test_a_reply_sent_twice_counts_once(client: aiohttp.ClientSession, street: Street) -> None:
    conversation = await street.write("sms", PHONE, "你好")
    once = str(uuid4())
    answers = await asyncio.gather(*(reply(client, conversation, "马上安排", once=once) for _ in range(4)))
    assert [each.status for each in answers] == [204] * 4
    assert await Message.filter(conversation_id=conversation, author_kind="staff").count() == 1
    sent = await Message.get(once=once)
    assert await Outbox.filter(message_id=sent.id).count() == 1
    page = await seen(client, f"/inbox/c/{conversation}")
    assert page.count("马上安排") == 1
    assert "排队中" in page


@pytest.mark.parametrize("once", ["", "x"])
async def test_a_reply_without_an_id_is_refused(client: aiohttp.ClientSession, street: Street, once: str) -> None:
    conversation = await street.write("sms", PHONE, "你好")
    answer = await reply(client, conversation, "马上安排", once=once)
    assert answer.status == 400
    assert await Message.filter(conversation_id=conversation, author_kind="staff").count() == 0


async def test_what_cannot_be_sent_is_refused_with_the_reason(client: aiohttp.ClientSession, street: Street) -> None:
    conversation = await street.write("wechat", "o" * 28, "你好")
    empty = await reply(client, conversation, "  ")
    assert (empty.status, (await empty.json())["error"]["message"]) == (409, "请输入回复内容")
    with clock.held(clock.now() + timedelta(hours=49)):
        await database.run("UPDATE staff_session SET seen_at = $1, expires_at = $1::timestamptz + interval '1 h'",
                           clock.now())  # fmt: skip
        late = await reply(client, conversation, "还在吗", once=str(uuid4()))
        assert late.status == 409
        page = await seen(client, f"/inbox/c/{conversation}")
    assert "已超过可回复时间" in page
    assert await Outbox.filter(text_sealed__not_isnull=True).count() == 0


async def test_a_note_is_kept_and_never_goes_out(client: aiohttp.ClientSession, street: Street) -> None:
    conversation = await street.write("sms", PHONE, "你好")
    before = await Outbox.all().count()
    form = {"text": "已核对购买日期", "once": str(uuid4())}
    for _ in range(2):
        async with client.post(f"/inbox/c/{conversation}/note", data=form) as answer:
            assert answer.status == 204
    page = await seen(client, f"/inbox/c/{conversation}")
    assert page.count("已核对购买日期") == 1
    assert "内部备注" in page
    assert await Outbox.all().count() == before


async def test_files_come_back_harmless(client: aiohttp.ClientSession, street: Street, desk: Desk) -> None:
    files = (
        Media("照片.png", "image/png", b"\x89PNG\r\n"),
        Media("x.svg", "image/svg+xml", b"<svg onload='alert(1)'/>"),
        Media('a"\r\nb.html', "text/html", b"<script>alert(1)</script>"),
    )
    conversation = await street.write("email", "li@example.com", "附件", files=files, shown=MessageKind.FILE)
    shown = [each for message in (await thread(desk, conversation)).messages for each in message.attachments]
    expected = [
        ("image/png", "inline"),
        ("application/octet-stream", "attachment"),
        ("application/octet-stream", "attachment"),
    ]
    for each, (content_type, how) in zip(shown, expected, strict=True):
        async with client.get(f"/inbox/files/{each.id}") as answer:
            assert answer.content_type == content_type
            assert answer.headers["Content-Disposition"].startswith(f"{how}; filename*=UTF-8''")
            assert answer.headers["Content-Security-Policy"].startswith("sandbox")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
    page = await seen(client, f"/inbox/c/{conversation}")
    assert page.count("<img ") == 1


async def test_two_people_are_linked_and_split_by_name(client: aiohttp.ClientSession, street: Street) -> None:
    first = await street.write("sms", PHONE, "短信里说的", name="张小燕")
    second = await street.write("email", "zhang@example.com", "邮件里说的", name="张燕")
    kept, absorbed = [(await Conversation.get(id=each)).contact_id for each in (first, second)]
    choices = await seen(client, f"/inbox/people/{kept}/link")
    assert str(absorbed) in choices
    assert "z***@example.com" in choices
    async with client.post(f"/inbox/people/{kept}/find", data={"find": "zhang@example.com"}) as answer:
        assert str(absorbed) in await answer.text()
    confirm = await seen(client, f"/inbox/people/{kept}/link/{absorbed}")
    assert "138****8000" in confirm
    assert "z***@example.com" in confirm
    async with client.post(f"/inbox/people/{kept}/link", data={"absorbed": str(absorbed)}) as answer:
        assert answer.status == 204
    page = await seen(client, f"/inbox/c/{first}")
    assert "短信里说的" in page
    assert "邮件里说的" in page
    merge = page.partition("/inbox/merges/")[2].partition("/split")[0]
    async with client.post(f"/inbox/merges/{merge}/split") as answer:
        assert answer.status == 204
    page = await seen(client, f"/inbox/c/{first}")
    assert "邮件里说的" not in page
    assert "邮件里说的" in await seen(client, f"/inbox/c/{second}")


async def test_only_what_failed_or_is_unknown_may_be_sent_again(client: aiohttp.ClientSession, street: Street) -> None:
    conversation = await street.write("sms", PHONE, "你好")
    await reply(client, conversation, "马上安排")
    message = (await Message.get(conversation_id=conversation, author_kind="staff")).id
    part = await Outbox.get(message_id=message)
    async with client.post("/inbox/resend", data={"part": str(part.id)}) as answer:
        assert answer.status == 409
    for state, words in (("failed", "失败"), ("unknown", "结果未知")):
        await database.run("UPDATE outbox SET state = $2 WHERE message_id = $1", message, state)
        await database.run("UPDATE message SET state = $2, reason = '号码停机' WHERE id = $1", message, state)
        page = await seen(client, f"/inbox/c/{conversation}")
        assert words in page
        assert "号码停机" in page
        assert "重发" in page
        assert ("可能已送达" in page) == (state == "unknown")
    async with client.post("/inbox/resend", data={"part": str(part.id)}) as answer:
        assert answer.status == 204
    assert await Outbox.filter(message_id=message, state="queued").count() == 1


async def test_opening_reads_but_looking_in_the_background_does_not(
    client: aiohttp.ClientSession, street: Street
) -> None:
    conversation = await street.write("sms", PHONE, "你好")
    async with client.get(f"/inbox/c/{conversation}", headers={"HX-Request": "true", "Yingda-Background": "1"}):
        assert (await Conversation.get(id=conversation)).unread == 1
    async with client.get(f"/inbox/c/{conversation}", headers={"HX-Request": "true"}) as answer:
        assert "<html" not in await answer.text()
        assert (await Conversation.get(id=conversation)).unread == 0


async def test_what_somebody_wrote_is_shown_as_they_wrote_it(client: aiohttp.ClientSession, street: Street) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    conversation = await street.write(
        "email", "li@example.com", hostile, name=hostile, subject=hostile, full_text=hostile + "\n> 引用",
        files=(Media(hostile + ".png", "image/png", b"x"), Media(hostile, "text/plain", b"x")),
    )  # fmt: skip
    for path in (f"/inbox/c/{conversation}?view=open", "/inbox/list?view=open"):
        page = await seen(client, path)
        assert "<script>alert" not in page
        assert "onerror=alert(1)>" not in page
    assert "显示全文" in await seen(client, f"/inbox/c/{conversation}")


async def test_the_live_line_tells_ids_and_nothing_else(
    client: aiohttp.ClientSession, street: Street, site: str
) -> None:
    async with client.ws_connect("/live", headers={"Origin": site}) as line, asyncio.timeout(10):
        conversation = await street.write("sms", PHONE, "你好 13912345678")
        heard: set[str] = set()
        while str(conversation) not in heard:
            heard |= set((await line.receive_str()).split("\n"))
            if str(conversation) not in heard:
                await street.desk.bell.announce({conversation})
    assert all(re.fullmatch(r"\*|[0-9a-f-]{36}", each) for each in heard if each)


async def test_the_live_line_ends_with_the_session(
    client: aiohttp.ClientSession, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.live.CHECK_EVERY", 0.05)
    async with client.ws_connect("/live", headers={"Origin": site}) as line, asyncio.timeout(10):
        async with client.post("/logout") as answer:
            assert answer.ok
        while not line.closed:
            await line.receive()
        assert line.close_code == 4401
