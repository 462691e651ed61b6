"""Hearing the bell: arq carries only the news that rows are waiting. Without Redis the sweeper works on alone."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from arq.connections import ArqRedis, create_pool
from arq.worker import Function, Worker, func

from core.bell import AWAY, redis_settings
from core.tasks import end
from workers.work import Work

log = structlog.get_logger(__name__)

AGAIN = 2.0
"""Seconds before Redis is tried again."""


async def hear(work: Work) -> None:
    """Do what the bell rings for, for ever."""
    while True:
        try:
            await _hear_until_away(work)
        except Exception as problem:  # noqa: BLE001 arq gives up when its connection does; we do not
            log.warning("bell away", problem=type(problem).__name__)
        await asyncio.sleep(AGAIN)


async def _hear_until_away(work: Work) -> None:
    settings = redis_settings(work.desk.settings.redis_url)
    settings.conn_retries = 0
    pool = await create_pool(settings)
    ear = _ear(work, pool)
    try:
        await ear.async_run()
    finally:
        await end(*ear.tasks.values())
        with suppress(*AWAY):
            await pool.aclose(close_connection_pool=True)


def _ear(work: Work, pool: ArqRedis) -> Worker:
    """arq keeps nothing and repeats nothing: a job that failed is rows still waiting, which the sweeper finds."""
    return Worker(
        functions=[_job("fold", work.fold), _job("deliver", work.deliver), _job("media", work.media)],
        redis_pool=pool,
        handle_signals=False,
        poll_delay=0.05,
        max_jobs=10,
        keep_result=0,
        max_tries=1,
        retry_jobs=False,
    )


def _job(name: str, do: Callable[[], Awaitable[None]]) -> Function:
    async def job(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:  # noqa: ARG001 the shape that arq calls
        await do()

    return func(job, name=name)
