"""The database: connecting, migrating under a lock, and plain SQL through the same pool.

`python -m core.database migrate` brings a database to this version.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from tortoise import Tortoise, connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import DBConnectionError
from tortoise.migrations.api.migrate import migrate as run_migrations
from tortoise.transactions import in_transaction

from core import settings
from core.errors import BadSetting

MODELS = [
    "core.privacy.models",
    "core.intake.models",
    "core.conversations.models",
    "core.notification.models",
    "core.staff.models",
]

AWAY = (
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # going down, or still coming up
    asyncpg.InsufficientResourcesError,  # no room, or no connection left
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)
"""What the drivers raise when the database cannot be reached, as opposed to when it refuses a statement."""

MIGRATION_LOCK = 0x59494E4744  # "YINGD": any number of processes may start at once, one migrates


def config(url: str) -> dict[str, Any]:
    """Tortoise's configuration for a database address; `?host=/folder` names a Unix socket."""
    return {
        "connections": {"default": url},
        "apps": {"core": {"models": MODELS, "default_connection": "default", "migrations": "core.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


async def connect(url: str) -> None:
    """Open the pool for this process. Connections are made, and made again, when they are needed."""
    await Tortoise.init(config=config(url), _enable_global_fallback=True)


async def disconnect() -> None:
    """Close the pool."""
    await connections.close_all()


@asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """One transaction; inside it every query of this task takes part."""
    async with in_transaction() as connection:
        yield connection


async def rows(sql: str, *values: object) -> list[dict[str, Any]]:
    """Run SQL with $1, $2, … and return its rows."""
    found = await connections.get("default").execute_query_dict(sql, list(values))
    return list(found)


async def run(sql: str, *values: object) -> int:
    """Run SQL and return how many rows it touched."""
    count, _ = await connections.get("default").execute_query(sql, list(values))
    return int(count)


def passing(problem: Exception) -> bool:
    """Whether the same statements may well succeed on another try; False for a value that can never be stored."""
    # asyncpg refuses such a value before it is sent, with an error that is an InterfaceError and a ValueError.
    return isinstance(problem, (*AWAY, asyncpg.TransactionRollbackError)) and not isinstance(problem, ValueError)


def storable(text: str, most: int) -> str:
    """What a text column takes: no NUL, no half characters, at most `most` characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:most]


async def migrate(url: str) -> None:
    """Bring the database to this version. Processes that start together wait for the one that migrates."""
    # The lock needs a connection of its own, outside any pool.
    lock = await asyncpg.connect(url)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        await run_migrations(config=config(url))
    finally:
        await disconnect()
        await lock.close()


async def reachable() -> bool:
    """Whether the database answers."""
    try:
        await asyncio.wait_for(rows("SELECT 1"), timeout=2)
    except Exception:  # noqa: BLE001 any failure means the same here
        return False
    return True


def main() -> int:
    """`python -m core.database migrate`."""
    if sys.argv[1:] != ["migrate"]:
        print("usage: python -m core.database migrate", file=sys.stderr)  # noqa: T201 a command line's face
        return 2
    try:
        asyncio.run(migrate(settings.load().database_url))
    except BadSetting as problem:
        print(problem, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
