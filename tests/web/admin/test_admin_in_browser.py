"""The administrators' pages in a real browser: wide, at a phone's width, and by keyboard alone."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from core.intake.models import ChannelAccount
from core.staff.accounts import StaffView
from tests.web.street import Street

Open = Callable[..., Awaitable[Page]]

pytestmark = pytest.mark.browser

PAGES = ("channels", "channels/new/wechat", "channels/new/email", "staff", "staff/new", "system", "audit")


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("width", [1280, 390])
async def test_no_page_is_wider_than_its_screen(opened: Open, boss: StaffView, width: int) -> None:
    page = await opened("/admin/channels", boss.id, width=width)
    for path in PAGES:
        await page.goto(page.url.partition("/admin")[0] + f"/admin/{path}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


async def test_a_channel_is_added_by_keyboard(opened: Open, boss: StaffView) -> None:
    page = await opened("/admin/channels/new/sms", boss.id)
    await page.get_by_label("名称").focus()
    for typed in ("售后短信", "AC" + "0" * 32, "SECRETtoken", "+1415"):
        await page.keyboard.type(typed)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    wrong = page.get_by_label("发送号码")
    await expect(wrong).to_be_focused()
    await expect(wrong).to_have_value("+1415")
    await wrong.fill("+14155550100")
    await page.get_by_label("Auth Token").fill("SECRETtoken")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("已添加")
    account = await ChannelAccount.get(name="售后短信")
    await expect(page.get_by_label("回调地址").first).to_have_value(
        f"http://127.0.0.1:8000/hooks/sms/{account.public_id}"
    )


async def test_an_address_is_copied_by_one_button(opened: Open, boss: StaffView, street: Street) -> None:
    page = await opened("/admin/channels", boss.id)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="复制").first.click()
    await expect(page.get_by_role("button", name="已复制")).to_be_visible()
    first = await ChannelAccount.get(id=street.at["wechat"])
    assert (await page.evaluate("navigator.clipboard.readText()")).endswith(f"/hooks/wechat/{first.public_id}")
