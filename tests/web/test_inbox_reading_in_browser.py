"""Reading and answering in a real browser: the end stays in sight, and nobody answers by a channel unawares."""

import asyncio
import re
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from core import clock
from core.conversations import people
from core.conversations.models import Address, Conversation
from core.staff.accounts import StaffView
from tests.web.conftest import Open
from tests.web.street import Street

pytestmark = pytest.mark.browser

GAP = "(box => box.scrollHeight - box.scrollTop - box.clientHeight)(document.getElementById('scroller'))"


@pytest.fixture
async def wang(street: Street) -> StaffView:
    """The agent."""
    return await street.hire("wang", "王伟")


async def shows(page: Page, condition: str) -> None:
    """Wait until something is true in the page; its policy forbids Playwright's own way of waiting."""
    async with asyncio.timeout(15):
        while not await page.evaluate(condition):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def opened_mail(opened: Open, street: Street, wang: StaffView, width: int) -> Page:
    """A mail that is longer than the window."""
    conversation = await street.write("email", "li@example.com", "\n".join("很长的信" for _ in range(80)))
    page = await opened(f"/inbox/c/{conversation}?view=open", wang.id, width=width)
    await expect(page.locator("#subject")).to_be_visible()
    return page


async def conversation_of_two(street: Street) -> UUID:
    """One person by SMS and by WeChat."""
    by_sms = await Conversation.get(id=await street.write("sms", "+8613800138001", "师傅几点到"))
    by_wechat = await Conversation.get(id=await street.write("wechat", "o" * 28, "空调不制冷"))
    await people.link(street.desk, by_wechat.contact_id, by_sms.contact_id, None)
    return by_wechat.id


@pytest.mark.parametrize("width", [390, 1440])
async def test_the_end_stays_in_sight_while_the_composer_grows(
    opened: Open, street: Street, wang: StaffView, width: int
) -> None:
    page = await opened_mail(opened, street, wang, width)
    await shows(page, f"{GAP} < 2")
    await page.locator("#text").fill("一行\n" * 12)
    await shows(page, f"{GAP} < 2")
    await page.set_viewport_size({"width": width, "height": 600})
    await shows(page, f"{GAP} < 2")


async def test_who_reads_further_up_stays_there(opened: Open, street: Street, wang: StaffView) -> None:
    page = await opened_mail(opened, street, wang, 1440)
    await page.locator("#scroller").evaluate("box => box.scrollTop = 0")
    await shows(page, f"{GAP} > 100")
    await page.locator("#text").fill("一行\n" * 12)
    await shows(page, "document.getElementById('text').offsetHeight > 150")
    assert await page.locator("#scroller").evaluate("box => box.scrollTop") == 0


async def test_a_channel_that_closes_says_which_one_is_used_instead(
    opened: Open, street: Street, wang: StaffView
) -> None:
    page = await opened(f"/inbox/c/{await conversation_of_two(street)}?view=open", wang.id)
    await expect(page.locator("body")).to_have_attribute("data-live", "on")
    chosen = page.locator("#address option:checked")
    await expect(chosen).to_have_attribute("data-kind", "wechat")
    await page.locator("#text").fill("只想在微信里说的话")
    await Address.filter(kind="wechat").update(unreachable_at=clock.now())
    await street.desk.bell.announce({await current(page)})
    await expect(page.locator("#composer-problem")).to_have_text("微信现在不能回复，已改为通过短信")
    await expect(chosen).to_have_attribute("data-kind", "sms")
    await expect(page.locator("#text")).to_have_value("只想在微信里说的话")


async def current(page: Page) -> UUID:
    """The opened conversation."""
    return UUID(await page.locator(".thread").get_attribute("data-id"))


async def test_at_a_phones_width_everything_has_its_name(opened: Open, street: Street, wang: StaffView) -> None:
    conversation = await street.write("sms", "+8613800138001", "师傅几点到")
    page = await opened(f"/inbox/c/{conversation}?view=open", wang.id, width=390, height=844)
    await expect(page.get_by_role("combobox", name="通过")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("会话")


async def test_an_empty_list_leads_on(opened: Open, street: Street, wang: StaffView) -> None:
    await street.write("sms", "+8613800138001", "师傅几点到")
    page = await opened("/inbox", wang.id)
    await page.get_by_role("link", name="看未分配的会话").click()
    await expect(page).to_have_url(re.compile("view=unassigned"))
    await expect(page.locator(".row")).to_have_count(1)
