from dataclasses import replace

import aiohttp
from aiohttp import web

from channels.base import Channel, RawCall
from channels.wechat.adapter import WeChatChannel
from core.errors import TryLater
from core.messages import Outgoing
from tests.channels.contract import PART_ID, FactsContract, SendContract, WebhookContract, account, no_http, with_query
from tests.channels.wechat.platform_side import OPENID, PAYLOADS, encrypt, payload, plain, safe, sealed, values

IN_TOKEN = "in-use-token"


class TestWeChatFacts(FactsContract):
    channel = WeChatChannel


class TestWeChatSend(SendContract):
    part = Outgoing(id=PART_ID, to=OPENID, text="师傅明天上午九点到")
    on_server_error = TryLater

    def open(self, base: str, http: aiohttp.ClientSession) -> Channel:
        return WeChatChannel(account("wechat", values(base)), http)

    def is_send(self, request: web.Request) -> bool:
        return request.path == "/cgi-bin/message/custom/send"

    async def accept(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/cgi-bin/stable_token":
            return web.json_response({"access_token": IN_TOKEN, "expires_in": 7200})
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def refuse(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"errcode": 43004, "errmsg": f"require subscribe {OPENID} rid: 66aa-1"})

    def unspeakable(self) -> list[str]:
        return [*super().unspeakable(), IN_TOKEN, "app-secret-1"]


class WeChatHook(WebhookContract):
    def payloads(self) -> dict[str, bytes]:
        return {path.stem: payload(path.stem) for path in sorted(PAYLOADS.glob("*.xml"))}


class TestWeChatSafeHook(WeChatHook):
    def opened(self) -> WeChatChannel:
        return WeChatChannel(account("wechat", values()), no_http())

    def calls(self) -> dict[str, RawCall]:
        return {name: safe(body) for name, body in self.payloads().items()}

    def repeated(self) -> dict[str, RawCall]:
        return {name: safe(body, timestamp="1735689606", nonce="n2") for name, body in self.payloads().items()}

    def forged(self, call: RawCall) -> dict[str, RawCall]:
        body = payload("text")
        return {
            "no msg_signature": with_query(call, msg_signature=""),
            "another msg_signature": with_query(call, msg_signature="0" * 40),
            "the address's signature in its place": with_query(call, msg_signature=call.query["signature"]),
            "another time": with_query(call, timestamp="1735689999"),
            "another nonce": with_query(call, nonce="n9"),
            "another content": replace(
                call, body=safe(body).body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A")
            ),
            "said to be plain": with_query(call, encrypt_type=""),
            "raw": with_query(call, encrypt_type="raw"),
            "really plain": plain(body),
            "for another app": safe(body, app="wx_someone_else0"),
            "with a key that is not ours": safe(body, key="Z" * 43),
            "not base64": sealed("!!!"),
            "not whole blocks": sealed("AAAA"),
            "empty": sealed(""),
            "not XML": replace(call, body=b"\xff\xfe"),
            "another method": replace(call, method="PUT"),
        }

    def signed(self, body: bytes) -> RawCall:
        return sealed(encrypt(body))


class TestWeChatPlainHook(WeChatHook):
    def opened(self) -> WeChatChannel:
        return WeChatChannel(account("wechat", values(mode="plain", aes_key="")), no_http())

    def calls(self) -> dict[str, RawCall]:
        return {name: plain(body) for name, body in self.payloads().items()}

    def repeated(self) -> dict[str, RawCall]:
        return {name: plain(body, timestamp="1735689606", nonce="n2") for name, body in self.payloads().items()}

    def forged(self, call: RawCall) -> dict[str, RawCall]:
        return {
            "no signature": with_query(call, signature=""),
            "signed by another token": plain(call.body, token="OtherToken"),
            "another time": with_query(call, timestamp="1735689999"),
            "another nonce": with_query(call, nonce="n9"),
            "a non-ASCII signature": with_query(call, signature="签名"),
            "encrypted, and there is no key": safe(call.body),
            "a check without an echo": replace(call, method="GET"),
        }

    def signed(self, body: bytes) -> RawCall:
        return plain(body)
