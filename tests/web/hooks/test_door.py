"""The door: what providers are answered, and that what they were promised is safe."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from channels import FACTS, with_defaults
from channels.wechat.adapter import WeChatChannel
from core.desk import Desk, close_desk, open_desk
from core.intake.accounts import AccountView, add_account
from core.intake.models import Inbound
from core.settings import load
from tests.conftest import told
from tests.relay import Relay, relay
from tests.running import until
from web.hooks import open_door
from web.hooks.door import Door
from workers.fold import fold_all

TOKEN = "doortoken"
OPENID = "oDoor000000000000000000000001"


@pytest.fixture
async def wires(database_url: str, redis_url: str) -> AsyncIterator[tuple[Relay, Relay]]:
    """The wires to the database and to Redis."""
    async with relay(database_url) as database, relay(redis_url) as redis:
        yield database, redis


@pytest.fixture
async def desk(wires: tuple[Relay, Relay]) -> AsyncIterator[Desk]:
    """A desk whose servers can go away."""
    opened = await open_desk(load(told(wires[0].url, wires[1].url) | {"ANSWER_WAIT_MS": "500"}), FACTS)
    yield opened
    await close_desk(opened)


@pytest.fixture
async def door(desk: Desk) -> AsyncIterator[Door]:
    async with open_door(desk) as opened:
        yield opened


@pytest.fixture
async def account(desk: Desk) -> AccountView:
    values = {"app_id": "wxdoor0000000001", "app_secret": "secret", "token": TOKEN, "mode": "plain"}
    return await add_account(desk, "wechat", "门口", with_defaults("wechat", values), ())


def signed() -> str:
    """The query of a call that WeChat made."""
    timestamp, nonce = str(int(time.time())), "42"
    signature = hashlib.sha1("".join(sorted([TOKEN, timestamp, nonce])).encode()).hexdigest()  # noqa: S324 WeChat's own
    return urlencode({"signature": signature, "timestamp": timestamp, "nonce": nonce})


def text(number: int = 1) -> bytes:
    return (
        f"<xml><ToUserName>gh_door</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>1700000000</CreateTime>"
        f"<MsgType>text</MsgType><Content>第{number}句</Content><MsgId>{number}</MsgId></xml>"
    ).encode()


async def call(door: Door, path: str, query: str = "", body: bytes = b"", method: str = "POST") -> tuple[int, str]:
    """One call through the ASGI door; the status and the body of its answer."""
    pieces: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": []}
    await door(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


def at(account: AccountView) -> str:
    return f"/hooks/{account.kind}/{account.public_id}"


@asynccontextmanager
async def folding(desk: Desk) -> AsyncIterator[None]:
    """A worker that folds whatever comes."""

    async def work() -> None:
        while True:
            await fold_all(desk)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def stored() -> int:
    return await Inbound.all().count()


async def test_an_unknown_account_is_not_found(door: Door, account: AccountView) -> None:
    assert (await call(door, "/hooks/wechat/nobody", signed(), text()))[0] == 404
    assert (await call(door, f"/hooks/sms/{account.public_id}", signed(), text()))[0] == 404
    assert (await call(door, "/hooks/", signed(), text()))[0] == 404


async def test_a_wrong_signature_is_refused_and_stores_nothing(door: Door, account: AccountView) -> None:
    assert (await call(door, at(account), "signature=00&timestamp=1&nonce=2", text()))[0] == 403
    assert (await call(door, at(account), "", text()))[0] == 403
    assert await stored() == 0


async def test_what_is_too_large_is_refused_and_stores_nothing(door: Door, account: AccountView) -> None:
    assert (await call(door, at(account), signed(), b"x" * (FACTS["wechat"].largest_call + 1)))[0] == 413
    assert await stored() == 0


async def test_another_method_is_refused(door: Door, account: AccountView) -> None:
    assert (await call(door, at(account), signed(), text(), "DELETE"))[0] == 405


async def test_a_genuine_call_that_cannot_be_read_is_kept_once_and_answered(door: Door, account: AccountView) -> None:
    for _ in range(2):
        assert (await call(door, at(account), signed(), b"<xml>broken"))[0] == 200
    (kept,) = await Inbound.all()

    assert kept.state == "unreadable"
    assert kept.event_sealed is None
    assert kept.raw_sealed is not None


async def test_a_caller_that_hangs_up_in_the_middle_leaves_nothing(door: Door, account: AccountView) -> None:
    pieces: list[dict[str, Any]] = [
        {"type": "http.request", "body": text()[:40], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return pieces.pop(0)

    async def send(_message: Any) -> None:
        return

    query = signed().encode()
    await door(
        {"type": "http", "method": "POST", "path": at(account), "query_string": query, "headers": []}, receive, send
    )

    assert await stored() == 0


async def test_a_repeated_call_is_written_once_and_carries_the_same_answer(
    desk: Desk, door: Door, account: AccountView
) -> None:
    async with folding(desk):
        first = await call(door, at(account), signed(), text())
        again = await call(door, at(account), signed(), text())

    assert "已收到" in first[1]
    assert again[0] == 200
    assert "已收到" in again[1]
    assert await stored() == 1


async def test_with_the_database_away_the_provider_is_asked_to_come_again(
    door: Door, account: AccountView, wires: tuple[Relay, Relay]
) -> None:
    assert (await call(door, at(account), signed(), text(1)))[0] == 200
    await wires[0].cut()

    assert (await call(door, at(account), signed(), text(2)))[0] == 503

    await wires[0].mend()

    async def accepted() -> tuple[int, str] | None:
        answer = await call(door, at(account), signed(), text(2))
        return None if answer[0] == 503 else answer

    assert await until(accepted) == (200, "success")
    assert await stored() == 2


async def test_with_redis_away_calls_are_accepted_as_usual(
    desk: Desk, door: Door, account: AccountView, wires: tuple[Relay, Relay]
) -> None:
    await wires[1].cut()

    assert (await call(door, at(account), signed(), text(1)))[0] == 200
    await fold_all(desk)

    assert [each.state for each in await Inbound.all()] == ["folded"]


@pytest.mark.parametrize("path", ["/hooks/wechat/\0", "/hooks/\0/x", "/hooks/wechat/x\0", "/hooks/wechat/\ufffd"])
async def test_an_address_that_cannot_be_one_is_not_found(door: Door, path: str) -> None:
    assert (await call(door, path, signed(), text()))[0] == 404


async def test_what_an_adapter_stumbles_over_is_kept_like_what_it_cannot_read(
    door: Door, account: AccountView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise KeyError("MsgType")

    monkeypatch.setattr(WeChatChannel, "parse", stumble)

    assert (await call(door, at(account), signed(), text()))[0] == 200
    assert [each.state for each in await Inbound.all()] == ["unreadable"]
