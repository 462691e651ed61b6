"""The door that providers call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from core.desk import Desk
from core.intake.journal import Journal
from core.tasks import end
from web.hooks.door import Door
from web.hooks.opened import OpenAccounts
from web.hooks.waiting import Waiting


@asynccontextmanager
async def open_door(desk: Desk) -> AsyncIterator[Door]:
    """The ASGI application for everything under /hooks/, with what it keeps at hand."""
    async with aiohttp.ClientSession() as http:
        waiting = Waiting(desk)
        listening = asyncio.create_task(waiting.listen())
        try:
            yield Door(desk, await Journal.open(desk), OpenAccounts(desk, http), waiting)
        finally:
            await end(listening)
