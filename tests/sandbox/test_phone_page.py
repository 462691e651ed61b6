"""The page with the phone, in a real browser."""

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect
from wechatpy import parse_message
from wechatpy.replies import TextReply

from sandbox.client import Json, SandboxClient
from tests.sandbox.standin import Got, Ports, Product

pytestmark = pytest.mark.browser
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


@pytest.fixture
async def person(sandbox: SandboxClient, product: Product) -> Json:
    """Somebody new, with an account on each channel."""
    for account in (
        {"kind": "wechat", "app_id": "wxpage", "app_secret": "s", "token": "t", "mode": "plain", "retries": 0},
        {"kind": "sms", "account_sid": "ACpage", "auth_token": "t", "number": "+15005550007", "retries": 0},
        {"kind": "email", "address": "page@desk.example.com", "password": "p", "hook_secret": "s", "retries": 0},
    ):
        await sandbox.open_account(**account, hook_url=f"{product.base}/page/{account['kind']}")
    return await sandbox.add_person(name="页面用户")


@pytest.fixture
async def page(chromium: Browser, ports: Ports, person: Json) -> AsyncIterator[Page]:
    """The page, open as that person; a word in the console that is an error fails the test."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page, troubles = await context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    await page.goto(ports.base)
    await page.get_by_role("radio", name=re.compile(person["mail"])).click()
    yield page
    await context.close()
    assert troubles == []


async def channel(page: Page, name: str) -> None:
    await page.get_by_role("radio", name=name).click()


def greet(got: Got) -> web.Response:
    return web.Response(text=TextReply(content="您好，请说", message=parse_message(got.body)).render())


async def test_enter_sends_and_the_answer_appears(page: Page, product: Product) -> None:
    product.reply = greet
    await page.get_by_label("发消息").fill("<b>空调</b>不制冷")
    await page.get_by_label("发消息").press("Enter")
    thread = page.get_by_role("log")
    await expect(thread).to_contain_text("<b>空调</b>不制冷")
    await expect(thread).to_contain_text("您好，请说")
    await expect(thread).to_contain_text("已送达")
    await expect(page.get_by_label("发消息")).to_have_value("")


async def test_a_message_nobody_takes_is_shown_as_failed(page: Page, product: Product) -> None:
    product.reply = lambda _got: web.Response(status=500)
    await page.get_by_label("发消息").fill("在吗")
    await page.get_by_role("button", name="发送").click()
    await expect(page.get_by_role("log")).to_contain_text("没有送到")
    await expect(page.get_by_role("log")).to_contain_text("该公众号暂时无法提供服务")


async def test_menu_and_picture(page: Page, product: Product) -> None:
    await page.get_by_role("button", name="报修服务").click()
    await expect(page.get_by_role("log")).to_contain_text("你点击了菜单「报修服务」")
    await page.locator("input[type=file]").first.set_input_files(
        {"name": "故障.png", "mimeType": "image/png", "buffer": PNG}
    )
    await page.get_by_role("button", name="发送").click()
    await expect(page.get_by_role("img", name="故障.png")).to_be_visible()
    assert [parse_message(got.body).type for got in await product.heard(2)] == ["event", "image"]


async def test_who_unfollowed_may_follow_again(page: Page) -> None:
    await page.get_by_role("button", name="更多").click()
    await page.get_by_role("button", name="取消关注").click()
    await expect(page.get_by_label("发消息")).to_be_hidden()
    await page.get_by_role("button", name="关注公众号").click()
    await expect(page.get_by_label("发消息")).to_be_visible()


async def test_a_text_message_is_counted_and_sent(page: Page, product: Product) -> None:
    await channel(page, "短信")
    await page.get_by_label("短信", exact=True).last.fill("字" * 71)
    await expect(page.get_by_text("71 字 · 2 条")).to_be_visible()
    await page.get_by_label("短信", exact=True).last.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("已送达")
    assert b"NumSegments=2" in product.got[-1].body


async def test_a_letter_is_answered_with_its_quote(page: Page, product: Product, ports: Ports, person: Json) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "page@desk.example.com", person["mail"], "维修进度"
    letter["Message-ID"] = "<page@desk.example.com>"
    letter.set_content("师傅明天到")
    await channel(page, "邮件")
    await expect(page.get_by_text("收件箱是空的")).to_be_visible()
    await aiosmtplib.send(letter, hostname="127.0.0.1", port=ports.smtp)
    await page.get_by_role("button", name="维修进度").click()
    await page.get_by_role("button", name="回复").click()
    await page.get_by_placeholder("正文").fill("好的")
    await page.get_by_role("button", name="发送").click()
    await expect(page.get_by_role("list", name="邮件")).to_contain_text("回复：维修进度")
    (got,) = await product.heard(1)
    assert b"In-Reply-To: <page@desk.example.com>" in got.body


async def test_calls_open_and_faults_switch(page: Page, sandbox: SandboxClient) -> None:
    await page.get_by_label("发消息").fill("看看线路")
    await page.get_by_label("发消息").press("Enter")
    await page.get_by_role("button", name="微信 POST").first.click()
    await expect(page.get_by_role("tabpanel")).to_contain_text("<Content><![CDATA[看看线路]]></Content>")
    await page.get_by_role("tab", name="故障与时钟").click()
    await page.get_by_role("button", name="重复：一直").click()
    await expect(page.get_by_text("进行中 · 一直")).to_be_visible()
    assert [each["kind"] for each in await sandbox.faults()] == ["twice"]
    await page.get_by_role("button", name="关闭 重复").click()
    await expect(page.get_by_text("进行中")).to_be_hidden()
    assert await sandbox.faults() == []


async def test_on_a_phone_the_columns_are_steps(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await expect(page.get_by_label("发消息")).to_be_visible()
    await expect(page.get_by_text("我是谁").first).to_be_hidden()
    await page.get_by_role("button", name="我是谁").click()
    await channel(page, "短信")
    await expect(page.get_by_role("log", name="短信对话")).to_be_visible()
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


async def test_a_first_visit_shows_what_there_is(
    chromium: Browser, ports: Ports, sandbox: SandboxClient, person: Json
) -> None:
    assert person
    first = (await sandbox.people())[0]
    await sandbox.say(first["id"], "wechat", "早就说过了")
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = await context.new_page()
    await page.goto(ports.base)
    await expect(page.get_by_role("log")).to_contain_text("早就说过了")
    box = await page.get_by_label("发消息").bounding_box()
    await context.close()
    assert box
    assert box["height"] > 30, "there is room to write in"
