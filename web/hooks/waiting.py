"""Holding a provider's call open for the moment in which an answer may still travel back inside it."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from core import database
from core.bell import ANSWERED
from core.desk import Desk
from core.intake.journal import Written
from core.intake.models import Inbound, InboundState
from core.notification.carried import carry, release


class Waiting:
    """The held calls of one web process, woken by the bell when their events have been dealt with."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._held: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something without making a provider wait for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def listen(self) -> None:
        """Wake held calls, for ever. A ring missed only means that a call waits out its time."""
        async for heard in self._desk.bell.listen(ANSWERED):
            for event in self._held.get(heard, ()):
                event.set()

    async def answer(self, written: Written, seconds: float) -> str:
        """The answer to carry back, or an empty text once the time is up. A repeated call gets the same answer."""
        try:
            await self._dealt_with(written.id, seconds)
            text, conversation = await carry(self._desk, written.id)
            if conversation:
                self.spawn(self._desk.bell.announce({conversation}))
            elif await release(written.id):
                self.spawn(self._desk.bell.ring("deliver"))
        except database.AWAY:
            return ""  # the event is safe; its answer goes the other way
        return text

    async def _dealt_with(self, inbound_id: UUID, seconds: float) -> None:
        """Wait until the event has been folded, which may have happened already, or the time is up."""
        event, name = asyncio.Event(), str(inbound_id)
        self._held[name].add(event)
        try:
            if await Inbound.exists(id=inbound_id, state=InboundState.RECEIVED):
                await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            self._held[name].discard(event)
            if not self._held[name]:
                del self._held[name]
