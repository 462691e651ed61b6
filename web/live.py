"""News for open inboxes, over a WebSocket: which conversations changed, by id. What they show they fetch themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from quart import Blueprint, current_app, websocket

from core import metrics
from core.bell import Bell
from core.staff.accounts import ANSWERING
from core.tasks import end
from web.auth import allow, current

EVERYTHING = "*"
MOST_PENDING = 50
"""A browser that is further behind is told to look at everything."""

CHECK_EVERY = 20.0
"""Seconds between looks at whether the session, and the right to listen, still stand."""

SESSION_ENDED = 4401

blueprint = Blueprint("live", __name__)


class Ear:
    """One browser. What it has not been told yet is a set: the same news twice is told once."""

    def __init__(self) -> None:
        self._pending: set[str] = set()
        self._news = asyncio.Event()

    def tell(self, word: str) -> None:
        """Add news; never waits and never grows without bound."""
        self._pending.add(word)
        if word == EVERYTHING or len(self._pending) > MOST_PENDING:
            self._pending = {EVERYTHING}
        self._news.set()

    async def hear(self, seconds: float) -> list[str]:
        """What is new; nothing if that takes longer than `seconds`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        self._news.clear()
        heard, self._pending = sorted(self._pending), set()
        return heard


class Live:
    """One subscription for this process, passed on to all its browsers."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._ears: set[Ear] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._pass_on(), name="live")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await end(self._task)

    @asynccontextmanager
    async def ear(self) -> AsyncIterator[Ear]:
        """An ear for one browser, as long as it stays."""
        ear = Ear()
        self._ears.add(ear)
        try:
            with metrics.LIVE_SOCKETS.track_inprogress():
                yield ear
        finally:
            self._ears.discard(ear)

    async def _pass_on(self) -> None:
        async for word in self._bell.listen():
            for each in self._ears:
                each.tell(word)


@blueprint.websocket("/live")
@allow(*ANSWERING)
async def live() -> None:
    """Send ids of changed conversations, one a line, or `*`; an empty message now and then: the line stands."""
    hub: Live = current_app.extensions["live"]
    here = websocket._get_current_object()  # type: ignore[attr-defined]
    await websocket.accept()
    async with hub.ear() as ear:
        while True:
            news = await ear.hear(CHECK_EVERY)
            who = await current(here, touch=False)  # asked now, not before the wait: what came since may end a right
            if who is None or not who.roles & ANSWERING:
                break
            await websocket.send("\n".join(news))
        await websocket.close(SESSION_ENDED)
