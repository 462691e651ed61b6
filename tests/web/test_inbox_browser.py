"""The inbox in a real browser: keyboard, news, drafts, a phone's width, and texts that want to be code."""

import asyncio
import struct
import zlib
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from core import database
from core.conversations.models import Conversation, Message
from core.messages import Media, MessageKind
from core.staff.accounts import StaffView
from tests.web.conftest import Open
from tests.web.street import Street

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def png(width: int, height: int) -> bytes:
    """A blue picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes((60, 140, 220)) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
async def wang(street: Street) -> StaffView:
    """The agent."""
    return await street.hire("wang", "王伟")


@pytest.fixture
async def three(street: Street) -> list[UUID]:
    """Three conversations that wait; the last one waits longest, and so stands first in the list."""
    numbers = (2, 1, 0)
    wrote = [await street.write("sms", f"+861380013800{number}", f"第{number}位:空调不制冷") for number in numbers]
    return wrote[::-1]


@pytest.fixture
async def page(opened: Open, wang: StaffView, three: list[UUID]) -> Page:
    """The agent's inbox, live."""
    assert three
    return await live(await opened("/inbox?view=unassigned", wang.id))


async def live(page: Page) -> Page:
    """The page, once its line for news stands."""
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    return page


async def until(condition: str, *values: object, expected: int = 1) -> None:
    """Wait until a count in the database is as expected."""
    async with asyncio.timeout(15):
        while len(await database.rows(f"SELECT 1 FROM {condition}", *values)) != expected:  # noqa: ASYNC110, S608
            await asyncio.sleep(0.05)


async def test_the_keyboard_is_enough(page: Page, wang: StaffView, three: list[UUID]) -> None:
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator(".row").nth(1)).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.locator(".thread")).to_have_attribute("data-id", str(three[2]))
    await expect(page).to_have_url(f"{page.url.partition('/inbox')[0]}/inbox/c/{three[2]}?view=unassigned")
    await page.keyboard.press("a")
    await expect(page.locator(".thread-sub")).to_contain_text("由我处理")
    assert (await Conversation.get(id=three[2])).assignee_id == wang.id
    await page.keyboard.press("r")
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("马上安排师傅")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("请稍候")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.out .body", has_text="马上安排师傅\n请稍候")).to_be_visible()
    await expect(page.locator("#text")).to_have_value("")
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await page.keyboard.type("在保修期内")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.note .body")).to_have_text("在保修期内")
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    await expect(page.locator(".thread-sub")).to_contain_text("已关闭")
    await page.get_by_role("button", name="撤销").click()
    await expect(page.locator(".thread-sub")).to_contain_text("由我处理")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#keys")).to_be_hidden()


async def test_what_somebody_writes_arrives_by_itself(page: Page, street: Street, three: list[UUID]) -> None:
    await page.locator(".row").first.click()
    await expect(page.locator(".message.in")).to_have_count(1)
    await street.write("sms", "+8613800138002", "还在吗?")
    await expect(page.locator(".message.in .body").last).to_have_text("还在吗?")
    await until("conversation WHERE id = $1 AND unread = 0", three[2])
    await street.write("sms", "+8613900139000", "我是新来的")
    await expect(page.locator(".row")).to_have_count(4)
    await expect(page.locator(".row").last).to_contain_text("我是新来的")
    await expect(page).to_have_title("(4) 会话 · 应答")
    await expect(page.locator(".row[aria-current]")).to_have_attribute("data-id", str(three[2]))


async def test_news_do_not_move_what_one_reads(page: Page, street: Street, three: list[UUID]) -> None:
    for number in range(30):
        await street.write("sms", "+8613800138002", f"消息 {number} " + "很长的一段话。" * 20)
    await page.goto(page.url.partition("/inbox")[0] + f"/inbox/c/{three[2]}?view=unassigned")
    await live(page)
    scroller = page.locator("#scroller")
    await scroller.evaluate("box => { box.scrollTop = 200 }")
    await page.locator("#messages .message").nth(1).evaluate("node => { node.dataset.mark = 'here' }")
    before = await page.locator("[data-mark]").bounding_box()
    await street.write("sms", "+8613800138002", "最新的一条")
    await expect(page.locator("#new-messages")).to_be_visible()
    await expect(page.locator(".message.in .body").last).to_have_text("最新的一条")
    assert await page.locator("[data-mark]").bounding_box() == before
    await page.locator("#new-messages").click()
    await expect(page.locator(".message.in .body").last).to_be_in_viewport()
    await expect(page.locator("#new-messages")).to_be_hidden()


