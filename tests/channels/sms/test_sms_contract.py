from dataclasses import replace

import aiohttp
from aiohttp import web

from channels.base import Channel, RawCall
from channels.sms.twilio import TwilioChannel
from core.errors import OutcomeUnknown
from core.messages import Outgoing
from tests.channels.contract import PART_ID, FactsContract, SendContract, WebhookContract, account, no_http
from tests.channels.sms.twilio_side import AUTH_TOKEN, HOOK, PAYLOADS, PERSON, SID, payload, signature, signed, values


class TestTwilioFacts(FactsContract):
    channel = TwilioChannel


class TestTwilioSend(SendContract):
    part = Outgoing(id=PART_ID, to=PERSON, text="师傅明天上午九点到")
    on_server_error = OutcomeUnknown

    def open(self, base: str, http: aiohttp.ClientSession) -> Channel:
        return TwilioChannel(account("sms", values(base)), http)

    def is_send(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path == f"/2010-04-01/Accounts/{SID}/Messages.json"

    async def accept(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"sid": "SM" + "1" * 32, "status": "queued", "error_code": None}, status=201)

    async def refuse(self, _request: web.Request) -> web.StreamResponse:
        said = {"code": 21610, "message": f"Attempt to send to unsubscribed recipient {PERSON}", "status": 400}
        return web.json_response(said, status=400)

    def unspeakable(self) -> list[str]:
        return [*super().unspeakable(), AUTH_TOKEN, PERSON.removeprefix("+")]


class TestTwilioHook(WebhookContract):
    def opened(self) -> TwilioChannel:
        return TwilioChannel(account("sms", values()), no_http())

    def calls(self) -> dict[str, RawCall]:
        return {path.stem: signed(payload(path.stem)) for path in sorted(PAYLOADS.glob("*.form"))}

    def repeated(self) -> dict[str, RawCall]:
        retry = {"i-twilio-idempotency-token": "again-1"}
        return {name: replace(call, headers={**call.headers, **retry}) for name, call in self.calls().items()}

    def forged(self, call: RawCall) -> dict[str, RawCall]:
        given = call.headers["x-twilio-signature"]
        return {
            "not signed": replace(call, headers={"content-type": call.headers["content-type"]}),
            "an empty signature": _with_signature(call, ""),
            "a truncated signature": _with_signature(call, given[:-2]),
            "a signature beyond ASCII": _with_signature(call, "签" * len(given)),
            "signed with another token": signed(call.body, token="another-token"),
            "signed for another account's address": replace(signed(call.body, url=HOOK + "x"), url=HOOK),
            "a field more": replace(call, body=call.body + b"&Body=other"),
            "a field less": replace(call, body=call.body.partition(b"&")[2]),
            "another sender": replace(call, body=call.body.replace(b"13800138000", b"13800138001")),
            "over another scheme": replace(call, url=call.url.replace("https:", "http:")),
            "with a query": replace(call, url=call.url + "?a=1"),
            "said to be JSON": replace(call, headers={**call.headers, "content-type": "application/json"}),
            "an unknown algorithm": replace(
                call, headers={**call.headers, "x-twilio-webhooks-signature-settings": "algorithm=HMAC_MD5"}
            ),
            "an address that is none": replace(call, url="https://[desk:x/"),
            "too many fields": replace(call, body=b"a=1&" * 500),
            "not UTF-8": replace(call, body=b"Body=\xff"),
            "by GET": replace(call, method="GET"),
        }

    def signed(self, body: bytes) -> RawCall:
        return signed(body)


def _with_signature(call: RawCall, given: str) -> RawCall:
    return replace(call, headers={**call.headers, "x-twilio-signature": given})


def test_both_ways_of_signing_are_heard() -> None:
    call = signed(payload("text"))
    settings = {"x-twilio-webhooks-signature-settings": "key=k1,algorithm=HMAC_SHA256"}
    given = {"x-twilio-signature": signature(HOOK, call.body, digest="sha256")}
    adapter = TwilioChannel(account("sms", values()), no_http())
    adapter.verify(replace(call, headers={**call.headers, **settings, **given}))
