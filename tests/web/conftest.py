"""A web process on a real socket, and browsers (with and without a screen) that come to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, Page
from yarl import URL

from core.desk import Desk
from tests.web.served import served
from tests.web.street import Street
from web.app import create_app

Visit = Callable[..., Awaitable[aiohttp.ClientSession]]
Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def street(desk: Desk) -> Street:
    """The people outside."""
    return await Street.open(desk)


@pytest.fixture
async def site(desk: Desk) -> AsyncIterator[str]:
    """Where the pages are."""
    async with served(create_app(desk)) as address:
        yield address


@pytest.fixture
async def visit(site: str, street: Street) -> AsyncIterator[Visit]:
    """Make an HTTP client: `await visit()` is a stranger, `await visit(staff_id)` is logged in. Origin is ours."""
    clients: list[aiohttp.ClientSession] = []

    async def make(staff_id: UUID | None = None) -> aiohttp.ClientSession:
        client = aiohttp.ClientSession(
            site, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": site, "Sec-Fetch-Site": "same-origin"}
        )
        if staff_id is not None:
            client.cookie_jar.update_cookies({"yingda": await street.session(staff_id)}, URL(site))
        clients.append(client)
        return client

    yield make
    for each in clients:
        await each.close()


@pytest.fixture
async def opened(chromium: Browser, site: str, street: Street) -> AsyncIterator[Open]:
    """Open a page as somebody: `await opened("/inbox", staff_id, width=390)`. Errors in its console fail the test."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    async def open_page(path: str, staff_id: UUID, width: int = 1440, height: int = 900) -> Page:
        context = await chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        await context.add_cookies([{"name": "yingda", "value": await street.session(staff_id), "url": site}])
        page = await context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        await page.goto(site + path)
        return page

    yield open_page
    for each in contexts:
        await each.close()
    assert not [each for each in troubles if "WebSocket" not in each and "Failed to load resource" not in each]