async def test_a_state_changes_in_its_place_and_unknown_asks_before_resending(
    page: Page, street: Street, three: list[UUID]
) -> None:
    await page.locator(".row").first.click()
    await page.locator("#text").fill("马上安排")
    await page.locator("#send").click()
    sent = page.locator(".message.out", has_text="马上安排")
    await expect(sent.locator(".state")).to_have_text("排队中")
    message = (await Message.get(conversation_id=three[2], author_kind="staff")).id
    await database.run("UPDATE outbox SET state = 'unknown' WHERE message_id = $1", message)
    await database.run("UPDATE message SET state = 'unknown', reason = '连接中断' WHERE id = $1", message)
    await street.desk.bell.announce({three[2]})
    await expect(sent.locator(".state")).to_have_text("结果未知")
    await expect(sent.locator(".reason")).to_have_text("连接中断")
    await sent.get_by_role("button", name="重发").click()
    await expect(page.locator("#ask-text")).to_contain_text("可能已送达")
    await page.get_by_role("button", name="取消").click()
    assert await database.rows("SELECT 1 FROM outbox WHERE message_id = $1 AND state = 'queued'", message) == []
    await sent.get_by_role("button", name="重发").click()
    await page.get_by_role("button", name="仍要重发").click()
    await until("outbox WHERE message_id = $1 AND state = 'queued'", message)
    await expect(page.locator(".message.out", has_text="马上安排")).to_have_count(1)


async def test_a_draft_waits_for_its_conversation(page: Page) -> None:
    await page.locator(".row").nth(0).click()
    await page.locator("#text").fill("还没写完")
    await page.locator(".row").nth(1).click()
    await expect(page.locator(".row").nth(1)).to_have_attribute("aria-current", "true")
    await expect(page.locator("#text")).to_have_value("")
    await page.locator(".row").nth(0).click()
    await expect(page.locator("#text")).to_have_value("还没写完")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("还没写完")
    await expect(page.locator(".row").nth(0)).to_contain_class("draft")


async def test_a_reply_that_does_not_go_through_stays_and_goes_once(page: Page, three: list[UUID]) -> None:
    await page.locator(".row").first.click()
    await page.locator("#text").fill("马上安排")
    await page.route("**/reply", lambda route: route.abort())
    await page.locator("#send").click()
    await expect(page.locator("#composer-problem")).to_contain_text("内容已保留")
    await expect(page.locator("#text")).to_have_value("马上安排")
    await page.unroute("**/reply")

    async def lose_the_answer(route: object) -> None:
        await route.fetch()  # type: ignore[attr-defined]
        await route.abort()  # type: ignore[attr-defined]

    await page.route("**/reply", lose_the_answer)
    await page.locator("#send").click()
    await expect(page.locator("#composer-problem")).to_contain_text("不会发两遍")
    await page.unroute("**/reply")
    await page.locator("#send").click()
    await expect(page.locator("#text")).to_have_value("")
    assert await Message.filter(conversation_id=three[2], author_kind="staff").count() == 1


async def test_no_text_becomes_code(opened: Open, street: Street, wang: StaffView) -> None:
    files = (Media(HOSTILE + ".png", "image/png", png(4, 4)), Media(HOSTILE, "text/html", HOSTILE.encode()))
    conversation = await street.write(
        "email", "li@example.com", HOSTILE, name=HOSTILE, subject=HOSTILE, full_text=HOSTILE + "\n> 引用", files=files
    )
    page = await live(await opened(f"/inbox/c/{conversation}?view=open", wang.id))
    await page.locator(".full summary").click()
    await page.locator("#files").set_input_files({"name": HOSTILE, "mimeType": "image/png", "buffer": png(4, 4)})
    await expect(page.locator("#picked .file-name")).to_have_text(HOSTILE)
    await page.locator("[name=mode][value=note]").check(force=True)
    await page.locator("#text").fill(HOSTILE)
    await page.locator("#send").click()
    await expect(page.locator(".message.note .body")).to_have_text(HOSTILE)
    await page.get_by_role("button", name="与另一位联系人关联").click()
    await expect(page.locator("#dialog")).to_be_visible()
    assert await page.title() == "(1) 会话 · 应答"
    assert await page.locator("img[src=x], .message script, #dialog script").count() == 0
    assert await page.locator(".picture img").evaluate("image => image.complete && image.naturalWidth") == 4


