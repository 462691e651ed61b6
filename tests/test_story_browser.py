"""The whole story as people see it: three channels on the sandbox's phone, one inbox, one person, three answers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from sandbox.client import Json
from tests.running import Running, running

pytestmark = pytest.mark.browser

KINDS = {"wechat": "微信", "sms": "短信", "email": "邮件"}
PATIENCE = 15_000


@pytest.fixture
async def place(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Running]:
    async with running(environment, tmp_path) as started:
        yield started


@pytest.fixture
async def tabs(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser in which an error on any page fails the test."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    troubles: list[str] = []
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    yield context
    await context.close()
    assert troubles == []


async def log_in(tabs: BrowserContext, place: Running) -> Page:
    """Use the one-time link that `./dev run` prints."""
    page = await tabs.new_page()
    await page.goto(place.logins[0].url)
    for field in await page.locator("input[type=password]").all():
        await field.fill("a long enough password")
    await page.get_by_role("button", name="设置密码并进入").click()
    await expect(page.locator("body")).to_have_attribute("data-live", "on", timeout=PATIENCE)
    await page.goto(f"{place.url}/inbox?view=open")
    return page


async def take_phone(tabs: BrowserContext, place: Running, person: Json) -> Page:
    page = await tabs.new_page()
    await page.goto(place.sandbox.base_url)
    await page.get_by_role("radio", name=re.compile(person["mail"])).click()
    return page


async def write(phone: Page, kind: str, text: str) -> None:
    """Write as the person who holds the phone."""
    await phone.locator("#channels").get_by_role("radio", name=KINDS[kind]).click()
    if kind == "email":
        await phone.get_by_role("button", name="写邮件").click()
        await phone.get_by_label("主题").fill("空调不制冷")
        await phone.get_by_label("正文").fill(text)
    else:
        await phone.get_by_label("发消息" if kind == "wechat" else "短信", exact=True).last.fill(text)
    await phone.get_by_role("button", name="发送").click()


async def link_first_with(inbox: Page, masked: str) -> None:
    """Link the person of the open conversation with the one who shows this address."""
    await inbox.get_by_role("button", name="与另一位联系人关联").click()
    await inbox.locator("#link-choices").get_by_role("button", name=re.compile(re.escape(masked))).click()
    await inbox.get_by_role("button", name=re.compile("^关联“")).click()
    await expect(inbox.locator("dialog[open]")).to_have_count(0)


async def answer(inbox: Page, kind: str, text: str) -> None:
    await inbox.locator("#address").select_option(label=await option_of(inbox, kind))
    await inbox.locator("#text").fill(text)
    await inbox.locator("#send").click()
    sent = inbox.locator(".message.out", has_text=text)
    await expect(sent).to_contain_text(re.compile("已发送|已送达"), timeout=PATIENCE)


async def option_of(inbox: Page, kind: str) -> str:
    option = inbox.locator(f"#address option[data-kind={kind}]")
    await expect(option).to_have_count(1)
    return (await option.text_content() or "").strip()


async def test_three_channels_one_person_three_answers(place: Running, tabs: BrowserContext) -> None:
    person = await place.sandbox.add_person(name="赵小妹")
    inbox, phone = await log_in(tabs, place), await take_phone(tabs, place, person)

    for kind in KINDS:
        await write(phone, kind, f"空调不制冷 {kind}")
        await expect(inbox.locator(".row", has_text=f"空调不制冷 {kind}")).to_have_count(1, timeout=PATIENCE)
    await expect(inbox.locator(".row")).to_have_count(3)

    await inbox.bring_to_front()  # Chromium hardly draws what is behind, and a click waits until nothing moves
    await inbox.locator(".row", has_text="空调不制冷 wechat").click()
    await expect(inbox.locator(".message.in .body")).to_have_text("空调不制冷 wechat")
    await link_first_with(inbox, f"{person['phone'].removeprefix('+86')[:3]}****{person['phone'][-4:]}")
    await link_first_with(inbox, f"{person['mail'][:1]}***@")
    await expect(inbox.locator(".row")).to_have_count(1)
    await expect(inbox.locator(".message.in")).to_have_count(3)

    for kind in KINDS:
        await answer(inbox, kind, f"师傅明天上门 {kind}")
    await phone.bring_to_front()
    for kind in KINDS:
        await phone.locator("#channels").get_by_role("radio", name=KINDS[kind]).click()
        await expect(phone.locator("#screen")).to_contain_text(f"师傅明天上门 {kind}", timeout=PATIENCE)
    assert person["name"] not in await inbox.title()
