"""A gateway pushes many events in one call: each is kept once, and a broken one is kept beside them."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels import with_defaults
from core.conversations.models import Message
from core.desk import Desk
from core.intake.accounts import AccountView, add_account
from core.intake.models import Inbound, InboundState
from tests.channels.sms.gateway_side import KIND, pushed, values
from web.hooks import open_door
from web.hooks.door import Door
from workers.fold import fold_all

GOOD = [{"type": "up", "id": f"up-{n}", "mobile": "13800138000", "content": f"第{n}句", "at": ""} for n in range(99)]
BROKEN = {"type": "up", "id": None}


@pytest.fixture
async def door(desk: Desk) -> AsyncIterator[Door]:
    async with open_door(desk) as opened:
        yield opened


@pytest.fixture
async def account(desk: Desk) -> AccountView:
    return await add_account(desk, KIND, "国内短信", with_defaults(KIND, values()), ())


async def push(door: Door, account: AccountView, *entries: object, nonce: str = "n1") -> tuple[int, str]:
    """One push through the door; the status and the body of its answer."""
    call = pushed(json.dumps({"events": entries}).encode(), nonce)
    pieces: list[dict[str, Any]] = [{"type": "http.request", "body": call.body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in call.headers.items()]
    path = f"/hooks/{account.kind}/{account.public_id}"
    await door({"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


async def test_a_batch_is_kept_once_however_often_it_comes(desk: Desk, door: Door, account: AccountView) -> None:
    assert await push(door, account, *GOOD) == (200, '{"code":"0"}')
    assert await push(door, account, *GOOD, nonce="n2") == (200, '{"code":"0"}')
    await fold_all(desk)
    assert await Message.filter(direction="in").count() == len(GOOD)


async def test_a_broken_entry_is_kept_beside_the_others(desk: Desk, door: Door, account: AccountView) -> None:
    for nonce in ("n1", "n2"):
        assert await push(door, account, *GOOD[:50], BROKEN, *GOOD[50:], nonce=nonce) == (200, '{"code":"0"}')
    await fold_all(desk)
    assert await Message.filter(direction="in").count() == len(GOOD)
    assert await Inbound.filter(state=InboundState.UNREADABLE).count() == 1
