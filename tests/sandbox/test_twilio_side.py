"""Twilio's side: the Messages resource and webhooks, checked with Twilio's own validator."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from sandbox.client import SandboxClient, media
from sandbox.twilio.segments import count
from sandbox.twilio.signature import sign
from tests.sandbox.standin import Got, Ports, Product

Json = dict[str, Any]
SID, AUTH, NUMBER = "AC00000000000000000000000000000001", "auth-token", "+15005550006"
ZHANG = "+8613800138000"


class Api:
    """The Messages resource as any HTTP client sees it."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http = http
        self._base = f"{base}/twilio/2010-04-01/Accounts/{SID}"

    async def send(self, **fields: str) -> tuple[int, Json]:
        form = {"To": ZHANG, "From": NUMBER, "Body": "您好"} | fields
        return await self.ask("POST", "Messages.json", data=form)

    async def ask(self, method: str, path: str, password: str = AUTH, **more: Any) -> tuple[int, Json]:
        headers = {"Authorization": aiohttp.encode_basic_auth(SID, password)}
        async with self._http.request(method, f"{self._base}/{path}", headers=headers, **more) as response:
            return response.status, await response.json()


@pytest.fixture
async def api(sandbox: SandboxClient, product: Product, ports: Ports, http: aiohttp.ClientSession) -> Api:
    await sandbox.open_account(
        kind="sms", account_sid=SID, auth_token=AUTH, number=NUMBER, hook_url=f"{product.base}/hooks/sms/1"
    )
    return Api(http, ports.base)


def form_of(got: Got) -> dict[str, str]:
    return dict(parse_qsl(got.body.decode(), keep_blank_values=True))


def genuine(got: Got) -> bool:
    return bool(RequestValidator(AUTH).validate(got.url, form_of(got), got.headers["x-twilio-signature"]))


def said(text: str, content_type: str = "text/xml") -> Callable[[Got], web.Response]:
    return lambda _got: web.Response(text=text, content_type=content_type)


def test_the_signature_matches_the_documented_example() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign("12345", url, fields) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("字" * 70, 1),
        ("字" * 71, 2),
        ("😀" * 35, 1),
        ("字" * 160, 3),
    ],
)
def test_texts_are_counted_as_networks_count_them(text: str, segments: int) -> None:
    assert count(text) == segments


@pytest.mark.usefixtures("api")
async def test_a_text_arrives_signed(sandbox: SandboxClient, product: Product) -> None:
    sid = await sandbox.say("zhang", "sms", "师傅几点到？&=+")
    (got,) = product.got
    assert genuine(got)
    form = form_of(got)
    assert (form["MessageSid"], form["From"], form["To"]) == (sid, ZHANG, NUMBER)
    assert (form["Body"], form["NumSegments"], form["SmsStatus"]) == ("师傅几点到？&=+", "1", "received")


async def test_a_sent_text_reaches_the_phone_and_reports_its_way(
    sandbox: SandboxClient, product: Product, api: Api
) -> None:
    status, message = await api.send(Body="师傅已出发", StatusCallback=f"{product.base}/status?x=1")
    assert (status, message["status"], message["num_segments"]) == (201, "queued", "1")
    entry = await sandbox.reached("zhang", "sms", "师傅已出发")
    assert entry["provider_id"] == message["sid"]
    reports = await product.heard(2)
    assert [form_of(each)["MessageStatus"] for each in reports] == ["sent", "delivered"]
    assert all(genuine(each) for each in reports)
    _, fetched = await api.ask("GET", f"Messages/{message['sid']}.json")
    assert fetched["status"] == "delivered"


async def test_reports_may_come_in_any_order_and_twice(sandbox: SandboxClient, product: Product, api: Api) -> None:
    await sandbox.fault("sms", "shuffle", times=1)
    await sandbox.fault("sms", "twice", times=1)
    await api.send(StatusCallback=f"{product.base}/status")
    reports = await product.heard(3)
    assert [form_of(each)["MessageStatus"] for each in reports] == ["delivered", "delivered", "sent"]


