"""The switches do what they say, and stop when they said they would."""

import json
import time

import aiohttp
import pytest
from wechatpy import parse_message

from sandbox.client import Refusal, SandboxClient
from tests.sandbox.standin import Ports, Product

PERSON = "oDemo_lijianguo_000000000002"


@pytest.fixture
async def token(sandbox: SandboxClient, product: Product, ports: Ports, http: aiohttp.ClientSession) -> str:
    await sandbox.open_account(
        kind="wechat",
        app_id="wxfault",
        app_secret="secret",
        token="tok",
        mode="plain",
        hook_url=f"{product.base}/f",
    )
    await sandbox.say("li", "wechat", "在吗", account="wxfault")
    ask = {"grant_type": "client_credential", "appid": "wxfault", "secret": "secret"}
    async with http.post(f"{ports.base}/wechat/cgi-bin/stable_token", json=ask) as response:
        return str((await response.json())["access_token"])


class Sender:
    def __init__(self, http: aiohttp.ClientSession, base: str, token: str) -> None:
        self.http = http
        self.url = f"{base}/wechat/cgi-bin/message/custom/send?access_token={token}"

    async def __call__(self, text: str = "您好") -> tuple[int, int | None]:
        """The HTTP status and the errcode."""
        body = {"touser": PERSON, "msgtype": "text", "text": {"content": text}}
        async with self.http.post(self.url, json=body) as response:
            shown = await response.json() if response.content_type == "application/json" else {}
            return response.status, shown.get("errcode")


@pytest.fixture
def send(http: aiohttp.ClientSession, ports: Ports, token: str) -> Sender:
    return Sender(http, ports.base, token)


async def test_a_status_is_given_so_often_and_nothing_is_processed(sandbox: SandboxClient, send: Sender) -> None:
    await sandbox.fault("wechat", "status", status=503, times=2)
    assert [(await send())[0] for _ in range(3)] == [503, 503, 200]
    assert len(await sandbox.sent()) == 1


async def test_a_dropped_call_was_processed(sandbox: SandboxClient, send: Sender) -> None:
    await sandbox.fault("wechat", "drop", times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send("收到了吗")
    assert [each["text"] for each in await sandbox.sent()] == ["收到了吗"]
    assert await send() == (200, 0)


async def test_a_cut_call_was_not_processed(sandbox: SandboxClient, send: Sender) -> None:
    await sandbox.fault("wechat", "cut", times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send()
    assert await sandbox.sent() == []


async def test_a_slow_provider_takes_its_time(sandbox: SandboxClient, send: Sender) -> None:
    await sandbox.fault("wechat", "slow", seconds=0.2)
    started = time.monotonic()
    assert await send() == (200, 0)
    assert time.monotonic() - started >= 0.2


async def test_a_code_may_be_asked_for_one_path(sandbox: SandboxClient, send: Sender) -> None:
    await sandbox.fault("wechat", "errcode", code=45009, path="template")
    assert await send() == (200, 0)
    await sandbox.fault("wechat", "errcode", code=45009, path="custom/send")
    assert await send() == (200, 45009)


async def test_one_recipient_is_rejected_and_nobody_else(sandbox: SandboxClient, send: Sender) -> None:
    await sandbox.fault("wechat", "reject", recipient="o_someone_else")
    assert await send() == (200, 0)
    await sandbox.fault("wechat", "reject", recipient=PERSON)
    assert await send() == (200, 43019)


@pytest.mark.usefixtures("token")
async def test_callbacks_come_twice(sandbox: SandboxClient, product: Product) -> None:
    product.got.clear()
    await sandbox.fault("wechat", "twice", times=1)
    message_id = await sandbox.say("li", "wechat", "一次", account="wxfault")
    assert [str(parse_message(got.body).id) for got in product.got] == [message_id] * 2


@pytest.mark.usefixtures("token")
async def test_callbacks_come_out_of_order(sandbox: SandboxClient, product: Product) -> None:
    product.got.clear()
    await sandbox.fault("wechat", "shuffle", seconds=0.3)
    for text in ("一", "二", "三", "四"):
        await sandbox.say("li", "wechat", text, wait=False, account="wxfault")
    await sandbox.settled()
    heard = [parse_message(got.body).content for got in product.got]
    assert sorted(heard) == sorted("一二三四")
    assert heard != list("一二三四")


async def test_faults_are_listed_and_switched_off(sandbox: SandboxClient, send: Sender) -> None:
    await sandbox.fault("wechat", "status", status=500)
    assert [(each["provider"], each["kind"]) for each in await sandbox.faults()] == [("wechat", "status")]
    assert (await send())[0] == 500
    await sandbox.no_faults()
    assert await sandbox.faults() == []
    assert (await send())[0] == 200


async def test_a_fault_that_does_not_exist_is_refused(sandbox: SandboxClient) -> None:
    with pytest.raises(Refusal, match="no fault explode"):
        await sandbox.fault("wechat", "explode")


async def test_the_wire_shows_calls_of_both_sides(sandbox: SandboxClient, send: Sender) -> None:
    await send("看得见")
    answered, _token, called = await sandbox.wire()
    assert (answered["direction"], called["direction"]) == ("from_product", "to_product")
    opened = await sandbox.call(answered["id"])
    assert json.loads(opened["body"])["text"]["content"] == "看得见"
    assert opened["status"] == 200


async def test_another_sites_page_may_not_drive_the_sandbox(ports: Ports, http: aiohttp.ClientSession) -> None:
    url = f"{ports.base}/control/people"
    async with http.get(url, headers={"Origin": "https://evil.example.com"}) as response:
        assert response.status == 403
    async with http.get(url, headers={"Origin": ports.base}) as response:
        assert response.status == 200
