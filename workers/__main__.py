"""`python -m workers`: fold, deliver, fetch. Any number may run; SIGTERM lets what is being sent finish."""

import asyncio
import signal
import sys

import structlog

from channels import FACTS
from core import log as logs
from core.desk import close_desk, open_desk
from core.errors import BadSetting
from core.settings import Settings, load
from core.tasks import end
from workers.bells import hear
from workers.sweep import sweep
from workers.work import at_work

log = structlog.get_logger(__name__)

GRACE = 20.0
"""Seconds that sends may take to finish after SIGTERM; what is cut off stands as unknown."""


async def run(settings: Settings) -> None:
    """Work until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    desk = await open_desk(settings, FACTS)
    async with at_work(desk) as work:
        tasks = [asyncio.create_task(hear(work)), asyncio.create_task(sweep(work))]
        log.info("worker ready")
        await stop.wait()
        await work.finish(GRACE)
        await end(*tasks)
    await close_desk(desk)


def main() -> int:
    """The worker process; exit code 2 for a wrong setting."""
    try:
        settings = load()
    except BadSetting as problem:
        print(problem, file=sys.stderr)  # noqa: T201 a command line's face
        return 2
    logs.set_up(settings.log_level)
    asyncio.run(run(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
