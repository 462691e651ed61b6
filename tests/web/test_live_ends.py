"""The live line ends with the right to it, and says nothing after that."""

import asyncio

import aiohttp
import pytest

from core.staff import accounts, sessions
from core.staff.accounts import Role
from tests.web.conftest import Visit
from tests.web.street import Street
from web.live import SESSION_ENDED


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.live.CHECK_EVERY", 0.05)


async def ending(line: aiohttp.ClientWebSocketResponse) -> tuple[str, int | None]:
    """What is still said, and the code with which the line ends."""
    async with asyncio.timeout(10):
        said = [each.data async for each in line if each.type is aiohttp.WSMsgType.TEXT]
    return "\n".join(said), line.close_code


async def test_whoever_no_longer_answers_hears_no_more(visit: Visit, street: Street) -> None:
    wang = await street.hire("wang", "王伟", Role.AGENT)
    client = await visit(wang.id)
    async with client.ws_connect("/live") as line:
        await line.receive_str(timeout=10)
        await accounts.change_roles(street.desk, wang.id, [Role.TECHNICIAN])
        conversation = await street.write("sms", "+8613800138000", "你好")
        said, code = await ending(line)
        assert str(conversation) not in said
        assert code == SESSION_ENDED


async def test_whoever_logged_out_hears_no_more(visit: Visit, street: Street) -> None:
    wang = await street.hire("wang", "王伟", Role.AGENT)
    client = await visit(wang.id)
    async with client.ws_connect("/live") as line:
        await line.receive_str(timeout=10)
        for cookie in client.cookie_jar:
            me = await sessions.who(street.desk, cookie.value)
            assert me is not None
            await sessions.log_out(me)
        conversation = await street.write("sms", "+8613800138000", "你好")
        said, code = await ending(line)
        assert str(conversation) not in said
        assert code == SESSION_ENDED
