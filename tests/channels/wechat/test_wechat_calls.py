"""Verify, parse and answer of an official account. Vectors: WeChat's own pages, 消息推送配置."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import xmltodict

from channels import problems_of
from channels.base import RawCall
from channels.wechat.adapter import WeChatChannel
from channels.wechat.crypto import Envelope, is_signed, signature
from core.errors import RejectedCall, UnreadablePayload
from core.messages import (
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    Event,
    Media,
    MessageKind,
    MessageReceived,
)
from tests.channels.contract import account, no_http, with_query
from tests.channels.wechat.platform_side import (
    HOOK,
    KEY,
    OLD_KEY,
    OPENID,
    TOKEN,
    encrypt,
    opened,
    payload,
    plain,
    safe,
    sha1,
    values,
)

ENCRYPTED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsX"
    "UnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajA"
    "sjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)


def channel(**changed: str) -> WeChatChannel:
    return WeChatChannel(account("wechat", values(**changed)), no_http())


def parsed(name: str) -> Event:
    (event,) = channel().parse(safe(payload(name)))
    return event


def message(name: str) -> MessageReceived:
    event = parsed(name)
    assert isinstance(event, MessageReceived)
    return event


class TestVectorsOfWeChat:
    def test_check_of_the_address(self) -> None:
        query = {
            "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696", "echostr": "4375120948345356249",
            "timestamp": "1714036504", "nonce": "1514711492",
        }  # fmt: skip
        adapter = channel(token="AAAAA")
        call = RawCall("GET", HOOK, query, {}, b"")
        adapter.verify(call)
        assert adapter.parse(call) == ()
        assert adapter.answer(call).body == "4375120948345356249"

    def test_plain_signature(self) -> None:
        assert is_signed("899cf89e464efb63f54ddac96b0a0a235f53aa78", "AAAAA", "1714037059", "486452656")

    def test_safe_signature_and_text(self) -> None:
        assert signature("AAAAA", "1714112445", "415670741", ENCRYPTED) == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
        text = Envelope("wxba5fad812f8e6fb9", ["A" * 43]).open(ENCRYPTED).text
        assert len(text) == 167
        assert b"debug_demo" in text


class TestMessages:
    def test_a_text_comes_as_it_was_typed(self) -> None:
        event = message("text")
        assert event.text == "  空调不制冷，\n明天能来吗？ "
        assert event.kind is MessageKind.TEXT
        assert event.sender.address == OPENID
        assert event.sender.verified
        assert event.sent_at == datetime(2025, 1, 1, tzinfo=UTC)

    def test_the_id_keeps_all_its_digits(self) -> None:
        assert message("text").provider_id == "18446744073709551615"
        assert message("text").dedupe_key == "msgid:18446744073709551615"

    def test_cdata_that_was_split_is_joined(self) -> None:
        assert message("text-cdata-split").text == "a]]>b&<b>c</b>"

    @pytest.mark.parametrize(
        ("name", "kind", "media"),
        [
            ("image", MessageKind.IMAGE, Media("图片.jpg", "image/jpeg", reference="media-image-1")),
            ("voice", MessageKind.VOICE, Media("语音.amr", "audio/amr", reference="media-voice-1")),
            ("voice-recognised", MessageKind.VOICE, Media("语音.speex", "audio/speex", reference="media-voice-2")),
            ("video", MessageKind.VIDEO, Media("视频.mp4", "video/mp4", reference="media-video-1")),
            ("shortvideo", MessageKind.VIDEO, Media("视频.mp4", "video/mp4", reference="media-video-2")),
        ],
    )
    def test_files_come_by_reference(self, name: str, kind: MessageKind, media: Media) -> None:
        assert message(name).kind is kind
        assert message(name).media == (media,)

    @pytest.mark.parametrize(
        ("name", "kind", "text"),
        [
            ("voice", MessageKind.VOICE, "[语音]"),
            ("voice-recognised", MessageKind.VOICE, "洗衣机漏水"),
            ("location", MessageKind.LOCATION, "[位置] 示例市示例路 1 号（纬度 31.230416，经度 121.473701）"),
            ("link", MessageKind.LINK, "[链接] 滤网怎么拆\n图文说明\nhttps://example.com/filter"),
            ("file", MessageKind.FILE, "[文件] 购机发票.pdf"),
            ("unknown-type", MessageKind.OTHER, "[暂不支持的消息]"),
            ("event-click", MessageKind.TEXT, "预约维修"),
            ("event-scan-waiting", MessageKind.TEXT, "[扫码] CODE_128,YD0000001"),
        ],
    )
    def test_what_is_not_text_reads_in_chinese(self, name: str, kind: MessageKind, text: str) -> None:
        assert (message(name).kind, message(name).text) == (kind, text)

    def test_an_address_inside_a_payload_is_no_reference(self) -> None:
        assert "127.0.0.1" not in message("image").media[0].reference


class TestEvents:
    @pytest.mark.parametrize(
        ("name", "change", "detail"),
        [
            ("event-subscribe", ContactChange.FOLLOWED, ""),
            ("event-subscribe-by-code", ContactChange.FOLLOWED, "qrscene_shop-7"),
            ("event-unsubscribe", ContactChange.UNFOLLOWED, ""),
        ],
    )
    def test_following_and_leaving(self, name: str, change: ContactChange, detail: str) -> None:
        event = parsed(name)
        assert isinstance(event, ContactChanged)
        assert (event.change, event.detail, event.sender.address) == (change, detail, OPENID)

    @pytest.mark.parametrize(
        ("name", "provider_id", "state", "code"),
        [
            ("event-template-arrived", "200000001", DeliveryState.DELIVERED, ""),
            ("event-template-blocked", "200000002", DeliveryState.FAILED, "user block"),
            ("event-template-failed", "200000003", DeliveryState.FAILED, "system failed"),
        ],
    )
    def test_what_became_of_a_template_message(
        self, name: str, provider_id: str, state: DeliveryState, code: str
    ) -> None:
        event = parsed(name)
        assert isinstance(event, DeliveryUpdate)
        assert (event.provider_id, event.state, event.code) == (provider_id, state, code)
        assert bool(event.reason) == (state is DeliveryState.FAILED)

    def test_one_event_tells_of_several_notices(self) -> None:
        events = channel().parse(safe(payload("event-notices-sent")))
        states = [(e.provider_id, e.state) for e in events if isinstance(e, DeliveryUpdate)]
        assert states == [("300000001", DeliveryState.DELIVERED), ("300000002", DeliveryState.FAILED)]

    @pytest.mark.parametrize("name", ["event-view", "event-location", "event-scan", "event-of-tomorrow"])
    def test_what_nobody_said_is_acknowledged_and_leaves_no_event(self, name: str) -> None:
        call = safe(payload(f"silent/{name}"))
        channel().verify(call)
        assert channel().parse(call) == ()
        assert channel().answer(call).body == "success"

    def test_two_events_of_one_second_differ_by_their_content(self) -> None:
        first, second = parsed("event-subscribe"), parsed("event-unsubscribe")
        assert first.dedupe_key != second.dedupe_key


class TestModes:
    def test_safe_mode_hears_nothing_plain(self) -> None:
        with pytest.raises(RejectedCall):
            channel().verify(plain(payload("text")))

    def test_compatible_mode_hears_both(self) -> None:
        adapter = channel(mode="compatible")
        for call in (plain(payload("text")), safe(payload("text"))):
            adapter.verify(call)
            assert len(adapter.parse(call)) == 1

    def test_compatible_mode_believes_only_what_is_encrypted(self) -> None:
        call = safe(payload("text"))
        lie = b"<FromUserName><![CDATA[oSomeoneElse]]></FromUserName><Encrypt>"
        call = replace(call, body=call.body.replace(b"<Encrypt>", lie))
        (event,) = channel(mode="compatible").parse(call)
        assert isinstance(event, MessageReceived)
        assert event.sender.address == OPENID

    def test_encrypted_content_in_a_plain_call_is_unreadable(self) -> None:
        call = with_query(safe(payload("text")), encrypt_type="raw")
        with pytest.raises(UnreadablePayload):
            channel(mode="compatible").parse(call)

    def test_the_previous_key_opens_and_answers(self) -> None:
        adapter = channel(aes_key_previous=OLD_KEY)
        call = safe(payload("text"), key=OLD_KEY)
        adapter.verify(call)
        assert opened(adapter.answer(call, "收到").body, key=OLD_KEY)["Content"] == "收到"

    def test_the_check_of_the_address_may_come_encrypted(self) -> None:
        echo = encrypt(b"12345")
        query = {"timestamp": "1", "nonce": "n", "echostr": echo, "msg_signature": sha1(TOKEN, "1", "n", echo)}
        call = RawCall("GET", HOOK, query, {}, b"")
        channel().verify(call)
        assert channel().answer(call).body == "12345"
        with pytest.raises(RejectedCall):
            channel().verify(with_query(call, nonce="m"))

    def test_safe_mode_needs_a_key(self) -> None:
        assert list(problems_of("wechat", values(aes_key=""))) == ["aes_key"]
        assert problems_of("wechat", values(aes_key="", mode="plain")) == {}

    def test_a_wrong_value_is_named_with_an_example(self) -> None:
        assert "AppID" in problems_of("wechat", values(app_id="x"))["app_id"]
        assert list(problems_of("wechat", values(aes_key=KEY[:-1]))) == ["aes_key"]


class TestAnswers:
    def test_a_reply_goes_back_to_whom_it_came_from(self) -> None:
        answer = channel(mode="plain").answer(plain(payload("text")), "好的，<b>明天</b> & 后天")
        told = xmltodict.parse(answer.body)["xml"]
        assert told == {
            "ToUserName": OPENID, "FromUserName": "gh_yingda000001", "CreateTime": "1735689601", "MsgType": "text",
            "Content": "好的，<b>明天</b> & 后天",
        }  # fmt: skip
        assert answer.content_type.startswith("application/xml")

    def test_in_safe_mode_it_is_encrypted(self) -> None:
        answer = channel().answer(safe(payload("text")), "好的")
        assert "好的" not in answer.body
        assert opened(answer.body)["Content"] == "好的"

    def test_a_reply_cannot_add_elements(self) -> None:
        reply = "]]></Content><MsgType>evil</MsgType><Content><![CDATA["
        told = xmltodict.parse(channel(mode="plain").answer(plain(payload("text")), reply).body)["xml"]
        assert told["Content"] == reply
        assert told["MsgType"] == "text"

    def test_characters_that_xml_cannot_carry_are_left_out(self) -> None:
        answer = channel(mode="plain").answer(plain(payload("text")), "好\x00的\x08\ufffe")
        assert xmltodict.parse(answer.body)["xml"]["Content"] == "好的"

    def test_without_a_reply_it_says_success(self) -> None:
        assert channel().answer(safe(payload("text"))).body == "success"


HEAD = "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType>"


class TestHostileContent:
    @pytest.mark.parametrize(
        "body",
        [
            "",
            "plain words",
            "<html></html>",
            "<xml></xml>",
            "<xml><MsgType>text</MsgType></xml>",
            "<xml><FromUserName>o1</FromUserName></xml>",
            f"<xml><FromUserName>{'o' * 129}</FromUserName><MsgType>text</MsgType></xml>",
            HEAD + "<Content>unclosed",
            HEAD + "<Content>&unknown;</Content></xml>",
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + HEAD + "<Content>&e;</Content></xml>",
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + HEAD + "</xml>",
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + HEAD + "<Content>&b;</Content></xml>",
            HEAD + "<a>" * 200_000 + "</a>" * 200_000 + "</xml>",
            HEAD + "<a/>" * 200_000 + "</xml>",
            '<?xml version="1.0" encoding="utf-7"?>' + HEAD,
        ],
    )
    def test_it_is_unreadable_and_nothing_else(self, body: str) -> None:
        call = safe(body.encode())
        channel().verify(call)
        with pytest.raises(UnreadablePayload):
            channel().parse(call)

    def test_the_error_does_not_quote_the_content(self) -> None:
        with pytest.raises(UnreadablePayload) as caught:
            channel().parse(safe(HEAD.encode() + "<Content>秘密".encode()))
        assert "秘密" not in f"{caught.value!r}{caught.value.__cause__!r}"

    def test_a_senseless_time_loses_no_message(self) -> None:
        for at in ("", "soon", "9" * 30, "-1"):
            body = HEAD + f"<CreateTime>{at}</CreateTime><Content>hi</Content></xml>"
            (event,) = channel().parse(safe(body.encode()))
            assert isinstance(event, MessageReceived)
            assert (event.text, event.sent_at) == ("hi", None)