async def test_pictures_are_pasted_and_sent(opened: Open, street: Street, wang: StaffView) -> None:
    conversation = await street.write("email", "li@example.com", "请发照片")
    page = await live(await opened(f"/inbox/c/{conversation}?view=open", wang.id))
    await page.locator("#text").evaluate(
        """(area, bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "粘贴.png", { type: "image/png" }));
          area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        list(png(8, 8)),
    )
    await expect(page.locator("#picked .file-name")).to_have_text("粘贴.png")
    await page.locator("#text").fill("这是说明书")
    await page.keyboard.press("Enter")
    await expect(page.locator("#text")).to_have_value("这是说明书\n")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".message.out .picture img")).to_be_visible()
    await expect(page.locator("#picked")).to_be_hidden()


async def test_the_composer_counts_by_the_channels_measure(
    page: Page, opened: Open, street: Street, wang: StaffView
) -> None:
    await page.locator(".row").first.click()
    await page.locator("#text").fill("好" * 71)
    await expect(page.locator("#counter")).to_have_text("71 字 · 2 条短信")
    await expect(page.locator("#attach")).to_be_hidden()
    conversation = await street.write("wechat", "o" * 28, "你好")
    wide = await live(await opened(f"/inbox/c/{conversation}?view=open", wang.id))
    await wide.locator("#text").fill("好" * 700)
    await expect(wide.locator("#counter")).to_have_text("2100 / 2048 字节 · 将分 2 条发送")
    await wide.locator("#text").fill("好" * 5000)
    await expect(wide.locator("#counter")).to_contain_text("太长")
    await expect(wide.locator("#send")).to_be_disabled()


async def test_two_people_are_linked_after_a_named_question(page: Page, three: list[UUID]) -> None:
    await page.locator(".row").nth(0).click()
    await page.get_by_role("button", name="与另一位联系人关联").click()
    await page.get_by_label("按完整手机号或邮箱查找").fill("13800138001")
    await expect(page.locator("#link-choices .person")).to_have_count(1)
    await page.locator("#link-choices .person").click()
    await expect(page.locator(".both")).to_contain_text("138****8002")
    await expect(page.locator(".both")).to_contain_text("138****8001")
    await page.locator("#dialog").get_by_role("button", name="关联").click()
    await expect(page.locator("#dialog")).to_be_hidden()
    await expect(page.locator(".message.in")).to_have_count(2)
    await expect(page.locator(".row")).to_have_count(2)
    await page.get_by_role("button", name="拆分").click()
    await page.locator("#ask-yes").click()
    await expect(page.locator(".message.in")).to_have_count(1)
    await expect(page.locator(".row")).to_have_count(3)
    assert await Message.filter(conversation_id=three[1], direction="in").count() == 1


async def test_a_phones_width_has_three_steps(opened: Open, wang: StaffView, three: list[UUID]) -> None:
    page = await live(await opened("/inbox?view=unassigned", wang.id, width=390, height=844))
    await page.locator(".row").first.click()
    await expect(page.locator(".thread")).to_have_attribute("data-id", str(three[2]))
    await expect(page.locator(".list-column")).to_be_hidden()
    await page.get_by_role("button", name="联系人资料").click()
    await expect(page.locator("#panel")).to_be_visible()
    await expect(page.locator(".thread")).to_be_hidden()
    await page.get_by_role("button", name="回到会话").click()
    await expect(page.locator("#text")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("link", name="回到列表").click()
    await expect(page.locator(".list-column")).to_be_visible()
    await expect(page.locator(".thread")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_long_words_widen_nothing(opened: Open, street: Street, wang: StaffView, width: int) -> None:
    long = "https://example.com/" + "a" * 300
    files = (Media("很长的文件名" * 20 + ".pdf", "application/pdf", b"%PDF"),)
    conversation = await street.write("email", "li@example.com", long, name="王" * 60, subject=long, files=files)
    page = await live(await opened(f"/inbox/c/{conversation}?view=open", wang.id, width=width))
    wider = "[...document.querySelectorAll('#scroller, #messages, .bubble, .thread-head, .rows, .panel, html')]"
    assert (
        await page.evaluate(f"{wider}.filter(box => box.scrollWidth > box.clientWidth).map(box => box.className)") == []
    )


async def test_a_lost_line_says_so_and_heals(opened: Open, street: Street, wang: StaffView, three: list[UUID]) -> None:
    page = await live(await opened("/inbox?view=unassigned", wang.id))
    await page.context.set_offline(True)
    await expect(page.locator("#lost")).to_be_visible()
    await street.write("sms", "+8613900139000", "断线时写的")
    await page.context.set_offline(False)
    await expect(page.locator("#lost")).to_be_hidden(timeout=20_000)
    await expect(page.locator(".row")).to_have_count(len(three) + 1)


async def test_a_file_of_a_kind_that_cannot_be_sent_says_so(opened: Open, street: Street, wang: StaffView) -> None:
    conversation = await street.write("wechat", "o" * 28, "发个说明书吧", shown=MessageKind.TEXT)
    page = await live(await opened(f"/inbox/c/{conversation}?view=open", wang.id))
    await page.locator("#files").set_input_files(
        {"name": "说明书.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    await expect(page.locator("#picked .field-problem")).to_contain_text("不能发送这种文件")
    await page.locator("#text").fill("说明书")
    await page.locator("#send").click()
    await expect(page.locator("#composer-problem")).to_contain_text("不能发送这种文件")
    await page.get_by_role("button", name="去掉 说明书.pdf").click()
    await expect(page.locator("#picked")).to_be_hidden()
