"""The sweeper: finds what nobody rang for, what a dead worker left, and what has been kept long enough.

It asks the database, never Redis: with Redis away it alone keeps everything moving, a second later than usual.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from core import database
from core.intake.keeping import purge_raw
from core.notification import outbox
from core.staff import sessions
from workers.work import Work

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[object]]


async def sweep(work: Work) -> None:
    """Every kind of work in its own loop, for ever, so that a slow one holds up no other."""
    await asyncio.gather(
        _every(1, work.fold),
        _every(1, work.deliver),
        _every(5, work.media),
        _every(3, work.mailboxes),
        _every(5, lambda: _recover(work)),
        _every(5, work.look_up),
        _every(3600, lambda: purge_raw(work.desk)),
        _every(3600, sessions.sweep),
    )


async def _recover(work: Work) -> None:
    """Parts whose worker died."""
    lapsed = await outbox.recover()
    if lapsed:
        log.warning("recovered parts", count=len(lapsed))
        await work.deliver()


async def _every(seconds: float, job: Job) -> None:
    while True:
        try:
            await job()
        except database.AWAY as problem:
            log.warning("database away", problem=type(problem).__name__)
        except Exception as problem:
            log.exception("sweep failed", problem=type(problem).__name__)
        await asyncio.sleep(seconds)
