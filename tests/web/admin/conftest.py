"""Somebody who administrates, somebody who audits, somebody who does neither."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import aiohttp
import pytest

from core.desk import Desk
from core.staff import accounts
from core.staff.accounts import StaffView
from tests.web.admin.visitor import Visitor

Visit = Callable[[UUID], Awaitable[aiohttp.ClientSession]]


@pytest.fixture
async def boss(desk: Desk) -> StaffView:
    return await accounts.create(desk, "boss", "陈管理", ["admin"])


@pytest.fixture
async def admin(visit: Visit, boss: StaffView) -> Visitor:
    return Visitor(await visit(boss.id))


@pytest.fixture
async def auditor(visit: Visit, desk: Desk, boss: StaffView) -> Visitor:
    return Visitor(await visit((await accounts.create(desk, "checker", "钱审计", ["auditor"], boss.id)).id))


@pytest.fixture
async def agent(visit: Visit, desk: Desk) -> Visitor:
    return Visitor(await visit((await accounts.create(desk, "agent", "王客服", ["agent"])).id))
