"""A desk with accounts, for everything that begins with somebody writing.

These are many small tests: they share one database, emptied before each, since making one costs more than most of them.
"""

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from core.desk import Desk
from tests.conftest import on_server, with_database
from tests.core.spoken import Shop, open_shop

EMPTY = """
DO $$ DECLARE each text; BEGIN
  FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations' LOOP
    EXECUTE format('DELETE FROM %I', each);
  END LOOP;
END $$
"""


@pytest.fixture(scope="session")
async def _shared(migrated: str) -> AsyncIterator[str]:
    name = f"yd_core_{uuid4().hex[:12]}"
    await on_server(f"CREATE DATABASE {name} TEMPLATE {migrated} STRATEGY file_copy")
    yield with_database(os.environ["TEST_DATABASE_URL"], name)
    await on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(_shared: str) -> str:
    """A database with all tables and no rows."""
    connection = await asyncpg.connect(_shared)
    await connection.execute(EMPTY)
    await connection.close()
    return _shared


@pytest.fixture
async def shop(desk: Desk) -> Shop:
    return await open_shop(desk)
