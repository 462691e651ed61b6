"""Payloads that are XML, and nothing that WeChat would send: they end in sound events or in the one error."""

from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from channels.base import RawCall
from channels.wechat.adapter import WeChatChannel
from channels.wechat.events import EVENTS, KINDS, LONGEST_OPENID, TEXTS
from channels.wechat.payload import NOT_XML
from core.errors import RejectedCall, UnreadablePayload
from core.intake.codec import decode, encode
from core.messages import DeliveryUpdate, Event, MessageReceived
from tests.channels.contract import account, no_http
from tests.channels.wechat.platform_side import KEY, opened, plain, safe, values

CHANNELS = {
    "plain": WeChatChannel(account("wechat", values(mode="plain", aes_key="")), no_http()),
    "safe": WeChatChannel(account("wechat", values()), no_http()),
}
NAMES = [
    "ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "Content", "MsgId", "MsgID", "MediaId",
    "PicUrl", "Format", "Recognition", "Location_X", "Location_Y", "Label", "Title", "Description", "Url", "Status",
    "ErrorCode", "List", "SubscribeMsgSentEvent", "ScanCodeInfo", "ScanResult", "Encrypt", "Ticket", "xml", "名",
]  # fmt: skip
TYPES = [*TEXTS, *KINDS, "event", "Event", " text ", "hologram", ""]
TELLING = st.sampled_from(
    [*TYPES, *EVENTS, "TEMPLATESENDJOBFINISH", "failed: x", "success", "0", "1735689600", "9" * 30]
)
TEXT = st.text(st.characters(codec="utf-8")).map(lambda text: NOT_XML.sub("", text))
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def in_cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def element(name: str, content: str, attribute: str = "") -> str:
    return f"<{name}{attribute}>{content}</{name}>"


VALUES = st.builds(lambda write, text: write(text), st.sampled_from([escaped, in_cdata]), TEXT | TELLING)
ATTRIBUTES = st.sampled_from(["", "", "", ' a="x"', " xmlns='u'"])
TREES = st.recursive(
    VALUES,
    lambda inner: st.lists(st.builds(element, st.sampled_from(NAMES), inner, ATTRIBUTES), max_size=6).map("".join),
    max_leaves=12,
)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """The elements that WeChat knows in any order, number and depth, most often with a sender and a type."""
    head = ""
    if draw(st.integers(0, 9)):
        head = element("FromUserName", "o1") + element("MsgType", draw(st.sampled_from(TYPES)))
    if draw(st.booleans()):
        head += element("Event", draw(st.sampled_from([*EVENTS, "VIEW"])))
    parts = draw(st.lists(st.builds(element, st.sampled_from(NAMES), TREES, ATTRIBUTES), max_size=12))
    return draw(st.sampled_from(["", "\n", "\ufeff", '<?xml version="1.0" encoding="UTF-8"?>'])).encode() + (
        f"<xml>{head}{''.join(parts)}</xml>".encode()
    )


def events_of(mode: str, call: RawCall) -> list[Event]:
    """What the call says; nothing where it ends in the error that it may end in."""
    CHANNELS[mode].verify(call)
    try:
        return list(CHANNELS[mode].parse(call))
    except UnreadablePayload:
        return []


def check(event: Event) -> None:
    """That the core can keep it and show it."""
    assert 0 < len(event.dedupe_key) <= 200
    assert decode(encode(event)) == event
    if isinstance(event, DeliveryUpdate):
        assert event.provider_id
        return
    assert 0 < len(event.sender.address) <= LONGEST_OPENID
    if isinstance(event, MessageReceived):
        assert event.text or event.media


@MANY
@example(b"<xml><FromUserName>o</FromUserName><MsgType>video</MsgType></xml>")
@example(b"<xml><FromUserName>o</FromUserName><MsgType>text</MsgType></xml>")
@example("<xml><FromUserName>o</FromUserName><MsgType>text</MsgType><MsgId>١٢</MsgId></xml>".encode())
@example(b"<xml><FromUserName>o</FromUserName><MsgType>event</MsgType><Event>CLICK</Event></xml>")
@example(b"<xml><FromUserName>o</FromUserName><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event></xml>")
@given(body=payloads())
def test_every_event_is_sound(body: bytes) -> None:
    for mode, call in (("plain", plain(body)), ("safe", safe(body))):
        for event in events_of(mode, call):
            check(event)


@MANY
@given(body=payloads())
def test_the_mode_changes_nothing_about_what_was_said(body: bytes) -> None:
    if b"<Encrypt" not in body:
        assert events_of("plain", plain(body)) == events_of("safe", safe(body))


@MANY
@given(text=TEXT.filter(bool), sender=st.text("oO-_09az", min_size=1, max_size=128), reply=st.text(min_size=1))
def test_what_was_typed_arrives_and_what_is_answered_goes_back(text: str, sender: str, reply: str) -> None:
    body = element(
        "xml", element("FromUserName", sender) + element("MsgType", "text") + element("Content", in_cdata(text))
    )
    call = safe(body.encode())
    (event,) = events_of("safe", call)
    assert isinstance(event, MessageReceived)
    # A parser hands on every line end as \n (XML 1.0, 2.11).
    assert event.text == text.replace("\r\n", "\n").replace("\r", "\n")
    told = opened(CHANNELS["safe"].answer(call, reply).body, key=KEY)
    assert told["ToUserName"] == sender
    expected = NOT_XML.sub("", reply).replace("\r\n", "\n").replace("\r", "\n").strip()
    assert (told.get("Content") or "").strip() == expected


@MANY
@given(body=payloads() | st.binary(), damage=st.binary(max_size=8), place=st.integers(0, 400))
def test_an_envelope_that_was_changed_is_refused(body: bytes, damage: bytes, place: int) -> None:
    call = safe(body)
    start = call.body.index(b"<Encrypt><![CDATA[") + len(b"<Encrypt><![CDATA[")
    inside = call.body[start : call.body.index(b"]]></Encrypt>")]
    at = place % len(inside)
    changed = inside[:at] + damage + inside[at + 1 :]
    hostile = replace(call, body=call.body.replace(inside, changed))
    try:
        CHANNELS["safe"].verify(hostile)
    except RejectedCall:
        return
    assert changed.strip() == inside
