"""Ending tasks that run for ever."""

import asyncio

ASK_AGAIN = 0.5
"""Seconds until a task that did not hear is asked again."""


async def end(*tasks: "asyncio.Task[None]") -> None:
    """Cancel tasks and wait for their end.

    Asked again and again: before Python 3.12 `asyncio.wait_for`, which database and Redis drivers use, can swallow a
    cancellation that comes in the moment in which the awaited thing is done.
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=ASK_AGAIN)
