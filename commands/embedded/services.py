"""Both services together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from commands.embedded import postgres, valkey
from commands.embedded.home import Home, Unable
from commands.supervise import Supervisor

BOTH = ("DATABASE_URL", "REDIS_URL")
PATIENCE = 60.0
"""Seconds until a service must answer; recovery after a crash takes the longest."""


async def start(
    home: Home, supervisor: Supervisor, wanted: Collection[str] = BOTH, careless: bool = False
) -> dict[str, str]:
    """Start what is wanted and wait until it answers; return the settings that lead there."""
    environ = {}
    if "DATABASE_URL" in wanted:
        environ["DATABASE_URL"] = await _start_postgres(home, supervisor, careless)
    if "REDIS_URL" in wanted:
        environ["REDIS_URL"] = await _start_valkey(home, supervisor)
    return environ


async def _start_postgres(home: Home, supervisor: Supervisor, careless: bool) -> str:
    place = postgres.place(home)
    await postgres.prepare(home, place, supervisor, careless)
    supervisor.keep(postgres.program(home, place, careless))
    await _until(home, "postgres", lambda: postgres.answers(home, place))
    await postgres.create_database(home, place)
    return postgres.url(home)


async def _start_valkey(home: Home, supervisor: Supervisor) -> str:
    supervisor.keep(valkey.program(home))
    await _until(home, "valkey", lambda: valkey.answers(home))
    return valkey.url(home)


async def _until(home: Home, name: str, answers: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await answers():
        if time.monotonic() > deadline:
            raise Unable(f"{name} does not answer; the end of its log: {postgres.last_lines(home, name)}")
        await asyncio.sleep(0.05)