async def test_an_undelivered_text_says_why(sandbox: SandboxClient, product: Product, api: Api) -> None:
    await sandbox.fault("sms", "undelivered", code=30003, times=1)
    await api.send(StatusCallback=f"{product.base}/status")
    report = form_of((await product.heard(2))[-1])
    assert (report["MessageStatus"], report["ErrorCode"]) == ("undelivered", "30003")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": "12"}, 21211),
        ({"To": ""}, 21604),
        ({"To": "+862112345678"}, 21614),
        ({"From": "+15005550000"}, 21606),
        ({"Body": ""}, 21602),
        ({"Body": "字" * 1601}, 21617),
    ],
)
async def test_what_twilio_would_not_send_is_refused(api: Api, fields: dict[str, str], code: int) -> None:
    status, problem = await api.send(**fields)
    assert (status, problem["code"], problem["status"]) == (400, code, 400)


async def test_a_wrong_token_is_refused(api: Api) -> None:
    assert (await api.ask("GET", "Messages.json", password="wrong"))[0] == 401


async def test_stop_blocks_and_start_unblocks(sandbox: SandboxClient, product: Product, api: Api) -> None:
    await sandbox.act("zhang", "stop", channel="sms")
    assert form_of(product.got[0])["Body"] == "STOP"
    assert (await api.send())[1]["code"] == 21610
    await sandbox.act("zhang", "start", channel="sms")
    assert (await api.send())[0] == 201
    texts = [entry["text"] for entry in await sandbox.phone("zhang", "sms") if entry["via"] == "platform"]
    assert [text.split()[4] for text in texts] == ["unsubscribed.", "re-subscribed"]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("<Response><Message>好的</Message></Response>", "text/xml", ["好的"]),
        ("<Response><Message><Body>好的</Body></Message></Response>", "text/xml", ["好的"]),
        ("<Response></Response>", "text/xml", []),
        ("", "text/xml", []),
        ("<broken", "text/xml", []),
        ("直接回复", "text/plain", ["直接回复"]),
    ],
)
@pytest.mark.usefixtures("api")
async def test_an_answer_in_twiml_reaches_the_phone(
    sandbox: SandboxClient, product: Product, text: str, kind: str, expected: list[str]
) -> None:
    product.reply = said(text, kind)
    await sandbox.say("zhang", "sms", "在吗")
    phone = await sandbox.phone("zhang", "sms")
    assert [entry["text"] for entry in phone if entry["direction"] == "in"] == expected


@pytest.mark.usefixtures("api")
async def test_a_picture_travels_by_address(
    sandbox: SandboxClient, product: Product, http: aiohttp.ClientSession
) -> None:
    await sandbox.say("zhang", "sms", media=[media("a.png", "image/png", b"\x89PNG...")])
    form = form_of(product.got[0])
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")
    async with http.get(form["MediaUrl0"]) as response:
        assert response.status == 401
    async with http.get(form["MediaUrl0"], headers={"Authorization": aiohttp.encode_basic_auth(SID, AUTH)}) as response:
        assert (response.status, await response.read()) == (200, b"\x89PNG...")


async def test_messages_can_be_listed_by_recipient_and_time(sandbox: SandboxClient, api: Api) -> None:
    person = await sandbox.add_person()
    for body in ("一", "二", "三"):
        await api.send(To=person["phone"], Body=body)
    _, page = await api.ask("GET", "Messages.json", params={"To": person["phone"], "PageSize": "2"})
    assert [each["body"] for each in page["messages"]] == ["三", "二"]
    assert page["next_page_uri"]
    after = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    _, none = await api.ask("GET", "Messages.json", params={"To": person["phone"], "DateSent>": after})
    assert none["messages"] == []


async def test_the_wire_hides_the_password(sandbox: SandboxClient, api: Api) -> None:
    await api.send()
    called = next(each for each in await sandbox.wire() if each["method"] == "POST")
    headers = (await sandbox.call(called["id"]))["headers"]
    assert base64.b64encode(f"{SID}:{AUTH}".encode()).decode() not in str(headers)
    assert headers["authorization"] == "***"
