"""A provider on loopback and a client session, for every channel's tests."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

pytest.register_assert_rewrite("tests.channels.contract")

from tests.channels.provider import Provider, running  # noqa: E402  # after the rewrite is registered


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running() as started:
        yield started
