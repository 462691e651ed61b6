"""What goes out to WeChat: tokens, texts, files, and what each errcode stands for."""

import asyncio
import json
from collections.abc import Callable

import aiohttp
import pytest
from aiohttp import web

from channels.wechat import codes
from channels.wechat.adapter import WeChatChannel
from core.errors import Refused, TryLater
from core.messages import Media, Outgoing
from tests.channels.contract import PART_ID, account
from tests.channels.provider import Provider
from tests.channels.wechat.platform_side import OPENID, values

TOKEN_PATH, SEND_PATH = "/cgi-bin/stable_token", "/cgi-bin/message/custom/send"
UPLOAD_PATH, GET_PATH = "/cgi-bin/media/upload", "/cgi-bin/media/get"
OK = {"errcode": 0, "errmsg": "ok"}


class WeChatApi:
    """As much of the platform as these tests need: tokens in order, one answer for each path."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.lasts = 7200
        self.stale: set[str] = set()
        self.newest = 1
        self.forced: list[bool] = []
        self.sent: list[dict[str, object]] = []
        self.uploaded: list[bytes] = []
        self.answers: dict[str, Callable[[], web.Response]] = {}
        provider.behave = self.behave

    async def behave(self, request: web.Request) -> web.StreamResponse:
        if request.path == TOKEN_PATH:
            return await self.token(request)
        if request.query["access_token"] in self.stale:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential rid: 66aa-1"})
        if request.path == UPLOAD_PATH:
            self.uploaded.append(await self.file(request))
        if request.path == SEND_PATH:
            self.sent.append(json.loads(await request.read()))
        default = {UPLOAD_PATH: {"type": "image", "media_id": "stored-1"}}.get(request.path, OK)
        return self.answers[request.path]() if request.path in self.answers else web.json_response(default)

    async def token(self, request: web.Request) -> web.Response:
        if TOKEN_PATH in self.answers:
            return self.answers[TOKEN_PATH]()
        asked = await request.json()
        assert (asked["grant_type"], asked["secret"]) == ("client_credential", "app-secret-1")
        self.forced.append(asked["force_refresh"])
        self.newest += asked["force_refresh"]
        return web.json_response({"access_token": f"token-{self.newest}", "expires_in": self.lasts})

    async def file(self, request: web.Request) -> bytes:
        body = await request.read()
        boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
        return body.split(b"--" + boundary)[1].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")

    def errcode(self, path: str, code: int) -> None:
        self.answers[path] = lambda: web.json_response({"errcode": code, "errmsg": "no rid: 66aa-2"})


@pytest.fixture
def api(provider: Provider) -> WeChatApi:
    return WeChatApi(provider)


@pytest.fixture
def channel(api: WeChatApi, http: aiohttp.ClientSession) -> WeChatChannel:
    return WeChatChannel(account("wechat", values(api.provider.base)), http)


def text(content: str = "好的") -> Outgoing:
    return Outgoing(PART_ID, OPENID, content)


def file(content_type: str, content: bytes | None = b"bytes") -> Outgoing:
    return Outgoing(PART_ID, OPENID, media=(Media("张三的发票", content_type, content),))


class TestTexts:
    async def test_a_text_goes_out_in_its_own_characters(self, api: WeChatApi, channel: WeChatChannel) -> None:
        await channel.send(text("空调<b>&😀"))
        assert api.sent == [{"touser": OPENID, "msgtype": "text", "text": {"content": "空调<b>&😀"}}]
        assert "空调".encode() in await api.provider.asked[-1].read()

    @pytest.mark.parametrize("code", [*codes.GONE, *codes.REFUSED, 99999])
    async def test_a_refusal_is_final_and_says_why(self, code: int, api: WeChatApi, channel: WeChatChannel) -> None:
        api.errcode(SEND_PATH, code)
        with pytest.raises(Refused) as caught:
            await channel.send(text())
        assert caught.value.code == str(code)
        assert caught.value.recipient_gone is (code in codes.GONE)
        assert caught.value.reason
        assert len(api.sent) == 1

    @pytest.mark.parametrize("code", sorted(set(codes.LATER) - codes.STALE_TOKEN))
    async def test_what_may_work_later_is_for_later(self, code: int, api: WeChatApi, channel: WeChatChannel) -> None:
        api.errcode(SEND_PATH, code)
        with pytest.raises(TryLater) as caught:
            await channel.send(text())
        assert caught.value.code == str(code)
        assert len(api.sent) == 1

    async def test_outside_the_window_the_agent_reads_so(self, api: WeChatApi, channel: WeChatChannel) -> None:
        api.errcode(SEND_PATH, 45015)
        with pytest.raises(Refused) as caught:
            await channel.send(text())
        assert "48 小时" in caught.value.reason
        assert not caught.value.recipient_gone


class TestTokens:
    async def test_one_is_fetched_for_all_who_wait(self, api: WeChatApi, channel: WeChatChannel) -> None:
        await asyncio.gather(*(channel.send(text()) for _ in range(20)))
        assert (len(api.forced), len(api.sent)) == (1, 20)

    async def test_it_is_shared_by_adapters_of_one_account(
        self, api: WeChatApi, channel: WeChatChannel, http: aiohttp.ClientSession
    ) -> None:
        await channel.send(text())
        await WeChatChannel(account("wechat", values(api.provider.base)), http).send(text())
        assert api.forced == [False]

    async def test_it_is_renewed_five_minutes_early(self, api: WeChatApi, channel: WeChatChannel) -> None:
        api.lasts = 300
        await channel.send(text())
        await channel.send(text())
        assert api.forced == [False, False]

    async def test_one_that_is_refused_though_it_is_the_newest_is_replaced(
        self, api: WeChatApi, channel: WeChatChannel
    ) -> None:
        api.stale = {"token-1"}
        await channel.send(text())
        assert api.forced == [False, False, True]
        assert len(api.sent) == 1

    async def test_nothing_is_forced_where_another_process_was_first(
        self, api: WeChatApi, channel: WeChatChannel
    ) -> None:
        await channel.send(text())
        api.stale, api.newest = {"token-1"}, 2
        await channel.send(text())
        assert api.forced == [False, False]
        assert len(api.sent) == 2

    async def test_one_that_was_replaced_meanwhile_is_not_replaced_again(
        self, api: WeChatApi, channel: WeChatChannel
    ) -> None:
        await channel.send(text())
        api.stale = {"token-1"}
        await asyncio.gather(*(channel.send(text()) for _ in range(10)))
        assert api.forced == [False, False, True]

    async def test_a_wrong_secret_ends_after_one_more_try(self, api: WeChatApi, channel: WeChatChannel) -> None:
        api.stale = {f"token-{n}" for n in range(1, 9)}
        with pytest.raises(TryLater) as caught:
            await channel.send(text())
        assert caught.value.code == "40001"
        assert api.forced == [False, False, True]
        with pytest.raises(TryLater):
            await channel.send(text())
        # WeChat allows twenty forced renewals a day, 30 s apart.
        assert api.forced.count(True) == 1

    @pytest.mark.parametrize("answer", [{"errcode": 40125}, {"errcode": 77777}, {}, {"access_token": 7}, ["x"]])
    async def test_without_one_the_message_waits(self, answer: object, api: WeChatApi, channel: WeChatChannel) -> None:
        api.answers[TOKEN_PATH] = lambda: web.json_response(answer)
        with pytest.raises(TryLater):
            await channel.send(text())
        assert not api.sent


class TestFiles:
    @pytest.mark.parametrize(
        ("content_type", "kind"),
        [("image/png", "image"), ("image/jpeg; q=1", "image"), ("audio/amr", "voice"), ("video/mp4", "video")],
    )
    async def test_a_file_is_stored_and_shown(
        self, content_type: str, kind: str, api: WeChatApi, channel: WeChatChannel
    ) -> None:
        await channel.send(file(content_type))
        assert api.uploaded == [b"bytes"]
        assert api.sent == [{"touser": OPENID, "msgtype": kind, kind: {"media_id": "stored-1"}}]
        assert "张三".encode() not in await api.provider.asked[-2].read()

    async def test_it_is_whole_after_the_token_was_replaced(self, api: WeChatApi, channel: WeChatChannel) -> None:
        api.stale = {"token-1"}
        await channel.send(file("image/png", b"0123456789"))
        assert api.uploaded == [b"0123456789"]

    @pytest.mark.parametrize(
        "part", [file("application/pdf"), file("image/png", None), file("audio/amr", b"x" * (2 * 1024 * 1024 + 1))]
    )
    async def test_what_wechat_cannot_show_is_refused_before_it_leaves(
        self, part: Outgoing, api: WeChatApi, channel: WeChatChannel
    ) -> None:
        with pytest.raises(Refused):
            await channel.send(part)
        assert not api.provider.asked

    async def test_a_failed_upload_sends_nothing(self, api: WeChatApi, channel: WeChatChannel) -> None:
        api.answers[UPLOAD_PATH] = lambda: web.Response(status=502)
        with pytest.raises(TryLater):
            await channel.send(file("image/png"))
        assert not api.sent

    async def test_a_file_from_a_person_is_fetched(self, api: WeChatApi, channel: WeChatChannel) -> None:
        api.answers[GET_PATH] = lambda: web.Response(body=b"\x89PNG", content_type="image/png")
        fetched = await channel.fetch_media(Media("图片.jpg", "image/jpeg", reference="media-1"))
        assert (fetched.content, fetched.content_type) == (b"\x89PNG", "image/png")
        assert api.provider.asked[-1].query["media_id"] == "media-1"

    async def test_a_video_is_fetched_from_where_it_is_said_to_be(self, api: WeChatApi, channel: WeChatChannel) -> None:
        there = f"{api.provider.base}/video?access_token=none"
        api.answers[GET_PATH] = lambda: web.json_response({"video_url": there})
        api.answers["/video"] = lambda: web.Response(body=b"mp4", content_type="video/mp4")
        fetched = await channel.fetch_media(Media("视频.mp4", "video/mp4", reference="media-1"))
        assert fetched.content == b"mp4"

    async def test_an_expired_one_is_gone_for_good(self, api: WeChatApi, channel: WeChatChannel) -> None:
        api.errcode(GET_PATH, 40007)
        with pytest.raises(Refused) as caught:
            await channel.fetch_media(Media("图片.jpg", "image/jpeg", reference="media-1"))
        assert "过期" in caught.value.reason

    @pytest.mark.parametrize("told", ["file:///etc/passwd", "", None])
    async def test_a_senseless_address_is_not_followed(
        self, told: str | None, api: WeChatApi, channel: WeChatChannel
    ) -> None:
        api.answers[GET_PATH] = lambda: web.json_response({"video_url": told})
        with pytest.raises(TryLater):
            await channel.fetch_media(Media("视频.mp4", "video/mp4", reference="media-1"))
