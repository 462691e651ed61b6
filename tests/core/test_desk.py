"""Opening the desk, and migrating."""

import asyncio
import os
import sys

import asyncpg
import pytest

from core import database
from core.desk import Desk
from core.privacy.models import DataKey
from tests.conftest import on_server, with_database


async def test_a_new_desk_makes_each_system_key_once(desk: Desk) -> None:
    first, second = await asyncio.gather(desk.keyring.system("journal"), desk.keyring.system("journal"))

    assert first is second
    assert await DataKey.filter(purpose="journal").count() == 1


@pytest.mark.usefixtures("desk")
async def test_a_desk_opens_after_another_was_closed() -> None:
    assert await database.reachable()


async def test_processes_that_start_together_migrate_once() -> None:
    await on_server("CREATE DATABASE yd_together")
    url = with_database(os.environ["TEST_DATABASE_URL"], "yd_together")
    environment = os.environ | {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1", "ROOT_KEY": "A" * 43 + "="}
    try:
        started = [
            await asyncio.create_subprocess_exec(sys.executable, "-m", "core.database", "migrate", env=environment)
            for _ in range(3)
        ]
        codes = [await each.wait() for each in started]
        connection = await asyncpg.connect(url)
        applied = await connection.fetchval("SELECT count(*) = count(DISTINCT name) FROM tortoise_migrations")
        await connection.close()
    finally:
        await on_server("DROP DATABASE yd_together WITH (FORCE)")

    assert codes == [0, 0, 0]
    assert applied
