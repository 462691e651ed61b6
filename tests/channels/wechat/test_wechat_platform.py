"""The adapter against the sandbox's platform, over a real socket: what each errcode leads to, tokens, menus."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from channels.wechat import codes
from channels.wechat.adapter import WeChatChannel
from channels.wechat.menus import Button
from core.errors import NotAllowed, Refused, SendError, TryLater
from core.messages import Media, Outgoing
from sandbox.client import Json, SandboxClient
from tests.channels.contract import PART_ID, account
from tests.channels.wechat.platform_side import APP_ID, TOKEN, values
from tests.sandbox.standin import Ports

SEND, UPLOAD, GET, MENU, STABLE = "custom/send", "media/upload", "media/get", "menu/create", "stable_token"
REPAIR = Button("报修", "click", "REPAIR")
HOUR = 3600.0


@pytest.fixture
async def person(sandbox: SandboxClient, ports: Ports) -> str:
    """The openid of somebody who has just written."""
    await sandbox.open_account(
        kind="wechat", app_id=APP_ID, app_secret="app-secret-1", token=TOKEN, mode="plain",
        hook_url=f"{ports.base}/nobody-listens", retries=0,
    )  # fmt: skip
    somebody = await sandbox.add_person(name="测试用户")
    await sandbox.say(somebody["id"], "wechat", "在吗")
    return str(somebody["openid"])


def adapter(ports: Ports, http: aiohttp.ClientSession) -> WeChatChannel:
    return WeChatChannel(account("wechat", values(f"{ports.base}/wechat")), http)


@pytest.fixture
def channel(ports: Ports, http: aiohttp.ClientSession) -> WeChatChannel:
    return adapter(ports, http)


@pytest.fixture
async def elsewhere(ports: Ports) -> AsyncIterator[WeChatChannel]:
    """The same account in another process."""
    async with aiohttp.ClientSession() as session:
        yield adapter(ports, session)


def text(person: str) -> Outgoing:
    return Outgoing(PART_ID, person, "好的")


def picture(person: str) -> Outgoing:
    return Outgoing(PART_ID, person, media=(Media("图.png", "image/png", b"\x89PNG"),))


async def asked(sandbox: SandboxClient, path: str) -> list[Json]:
    """The calls of the product to this part of the API, oldest first."""
    return [each for each in reversed(await sandbox.wire()) if path in each["url"]]


async def forced(sandbox: SandboxClient) -> list[bool]:
    calls = [await sandbox.call(each["id"]) for each in await asked(sandbox, STABLE)]
    return [json.loads(each["body"])["force_refresh"] for each in calls]


def check(error: SendError, code: int) -> None:
    """That the error is what its table says."""
    assert error.code == str(code)
    assert error.reason == (codes.LATER[code][1] if code in codes.LATER else (codes.GONE | codes.REFUSED)[code])
    assert isinstance(error, TryLater) is (code in codes.LATER)
    if isinstance(error, TryLater):
        assert error.after == codes.LATER[code][0]
    else:
        assert isinstance(error, Refused)
        assert error.recipient_gone is (code in codes.GONE)


class TestErrorTable:
    @pytest.mark.parametrize("code", sorted({*codes.LATER, *codes.GONE, *codes.REFUSED}))
    async def test_a_send(self, code: int, sandbox: SandboxClient, channel: WeChatChannel, person: str) -> None:
        await sandbox.fault("wechat", "errcode", code=code, path=SEND)
        with pytest.raises(SendError) as caught:
            await channel.send(text(person))
        check(caught.value, code)
        assert len(await asked(sandbox, SEND)) == (2 if code in codes.STALE_TOKEN else 1)
        assert await sandbox.sent() == []

        await sandbox.no_faults()
        await channel.send(text(person))
        assert [each["text"] for each in await sandbox.sent()] == ["好的"]

    @pytest.mark.parametrize("code", [-1, 40004, 40005, 40006, 40009, 40010, 40011, 44001, 45001, 45007, 45009])
    async def test_an_upload(self, code: int, sandbox: SandboxClient, channel: WeChatChannel, person: str) -> None:
        await sandbox.fault("wechat", "errcode", code=code, path=UPLOAD)
        with pytest.raises(SendError) as caught:
            await channel.send(picture(person))
        check(caught.value, code)
        assert await asked(sandbox, SEND) == []

    @pytest.mark.parametrize("code", [-1, 40007, 45009, 48001])
    @pytest.mark.usefixtures("person")
    async def test_a_download(self, code: int, sandbox: SandboxClient, channel: WeChatChannel) -> None:
        await sandbox.fault("wechat", "errcode", code=code, path=GET)
        with pytest.raises(SendError) as caught:
            await channel.fetch_media(Media("图片.jpg", "image/jpeg", reference="media-1"))
        check(caught.value, code)

    @pytest.mark.parametrize("code", [-1, 40001, 40013, 40125, 40164, 40243, 45009, 45011, 48001, 50007])
    async def test_without_a_token_every_message_waits(
        self, code: int, sandbox: SandboxClient, channel: WeChatChannel, person: str
    ) -> None:
        await sandbox.fault("wechat", "errcode", code=code, path=STABLE)
        with pytest.raises(TryLater) as caught:
            await channel.send(text(person))
        assert caught.value.code == str(code)
        assert await asked(sandbox, SEND) == []

    @pytest.mark.parametrize("code", sorted(codes.MENU))
    @pytest.mark.usefixtures("person")
    async def test_a_menu(self, code: int, sandbox: SandboxClient, channel: WeChatChannel) -> None:
        await sandbox.fault("wechat", "errcode", code=code, path=MENU)
        with pytest.raises(Refused) as caught:
            await channel.set_menu([REPAIR])
        assert (caught.value.code, caught.value.reason) == (str(code), codes.MENU[code])

    async def test_one_that_stands_in_no_table(
        self, sandbox: SandboxClient, channel: WeChatChannel, person: str
    ) -> None:
        await sandbox.fault("wechat", "errcode", code=77777, path=SEND)
        with pytest.raises(Refused) as caught:
            await channel.send(text(person))
        assert (caught.value.code, caught.value.recipient_gone) == ("77777", False)
        assert "错误码" in caught.value.reason


class TestByItself:
    """What the platform refuses without being told to."""

    async def test_the_sixth_answer(self, channel: WeChatChannel, person: str) -> None:
        for _ in range(5):
            await channel.send(text(person))
        await self.refused(channel, text(person), 45047)

    async def test_an_answer_after_two_days(self, sandbox: SandboxClient, channel: WeChatChannel, person: str) -> None:
        await sandbox.forward(48 * HOUR + 1)
        await self.refused(channel, text(person), 45015)

    async def test_somebody_who_left(self, sandbox: SandboxClient, channel: WeChatChannel, person: str) -> None:
        (somebody,) = [each for each in await sandbox.people() if each["openid"] == person]
        await sandbox.act(somebody["id"], "unfollow")
        await self.refused(channel, text(person), 43004)

    @pytest.mark.usefixtures("person")
    async def test_nobody(self, channel: WeChatChannel) -> None:
        await self.refused(channel, text("oNobodyAtAll"), 40003)

    async def refused(self, channel: WeChatChannel, part: Outgoing, code: int) -> None:
        with pytest.raises(Refused) as caught:
            await channel.send(part)
        check(caught.value, code)


class TestTokens:
    @pytest.mark.parametrize("code", sorted(codes.STALE_TOKEN))
    async def test_a_refused_one_is_replaced_and_the_message_arrives(
        self, code: int, sandbox: SandboxClient, channel: WeChatChannel, person: str
    ) -> None:
        await sandbox.fault("wechat", "errcode", code=code, path=SEND, times=1)
        await channel.send(text(person))
        assert len(await sandbox.sent()) == 1
        assert await forced(sandbox) == [False, False, True]

    async def test_one_that_somebody_replaced_is_asked_for_and_not_forced(
        self, sandbox: SandboxClient, channel: WeChatChannel, elsewhere: WeChatChannel, person: str, ports: Ports,
        http: aiohttp.ClientSession,
    ) -> None:  # fmt: skip
        for each in (channel, elsewhere):
            await each.send(text(person))
        await self.replaced_twice(sandbox, ports, http)
        for each in (channel, elsewhere):
            await each.send(text(person))
        assert await forced(sandbox) == [False, False, True, True, False, False]
        assert len(await sandbox.sent()) == 4

    async def test_two_processes_that_see_it_refused_end_with_the_same_one(
        self, sandbox: SandboxClient, channel: WeChatChannel, elsewhere: WeChatChannel, person: str
    ) -> None:
        for each in (channel, elsewhere):
            await each.send(text(person))
        before = channel.api.tokens.value
        await sandbox.fault("wechat", "errcode", code=40001, path=SEND, times=2)
        await asyncio.gather(*(each.send(text(person)) for each in (channel, elsewhere)))
        await channel.send(text(person))
        assert len(await sandbox.sent()) == 5
        assert before != channel.api.tokens.value == elsewhere.api.tokens.value

    async def test_one_whose_forcing_is_refused_waits_and_then_asks_as_usual(
        self, sandbox: SandboxClient, channel: WeChatChannel, person: str
    ) -> None:
        await channel.send(text(person))
        await sandbox.fault("wechat", "errcode", code=40001, path=SEND, times=1)
        await sandbox.fault("wechat", "errcode", code=45009, path=STABLE, times=1)
        with pytest.raises(TryLater):
            await channel.send(text(person))
        await channel.send(text(person))
        assert len(await sandbox.sent()) == 2

    async def test_one_that_ran_out_is_asked_for_and_not_forced(
        self, sandbox: SandboxClient, channel: WeChatChannel, person: str
    ) -> None:
        await channel.send(text(person))
        await sandbox.forward(7200 + 1)
        await channel.send(text(person))
        assert await forced(sandbox) == [False, False]

    async def replaced_twice(self, sandbox: SandboxClient, ports: Ports, http: aiohttp.ClientSession) -> None:
        """Somebody forces two new tokens: the one before the last is void."""
        for _ in range(2):
            await sandbox.forward(31)
            ask = {
                "grant_type": "client_credential", "appid": APP_ID, "secret": "app-secret-1", "force_refresh": True,
            }  # fmt: skip
            async with http.post(f"{ports.base}/wechat/cgi-bin/stable_token", json=ask) as answer:
                assert "access_token" in await answer.json()


@pytest.mark.usefixtures("person")
class TestMenus:
    async def shown(self, sandbox: SandboxClient) -> Json:
        return next(dict(each["menu"]) for each in await sandbox.accounts() if each["key"] == APP_ID)

    async def test_a_menu_is_shown_as_it_was_given(self, sandbox: SandboxClient, channel: WeChatChannel) -> None:
        below = Button("自助", below=(Button("商城", "view", "https://shop.example.com/"), REPAIR))
        await channel.set_menu([REPAIR, below])
        repair = {"name": "报修", "type": "click", "key": "REPAIR"}
        shop = {"name": "商城", "type": "view", "url": "https://shop.example.com/"}
        assert await self.shown(sandbox) == {"button": [repair, {"name": "自助", "sub_button": [shop, repair]}]}

    async def test_a_wrong_one_does_not_leave(self, sandbox: SandboxClient, channel: WeChatChannel) -> None:
        before = await self.shown(sandbox)
        with pytest.raises(NotAllowed) as caught:
            await channel.set_menu([Button("报修"), Button("", "click", "K")])
        assert "动作" in caught.value.reason
        assert "名称不能为空" in caught.value.reason
        assert await asked(sandbox, MENU) == []
        assert await self.shown(sandbox) == before

    async def test_one_that_cannot_be_set_now_is_for_later(
        self, sandbox: SandboxClient, channel: WeChatChannel
    ) -> None:
        await sandbox.fault("wechat", "drop", path=MENU, times=1)
        with pytest.raises(TryLater):
            await channel.set_menu([REPAIR])
        await channel.set_menu([REPAIR])
        assert len((await self.shown(sandbox))["button"]) == 1
