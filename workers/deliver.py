"""Sending what the outbox holds: claim, note that it leaves, let go of the database, send, record what came of it."""

import asyncio
from uuid import UUID

import structlog

from channels.base import Channel, Traceable
from channels.text import cut
from core import database
from core.desk import Desk
from core.errors import Refused
from core.intake.accounts import note_sent, note_trouble
from core.messages import Accepted, DeliveryState
from core.notification import outbox
from core.notification.leaving import Leaving, leaving
from core.privacy.cipher import CannotOpen
from workers.adapters import Adapters

log = structlog.get_logger(__name__)

AT_ONCE = 32
"""Parts in flight in one worker. A slow provider holds its own, never the others', until all of these are its."""

AGAIN = (0.5, 1, 2, 5, 10, 20)
"""Seconds between tries at recording an outcome; after the last it stands as unknown."""


class Deliver:
    """Empties the outbox."""

    def __init__(self, desk: Desk, adapters: Adapters) -> None:
        self._desk = desk
        self._adapters = adapters
        self._flying: set[asyncio.Task[None]] = set()
        self._look = asyncio.Event()
        self._looking = False
        self._closing = False

    async def all_due(self) -> None:
        """Send until nothing is due; parts that were claimed by others are theirs.

        Returns at once where another call is at it already: that one looks again, now and whenever a part has landed.
        """
        await self._desk.bell.heard("deliver")
        self._look.set()
        if self._looking:
            return
        self._looking = True
        try:
            while True:
                self._look.clear()
                await self._take_off()
                if not self._flying:
                    return
                await self._look.wait()
        finally:
            self._looking = False

    async def _take_off(self) -> None:
        free = 0 if self._closing else AT_ONCE - len(self._flying)
        for each in await outbox.claim(free) if free else []:
            task = asyncio.create_task(self._one(each))
            self._flying.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._look.set()

    async def finish(self, seconds: float) -> None:
        """Claim nothing more, and give what is in flight this long to land."""
        self._closing = True
        if self._flying:
            await asyncio.wait(self._flying, timeout=seconds)

    async def _one(self, part_id: UUID) -> None:
        """Send one claimed part. What goes wrong in here is ours: the part's lease runs out and a sweep sees to it."""
        try:
            ready = await leaving(self._desk, part_id)
            adapter = await self._adapters.of(ready.part.account_id)
            if not await self._divided(ready, adapter):
                await self._send(ready, adapter)
            await self._desk.bell.announce({ready.conversation_id})
        except CannotOpen:
            await outbox.drop(part_id, "联系人资料已删除")
        except database.AWAY as problem:
            log.warning("deliver: database away", problem=type(problem).__name__)
        except Exception as problem:
            log.exception("deliver failed", problem=type(problem).__name__)

    async def _divided(self, ready: Leaving, adapter: Channel) -> bool:
        """Whether the text was too long for one part and has been replaced by several."""
        facts = adapter.facts
        texts = cut(ready.outgoing.text, facts.longest_text, facts.text_unit, facts.signature)
        if len(texts) > 1:
            await outbox.divide(ready.part, ready.key, texts)
        return len(texts) > 1

    async def _send(self, ready: Leaving, adapter: Channel) -> None:
        attempt = await outbox.begin(ready.part.id)
        if attempt is None:
            return
        outcome = await _outcome(adapter, ready)
        ending = outbox.ending_of(outcome, ready.part.tries)
        await self._record(ready, attempt, ending)
        if isinstance(outcome, Refused) and outcome.recipient_gone:
            await outbox.mark_gone(ready.address_id)
        if isinstance(outcome, Accepted):
            await note_sent(ready.part.account_id)
        else:
            await note_trouble(ready.part.account_id, f"{ending.reason} {ending.code}".strip())

    async def _record(self, ready: Leaving, attempt: UUID, ending: outbox.Ending) -> None:
        """Write down what came of a try. With the database away for a moment we know it still, and keep trying."""
        for wait in AGAIN:
            try:
                await outbox.end(self._desk, ready.part, attempt, ready.key, ending)
            except database.AWAY:
                await asyncio.sleep(wait)
            else:
                return
        await outbox.end(self._desk, ready.part, attempt, ready.key, ending)

    async def look_up_unknown(self) -> None:
        """Ask providers that can be asked what became of parts whose outcome is unknown."""
        for part_id in await outbox.to_look_up():
            try:
                await self._look_up(part_id)
            except CannotOpen:
                log.info("look-up: person erased", part=part_id)

    async def _look_up(self, part_id: UUID) -> None:
        ready = await leaving(self._desk, part_id)
        adapter = await self._adapters.of(ready.part.account_id)
        found = await _looked_up(adapter, ready) if isinstance(adapter, Traceable) else None
        if found is not None:
            await outbox.settle(self._desk, ready.part, ready.key, found)
            await self._desk.bell.announce({ready.conversation_id})


async def _outcome(adapter: Channel, ready: Leaving) -> Accepted | Exception:
    try:
        return await adapter.send(ready.outgoing)
    except Exception as problem:  # noqa: BLE001 the outbox knows what follows from each, also from our own mistakes
        return problem


async def _looked_up(adapter: Traceable, ready: Leaving) -> Accepted | None:
    try:
        return await adapter.look_up(ready.outgoing)
    except Exception as problem:  # noqa: BLE001 it stays unknown, and is asked about again
        log.warning("look-up failed", problem=type(problem).__name__, state=DeliveryState.UNKNOWN)
        return None
