"""The platform's API: tokens, windows, quotas, checks."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from sandbox.client import SandboxClient
from tests.sandbox.standin import Ports, Product

Json = dict[str, Any]
Call = Callable[..., Awaitable[Json]]
HOUR = 3600
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture
async def account(sandbox: SandboxClient, product: Product) -> Json:
    settings = {"kind": "wechat", "app_id": "wxapi", "app_secret": "secret", "token": "tok", "mode": "plain"}
    await sandbox.open_account(**settings, hook_url=f"{product.base}/api", templates=["T1"])
    return settings


@pytest.fixture
async def person(sandbox: SandboxClient) -> Json:
    """Someone who has not written yet."""
    return await sandbox.add_person(name="测试用户")


@pytest.fixture
def call(ports: Ports, http: aiohttp.ClientSession) -> Call:
    async def ask(path: str, body: object = None, method: str = "POST", **query: str) -> Json:
        url = f"{ports.base}/wechat/cgi-bin/{path}"
        async with http.request(method, url, json=body, params=query) as response:
            assert response.status == 200
            return dict(await response.json())

    return ask


@pytest.fixture
async def token(account: Json, call: Call) -> str:
    return str((await stable(call, secret=account["app_secret"]))["access_token"])


async def stable(call: Call, **more: object) -> Json:
    ask = {"grant_type": "client_credential", "appid": "wxapi", "secret": "secret"}
    return await call("stable_token", ask | more)


async def send(call: Call, token: str, openid: str, text: str = "您好") -> int:
    body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
    return int((await call("message/custom/send", body, access_token=token))["errcode"])


async def test_a_stable_token_stays_the_same_until_its_last_five_minutes(
    sandbox: SandboxClient, call: Call, token: str
) -> None:
    assert (await stable(call))["access_token"] == token
    await sandbox.forward(7200 - 200)
    renewed = await stable(call)
    assert renewed["access_token"] != token
    assert renewed["expires_in"] > 7000
    assert "errcode" not in await call("menu/get", method="GET", access_token=token)
    await sandbox.forward(201)
    assert (await call("menu/get", method="GET", access_token=token))["errcode"] == 42001


async def test_forcing_a_token_replaces_it_but_not_twice_in_half_a_minute(
    sandbox: SandboxClient, call: Call, token: str
) -> None:
    await sandbox.forward(10 * HOUR)
    first = (await stable(call, force_refresh=True))["access_token"]
    assert first != token
    assert (await stable(call, force_refresh=True))["access_token"] == first
    await sandbox.forward(31)
    second = (await stable(call, force_refresh=True))["access_token"]
    assert second != first
    await sandbox.forward(31)
    await stable(call, force_refresh=True)
    assert (await call("menu/get", method="GET", access_token=first))["errcode"] == 40001


@pytest.mark.usefixtures("account")
async def test_a_wrong_secret_and_an_unknown_token_are_refused(call: Call) -> None:
    assert (await stable(call, secret="wrong"))["errcode"] == 40125
    refused = await call("menu/get", method="GET", access_token="made-up")
    assert refused["errcode"] == 40001
    assert "rid:" in refused["errmsg"]
    assert (await call("menu/get", method="GET"))["errcode"] == 41001


async def test_nobody_may_be_written_to_before_they_wrote(call: Call, token: str, person: Json) -> None:
    assert await send(call, token, person["openid"]) == 45015
    assert await send(call, token, "o_nobody") == 40003


async def test_a_message_opens_five_answers_for_48_hours(
    sandbox: SandboxClient, call: Call, token: str, person: Json
) -> None:
    await sandbox.say(person["id"], "wechat", "在吗", account="wxapi")
    assert [await send(call, token, person["openid"]) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    await sandbox.say(person["id"], "wechat", "还在吗", account="wxapi")
    await sandbox.forward(48 * HOUR - 60)
    assert await send(call, fresh := (await stable(call))["access_token"], person["openid"]) == 0
    await sandbox.forward(61)
    assert await send(call, fresh, person["openid"]) == 45015


async def test_a_menu_click_opens_three_answers_for_a_minute(
    sandbox: SandboxClient, call: Call, token: str, person: Json
) -> None:
    await sandbox.act(person["id"], "menu", key="REPAIR", account="wxapi")
    assert [await send(call, token, person["openid"]) for _ in range(4)] == [0, 0, 0, 45047]
    await sandbox.forward(61)
    assert await send(call, token, person["openid"]) == 45015


async def test_who_unfollowed_cannot_be_reached(sandbox: SandboxClient, call: Call, token: str, person: Json) -> None:
    await sandbox.say(person["id"], "wechat", "再见", account="wxapi")
    await sandbox.act(person["id"], "unfollow", account="wxapi")
    assert await send(call, token, person["openid"]) == 43004
    await sandbox.act(person["id"], "follow", account="wxapi")
    assert await send(call, token, person["openid"]) == 0


async def test_texts_are_limited_in_bytes(sandbox: SandboxClient, call: Call, token: str, person: Json) -> None:
    await sandbox.say(person["id"], "wechat", "在吗", account="wxapi")
    assert await send(call, token, person["openid"], "字" * 682 + "ab") == 0
    assert await send(call, token, person["openid"], "字" * 683) == 45002
    assert await send(call, token, person["openid"], "") == 44004


async def test_what_the_platform_does_not_know_is_refused(call: Call, token: str, person: Json) -> None:
    strange = {"touser": person["openid"], "msgtype": "hologram", "hologram": {}}
    assert (await call("message/custom/send", strange, access_token=token))["errcode"] == 40008
    assert (await call("message/custom/send", ["no object"], access_token=token))["errcode"] == 47001


async def test_uploaded_media_can_be_sent_for_three_days(
    sandbox: SandboxClient, call: Call, token: str, person: Json, ports: Ports, http: aiohttp.ClientSession
) -> None:
    form = aiohttp.FormData()
    form.add_field("media", PNG, filename="部件.png", content_type="image/png")
    url = f"{ports.base}/wechat/cgi-bin/media/upload?type=image&access_token={token}"
    async with http.post(url, data=form) as response:
        media_id = (await response.json())["media_id"]
    await sandbox.say(person["id"], "wechat", "请发照片", account="wxapi")
    image = {"touser": person["openid"], "msgtype": "image", "image": {"media_id": media_id}}
    assert (await call("message/custom/send", image, access_token=token))["errcode"] == 0
    (*_, shown) = await sandbox.phone(person["id"], "wechat")
    async with http.get(ports.base + shown["media"][0]["url"]) as response:
        assert await response.read() == PNG
    await sandbox.forward(3 * 24 * HOUR + 1)
    late = (await stable(call))["access_token"]
    gone = await call("media/get", method="GET", access_token=late, media_id=media_id)
    assert gone["errcode"] == 40007


async def test_a_media_type_must_fit_the_file(token: str, ports: Ports, http: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData()
    form.add_field("media", b"MZ", filename="x.exe", content_type="application/x-msdownload")
    url = f"{ports.base}/wechat/cgi-bin/media/upload?type=image&access_token={token}"
    async with http.post(url, data=form) as response:
        assert (await response.json())["errcode"] == 40005


async def test_a_template_message_needs_no_window_and_reports_back(
    sandbox: SandboxClient, product: Product, call: Call, token: str, person: Json
) -> None:
    message = {"touser": person["openid"], "template_id": "T1", "data": {"thing1": {"value": "空调维修"}}}
    sent = await call("message/template/send", message, access_token=token)
    assert sent["errcode"] == 0
    await sandbox.settled()
    assert f"<MsgID>{sent['msgid']}</MsgID>".encode() in product.got[-1].body
    assert b"success" in product.got[-1].body
    wrong = await call("message/template/send", message | {"template_id": "T9"}, access_token=token)
    assert wrong["errcode"] == 40037


async def test_typing_shows_only_while_the_conversation_is_warm(
    sandbox: SandboxClient, call: Call, token: str, person: Json
) -> None:
    typing = {"touser": person["openid"], "command": "Typing"}
    assert (await call("message/custom/typing", typing, access_token=token))["errcode"] == 45080
    await sandbox.say(person["id"], "wechat", "在吗", account="wxapi")
    assert (await call("message/custom/typing", typing, access_token=token))["errcode"] == 0


async def test_a_menu_has_three_buttons_at_most(call: Call, token: str) -> None:
    button = {"name": "报修", "type": "click", "key": "R"}
    for menu, code in (({"button": [button] * 3}, 0), ({"button": [button] * 4}, 40016)):
        assert (await call("menu/create", menu, access_token=token))["errcode"] == code
    long = {"button": [button | {"name": "名字实在太长的按钮"}]}
    assert (await call("menu/create", long, access_token=token))["errcode"] == 40018


async def test_the_profile_tells_who_follows(sandbox: SandboxClient, call: Call, token: str, person: Json) -> None:
    async def follows() -> int:
        profile = await call("user/info", method="GET", access_token=token, openid=person["openid"])
        return int(profile["subscribe"])

    assert await follows() == 1
    await sandbox.act(person["id"], "unfollow", account="wxapi")
    assert await follows() == 0
