"""WeChat official accounts (公众号): callbacks in plain, compatible and safe mode; customer-service messages out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import aiohttp

from channels.base import SAFE_URL, Account, AccountField, Answer, RawCall
from channels.wechat import files, menus
from channels.wechat.api import Api
from channels.wechat.crypto import Envelope, Opened, Undecipherable, is_signed, signature
from channels.wechat.events import read_events
from channels.wechat.payload import cdata, read, word
from channels.wechat.token import keeper
from core.errors import RejectedCall, UnreadablePayload
from core.messages import Accepted, ChannelFacts, Event, Media, Outgoing

XML = "application/xml; charset=utf-8"


class WeChatChannel:
    """One official account.

    In safe mode only encrypted calls are heard. `compatible` hears both, for the time of a change between the modes;
    `plain` hears encrypted ones as long as a key is there, since they prove more, never less.
    """

    kind: ClassVar[str] = "wechat"
    facts: ClassVar[ChannelFacts] = ChannelFacts(
        label="微信",
        icon="wechat",
        # Not on the official page; measured by others, and what errcode 45002 says.
        longest_text=2048,
        text_unit="bytes",
        # A message from the person allows five answers (客服消息下发条数), and each part is one.
        most_parts=5,
        reply_window=timedelta(hours=48),
        media_types=tuple(files.UPLOADS),
        largest_media=files.LARGEST,
        answers_in_call=True,
    )
    fields: ClassVar[tuple[AccountField, ...]] = (
        AccountField("app_id", "AppID", example="wx1234567890abcdef", check=r"[A-Za-z0-9_-]{6,64}"),
        AccountField("app_secret", "AppSecret", secret=True, check=r"\S{1,128}"),
        AccountField("token", "Token", "与公众平台“服务器配置”中的 Token 一致", True, check=r"[A-Za-z0-9]{3,32}"),
        AccountField(
            "mode", "消息加解密方式", "plain 明文、compatible 兼容、safe 安全（推荐）", required=False,
            default="safe", example="safe", check="plain|compatible|safe",
        ),
        AccountField(
            "aes_key", "EncodingAESKey", "43 位；安全模式必填", True, required=False, check=r"[A-Za-z0-9]{43}",
        ),
        AccountField(
            "aes_key_previous", "上一个 EncodingAESKey", "更换密钥期间填写，之后清空", True, required=False,
            check=r"[A-Za-z0-9]{43}",
        ),
        # Off by default: a host whose clock is wrong would hear nobody. At least a minute, since WeChat repeats a call
        # for up to 15 s.
        AccountField(
            "stale_after", "回调时间戳有效期（秒）", "0 为不检查；建议 300，服务器时间须准确", required=False,
            default="0", example="300", check="0|[6-9][0-9]|[1-9][0-9]{2,4}",
        ),
        AccountField(
            "api_base", "接口地址", "一般不用改", required=False, default="https://api.weixin.qq.com",
            example="https://api.weixin.qq.com", check=SAFE_URL,
        ),
    )  # fmt: skip

    @staticmethod
    def problems(values: Mapping[str, str]) -> Mapping[str, str]:
        """What is wrong between the fields, in zh-CN."""
        if values["mode"] == "safe" and not values["aes_key"]:
            return {"aes_key": "安全模式必须填写 EncodingAESKey"}
        return {}

    def __init__(self, account: Account, http: aiohttp.ClientSession) -> None:
        values = account.values
        keys = [values["aes_key"], values.get("aes_key_previous", "")]
        self.token = values["token"]
        self.safe = values["mode"] == "safe"
        self.stale_after = int(values["stale_after"])
        self.envelope = Envelope(values["app_id"], [key for key in keys if key])
        base = values["api_base"].rstrip("/")
        self.http = http
        self.api = Api(http, base, keeper(http, base, values["app_id"], values["app_secret"]))

    def verify(self, call: RawCall) -> None:
        """The signature, for encrypted calls also the key and the app id behind the text, and the time if asked for."""
        if call.method == "POST":
            self._open(call)
        elif call.method == "GET" and call.query.get("echostr"):
            self._echo(call)
        else:
            raise RejectedCall("neither a message nor a check of the address")
        self._check_fresh(call)

    def parse(self, call: RawCall) -> Sequence[Event]:
        """The events of a payload; none for the check of the address."""
        if call.method != "POST":
            return ()
        opened = self._open(call)
        root = read(opened.text)
        if root.find("Encrypt") is not None:
            raise UnreadablePayload("encrypted content in a call that says it is plain")
        return read_events(root, opened.text)

    def answer(self, call: RawCall, reply: str = "") -> Answer:
        """The echo, a passive text reply, or the word that stops WeChat from repeating the call.

        The time and nonce of an answer are those of the call: the same call with the same reply says the same thing.
        """
        if call.method != "POST":
            return Answer(self._echo(call))
        if not reply:
            return Answer("success")
        opened = self._open(call)
        root = read(opened.text)
        to, us, at = word(root, "FromUserName"), word(root, "ToUserName"), _timestamp(call)
        text = (
            f"<xml><ToUserName>{cdata(to)}</ToUserName><FromUserName>{cdata(us)}</FromUserName>"
            f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
            f"<Content>{cdata(reply)}</Content></xml>"
        )
        return Answer(self._closed(text, call, opened.key) if opened.key else text, content_type=XML)

    async def send(self, part: Outgoing) -> Accepted:
        """One customer-service message. WeChat gives it no id and sends no receipt."""
        if part.media:
            content = await files.upload(self.api, part.media[0])
        else:
            content = {"msgtype": "text", "text": {"content": part.text}}
        await self.api.post("/cgi-bin/message/custom/send", {"touser": part.to, **content})
        return Accepted()

    async def fetch_media(self, media: Media) -> Media:
        """A file that a person sent; WeChat keeps it for three days."""
        content, content_type = await files.download(self.api, self.http, media.reference)
        return replace(media, content=content, content_type=content_type or media.content_type)

    async def set_menu(self, menu: Sequence[menus.Button]) -> None:
        """Put a menu below the conversation, in place of the one before. People see it within five minutes.

        Raise `NotAllowed` for a menu that WeChat would not show, and what a send raises.
        """
        await menus.put(self.api, menu)

    def _open(self, call: RawCall) -> Opened:
        """The decrypted body (key empty: it came in plain). Raise `RejectedCall`."""
        match call.query.get("encrypt_type", "raw"):
            case "aes":
                return self._decrypted(call, _encrypted(call.body))
            case "raw" | "" if not self.safe:
                self._check_plain(call)
                return Opened(call.body, key="")
            case _:
                raise RejectedCall("not encrypted as this account demands")

    def _decrypted(self, call: RawCall, encrypted: str) -> Opened:
        given = call.query.get("msg_signature", "")
        if not is_signed(given, self.token, _timestamp(call), _nonce(call), encrypted):
            raise RejectedCall("wrong msg_signature")
        try:
            return self.envelope.open(encrypted)
        except Undecipherable:
            raise RejectedCall("encrypted with another key or for another app") from None

    def _check_plain(self, call: RawCall) -> None:
        if not is_signed(call.query.get("signature", ""), self.token, _timestamp(call), _nonce(call)):
            raise RejectedCall("wrong signature")

    def _check_fresh(self, call: RawCall) -> None:
        """A plain signature covers time and nonce only: one that was overheard vouches for any content, for ever."""
        if self.stale_after and abs(time.time() - int(_timestamp(call))) > self.stale_after:
            raise RejectedCall("a timestamp of another time")

    def _echo(self, call: RawCall) -> str:
        """What proves to WeChat that the address is ours; the check is plain in every mode, or encrypted."""
        echo = call.query.get("echostr", "")
        if "msg_signature" not in call.query:
            self._check_plain(call)
            return echo
        try:
            return self._decrypted(call, echo).text.decode()
        except UnicodeDecodeError:
            raise RejectedCall("the echo is not text") from None

    def _closed(self, text: str, call: RawCall, key: str) -> str:
        encrypted, at, nonce = self.envelope.close(text, key), _timestamp(call), _nonce(call)
        signed = signature(self.token, at, nonce, encrypted)
        return (
            f"<xml><Encrypt>{cdata(encrypted)}</Encrypt><MsgSignature>{cdata(signed)}</MsgSignature>"
            f"<TimeStamp>{at}</TimeStamp><Nonce>{cdata(nonce)}</Nonce></xml>"
        )


def _encrypted(body: bytes) -> str:
    try:
        return word(read(body), "Encrypt")
    except UnreadablePayload:
        raise RejectedCall("no encrypted content") from None


def _timestamp(call: RawCall) -> str:
    """Part of what is signed, and of what goes back: digits or nothing."""
    value = call.query.get("timestamp", "")
    if not (value.isascii() and value.isdecimal() and len(value) <= 20):
        raise RejectedCall("no timestamp")
    return value


def _nonce(call: RawCall) -> str:
    return call.query.get("nonce", "")
