"""The API behind real HTTP, with tokens for it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import aiohttp
import pytest

from core.desk import Desk
from core.intake import accounts
from core.staff import tokens
from tests.web.api.program import Program, Wrote
from tests.web.served import served
from web.app import create_app


@pytest.fixture
async def base(desk: Desk) -> AsyncIterator[str]:
    async with served(create_app(desk)) as address:
        yield address


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def program(base: str, http: aiohttp.ClientSession) -> Program:
    """A program that may do everything."""
    _, secret = await tokens.create("订单系统", ("read", "write", "contacts"), timedelta(days=1))
    return Program(http, base, secret)


@pytest.fixture
async def reader(base: str, http: aiohttp.ClientSession) -> Program:
    """A program that may only read."""
    _, secret = await tokens.create("看板", ("read",), timedelta(days=1))
    return Program(http, base, secret)


@pytest.fixture
def stranger(base: str, http: aiohttp.ClientSession) -> Program:
    return Program(http, base, "")


@pytest.fixture
async def account_id(desk: Desk) -> UUID:
    return (await accounts.add_account(desk, "wechat", "公众号", {}, ())).id


@pytest.fixture
def wrote(desk: Desk, account_id: UUID) -> Wrote:
    return Wrote(desk, account_id)
