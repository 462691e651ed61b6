"""Real parts for tests: each test has a fresh migrated database, and a Redis of its own emptied before it.

`./dev test` starts them and names them in TEST_DATABASE_URL (a server where databases may be made) and TEST_REDIS_URL.
"""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import Browser, async_playwright
from redis.asyncio import Redis

from channels import FACTS
from core import database
from core.desk import Desk, close_desk, open_desk
from core.settings import Settings, load

ROOT_KEY = base64.b64encode(b"only for tests".ljust(32)).decode()


def pytest_configure() -> None:
    """Say in one sentence how tests are run, rather than fail a thousand times."""
    if "TEST_DATABASE_URL" not in os.environ or "TEST_REDIS_URL" not in os.environ:
        pytest.exit("TEST_DATABASE_URL and TEST_REDIS_URL are not set: run ./dev test, which starts both", returncode=2)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def on_server(sql: str) -> None:
    """Run one statement outside any test's database."""
    connection = await asyncpg.connect(os.environ["TEST_DATABASE_URL"])
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[str]:
    """The name of a migrated, empty database to copy."""
    name = f"yd_template_{uuid4().hex[:12]}"
    await on_server(f"CREATE DATABASE {name}")
    await database.migrate(with_database(os.environ["TEST_DATABASE_URL"], name))
    yield name
    await on_server(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def fresh_database(migrated: str) -> AsyncIterator[str]:
    """The address of a database with all tables and no rows."""
    name = f"yd_test_{uuid4().hex[:12]}"
    await on_server(f"CREATE DATABASE {name} TEMPLATE {migrated} STRATEGY file_copy")
    try:
        yield with_database(os.environ["TEST_DATABASE_URL"], name)
    finally:
        await on_server(f"DROP DATABASE {name} WITH (FORCE)")


async def empty_redis() -> str:
    """The address of a Redis that holds nothing."""
    async with Redis.from_url(os.environ["TEST_REDIS_URL"]) as redis:
        await redis.flushdb()
    return os.environ["TEST_REDIS_URL"]


def told(database_url: str, redis_url: str) -> dict[str, str]:
    """What a process of the product needs to be told, on top of what this one was."""
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "ROOT_KEY": ROOT_KEY, "LOG_LEVEL": "WARNING"}


@pytest.fixture
async def database_url(migrated: str) -> AsyncIterator[str]:
    """A fresh database for one test."""
    async with fresh_database(migrated) as url:
        yield url


@pytest.fixture
async def redis_url() -> str:
    """An empty Redis for one test."""
    return await empty_redis()


@pytest.fixture
def environment(database_url: str, redis_url: str) -> dict[str, str]:
    """The environment of a product that serves one test."""
    return told(database_url, redis_url)


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """Settings as a process would read them."""
    return load(environment)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    """An open desk on a fresh database."""
    opened = await open_desk(settings, FACTS)
    yield opened
    await close_desk(opened)


@pytest.fixture(scope="session")
def examples() -> Path:
    """The shared corpora, where YINGDA_EXAMPLES says they are; without it the test says that it did not run."""
    folder = os.environ.get("YINGDA_EXAMPLES", "")
    if not folder:
        pytest.skip("YINGDA_EXAMPLES is not set: the shared corpora were not judged")
    return Path(folder)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser: CHROMIUM names it (`./dev test` finds or installs one)."""
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"] if os.geteuid() == 0 else ["--disable-gpu"]
        browser = await playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=arguments)
        yield browser
        await browser.close()
