"""Commands that act on the product's own records: against DATABASE_URL, or whatever `./dev run` runs right now."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError

from channels import FACTS
from commands.embedded.home import Home
from commands.paths import var
from core import log, settings
from core.desk import Desk, close_desk, open_desk
from core.errors import BadSetting, NotAllowed, NotFound

AWAY = (OSError, DBConnectionError, asyncpg.PostgresError)


def at_desk(work: Callable[[Desk], Awaitable[int]]) -> int:
    """Do the work at an open desk and return its exit code; say in words why it cannot be done."""
    try:
        configured = settings.load(Home(var()).published() | dict(os.environ))
    except BadSetting as problem:
        return _refuse(f"{problem}\nStart `./dev run` first, or set DATABASE_URL, REDIS_URL and ROOT_KEY.")
    log.set_up("WARNING", sys.stderr)
    try:
        return asyncio.run(_at_desk(configured, work))
    except (NotAllowed, NotFound) as problem:
        return _refuse(problem.reason)
    except OperationalError:
        return _refuse("The database is not at this version: python -m core.database migrate")
    except AWAY as problem:
        return _refuse(f"The database cannot be reached ({type(problem).__name__}).")


async def _at_desk(configured: settings.Settings, work: Callable[[Desk], Awaitable[int]]) -> int:
    desk = await open_desk(configured, FACTS)
    try:
        return await work(desk)
    finally:
        await close_desk(desk)


def _refuse(words: str) -> int:
    print(words, file=sys.stderr)
    return 1
