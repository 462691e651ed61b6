"""The kinds of work that a worker does, each at most once at a time in a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from core.desk import Desk
from core.intake.journal import Journal
from workers.adapters import Adapters
from workers.deliver import Deliver
from workers.fold import fold_all
from workers.mailboxes import Mailboxes
from workers.media import fetch_all


@dataclass(frozen=True, slots=True)
class Work:
    """What bells ring for and sweeps look after."""

    desk: Desk
    adapters: Adapters
    _deliver: Deliver
    _mailboxes: Mailboxes
    _folding: asyncio.Lock = field(default_factory=asyncio.Lock)
    _fetching: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fold(self) -> None:
        """Fold all waiting journal rows."""
        async with self._folding:
            await fold_all(self.desk)

    async def deliver(self) -> None:
        """Send all due parts."""
        await self._deliver.all_due()

    async def media(self) -> None:
        """Fetch all due files."""
        async with self._fetching:
            await fetch_all(self.desk, self.adapters)

    async def mailboxes(self) -> None:
        """See that all mailboxes are being read."""
        await self._mailboxes.look_after()

    async def finish(self, seconds: float) -> None:
        """Claim nothing more, and let what is being sent finish."""
        await self._deliver.finish(seconds)

    async def look_up(self) -> None:
        """Ask about sends whose outcome is unknown."""
        await self._deliver.look_up_unknown()


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[Work]:
    """A worker's work, with the HTTP connections that its adapters share."""
    async with aiohttp.ClientSession() as http:
        adapters = Adapters(desk, http)
        mailboxes = Mailboxes(desk, adapters, await Journal.open(desk))
        try:
            yield Work(desk, adapters, Deliver(desk, adapters), mailboxes)
        finally:
            await mailboxes.close()
            await adapters.close()
