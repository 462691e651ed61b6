from dataclasses import replace

import aiohttp
from aiohttp import web

from channels.base import Channel, RawCall
from channels.sms.domestic import DomesticChannel
from core.errors import OutcomeUnknown
from core.messages import Outgoing
from tests.channels.contract import PART_ID, FactsContract, SendContract, WebhookContract, account, no_http
from tests.channels.sms.gateway_side import APP_SECRET, KIND, PERSON, PUSHES, payload, pushed, values


class TestGatewayFacts(FactsContract):
    channel = DomesticChannel


class TestGatewaySend(SendContract):
    part = Outgoing(id=PART_ID, to=PERSON, text="师傅明天上午九点到")
    on_server_error = OutcomeUnknown

    def open(self, base: str, http: aiohttp.ClientSession) -> Channel:
        return DomesticChannel(account(KIND, values(base)), http)

    def is_send(self, request: web.Request) -> bool:
        return request.path == "/v1/messages"

    async def accept(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"code": "0", "msg_id": "m-1", "segments": 1})

    async def refuse(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"code": "2002", "message": f"{PERSON} 已退订"})

    def unspeakable(self) -> list[str]:
        return [*super().unspeakable(), APP_SECRET, PERSON.removeprefix("+86")]


class TestGatewayHook(WebhookContract):
    def opened(self) -> DomesticChannel:
        return DomesticChannel(account(KIND, values()), no_http())

    def calls(self) -> dict[str, RawCall]:
        return {path.stem: pushed(path.read_bytes()) for path in sorted(PUSHES.glob("*.json"))}

    def repeated(self) -> dict[str, RawCall]:
        return {name: pushed(call.body, nonce="n2", timestamp="1767317760") for name, call in self.calls().items()}

    def forged(self, call: RawCall) -> dict[str, RawCall]:
        given = call.headers["x-signature"]
        return {
            "not signed": replace(call, headers={}),
            "an empty signature": _with(call, "signature", ""),
            "a truncated signature": _with(call, "signature", given[:-2]),
            "a signature beyond ASCII": _with(call, "signature", "签" * len(given)),
            "in capitals": _with(call, "signature", given.upper()),
            "signed with another secret": pushed(call.body, secret="another-secret"),
            "for another key": _with(call, "app-key", "AK10000002"),
            "another time": _with(call, "timestamp", "1767317701"),
            "another nonce": _with(call, "nonce", "n2"),
            "another body": replace(call, body=call.body.replace(b"1380013800", b"1380013801")),
            "a byte more": replace(call, body=call.body + b" "),
            "a field moved into another": _with(_with(call, "nonce", ""), "timestamp", "1767317700&nonce=n1"),
            "by GET": replace(call, method="GET"),
        }

    def signed(self, body: bytes) -> RawCall:
        return pushed(body)


def _with(call: RawCall, name: str, value: str) -> RawCall:
    return replace(call, headers={**call.headers, f"x-{name}": value})


def test_a_batch_says_each_thing_for_itself() -> None:
    events = DomesticChannel(account(KIND, values()), no_http()).parse(pushed(payload("batch")))
    assert [event.dedupe_key for event in events] == ["report:m-7:DELIVRD", "up:up-7", "report:m-8:EXPIRED"]


def test_an_empty_batch_says_nothing() -> None:
    assert DomesticChannel(account(KIND, values()), no_http()).parse(pushed(b'{"events":[]}')) == []
