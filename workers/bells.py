"""Hearing the bell: arq carries only the news that rows are waiting. Without Redis the sweeper works on alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from arq.worker import Function, Worker, func

from core.bell import redis_settings
from workers.work import Work

log = structlog.get_logger(__name__)

AGAIN = 2.0
"""Seconds before Redis is tried again."""


async def hear(work: Work) -> None:
    """Do what the bell rings for, for ever."""
    while True:
        ear = _ear(work)
        try:
            await ear.async_run()
        except Exception as problem:  # noqa: BLE001 arq gives up when its connection does; we do not
            log.warning("bell away", problem=type(problem).__name__)
        await asyncio.sleep(AGAIN)


def _ear(work: Work) -> Worker:
    """arq keeps nothing and repeats nothing: a job that failed is rows still waiting, which the sweeper finds."""
    settings = redis_settings(work.desk.settings.redis_url)
    settings.conn_retries = 0
    return Worker(
        functions=[_job("fold", work.fold), _job("deliver", work.deliver), _job("media", work.media)],
        redis_settings=settings,
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
