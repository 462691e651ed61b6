"""What a Twilio webhook means. The vector is the one on Twilio's page about webhook security."""

import pytest

from channels.base import RawCall
from channels.sms.numbers import e164
from channels.sms.twilio import TwilioChannel
from core.errors import RejectedCall, UnreadablePayload
from core.messages import (
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    Event,
    MessageKind,
    MessageReceived,
)
from tests.channels.contract import account, no_http
from tests.channels.sms.twilio_side import PERSON, payload, signed, values


def channel(**changed: str) -> TwilioChannel:
    return TwilioChannel(account("sms", values(**changed)), no_http())


def parsed(name: str) -> list[Event]:
    return list(channel().parse(signed(payload(name))))


def message(name: str) -> MessageReceived:
    event = parsed(name)[-1]
    assert isinstance(event, MessageReceived)
    return event


def receipt(name: str) -> DeliveryUpdate:
    event = parsed(name)[-1]
    assert isinstance(event, DeliveryUpdate)
    return event


def test_the_vector_of_twilio() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    body = b"CallSid=CA1234567890ABCDE&From=%2B12349013030&To=%2B18005551212&Caller=%2B12349013030&Digits=1234"
    call = RawCall("POST", url, {}, {"x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ="}, body)
    channel(auth_token="12345").verify(call)
    with pytest.raises(RejectedCall):
        channel(auth_token="12346").verify(call)


class TestMessages:
    def test_a_text_comes_as_it_was_typed(self) -> None:
        event = message("text")
        assert event.text == "空调坏了 a+b&c=😀"
        assert event.sender.address == PERSON
        assert event.provider_id == event.dedupe_key == "SM00000000000000000000000000000001"

    def test_pictures_come_by_reference_beside_the_text(self) -> None:
        event = message("picture")
        assert (event.kind, event.text) == (MessageKind.IMAGE, "看图")
        assert [(each.name, each.content_type) for each in event.media] == [
            ("图片", "image/jpeg"),
            ("文件", "application/pdf"),
        ]
        assert event.media[0].reference.endswith("/Media/ME1")

    def test_a_picture_needs_no_words(self) -> None:
        assert (message("picture-alone").kind, message("picture-alone").text) == (MessageKind.VIDEO, "")

    def test_an_empty_one_is_still_a_message(self) -> None:
        assert message("empty").text == "[空白短信]"

    @pytest.mark.parametrize(
        ("number", "address"),
        [
            ("+8613800138000", "+8613800138000"),
            ("13800138000", "+8613800138000"),
            (" +86 138 0013 8000 ", "+8613800138000"),
            ("0086 13800138000", "+8613800138000"),
            ("１３８００１３８０００", "+8613800138000"),
            ("+14155550100", "+14155550100"),
            ("10086", "10086"),
            ("Example", "Example"),
        ],
    )
    def test_a_number_has_one_form(self, number: str, address: str) -> None:
        assert e164(number) == address

    @pytest.mark.parametrize("number", ["", "+", "whatsapp:+8613800138000", "<script>", "\x00", "9" * 40])
    def test_what_is_no_number_is_unreadable(self, number: str) -> None:
        with pytest.raises(UnreadablePayload):
            e164(number)


class TestKeywords:
    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("stop-word", ContactChange.OPTED_OUT),
            ("stop-in-chinese", ContactChange.OPTED_OUT),
            ("stop-by-twilio", ContactChange.OPTED_OUT),
            ("start-word", ContactChange.OPTED_IN),
        ],
    )
    def test_they_change_what_may_be_sent_and_stay_a_message(self, name: str, change: ContactChange) -> None:
        changed, said = parsed(name)
        assert isinstance(changed, ContactChanged)
        assert (changed.change, changed.sender.address) == (change, PERSON)
        assert isinstance(said, MessageReceived)

    @pytest.mark.parametrize("name", ["text", "help-word", "new-field"])
    def test_other_words_change_nothing(self, name: str) -> None:
        assert len(parsed(name)) == 1

    def test_a_keyword_inside_a_sentence_is_none(self) -> None:
        body = payload("stop-word").replace(b"Body=+sToP%0A", b"Body=please+stop+the+noise")
        assert len(channel().parse(signed(body))) == 1


class TestReceipts:
    @pytest.mark.parametrize(
        ("name", "state"),
        [
            ("queued", DeliveryState.QUEUED),
            ("sending", DeliveryState.SENDING),
            ("sent", DeliveryState.SENT),
            ("delivered", DeliveryState.DELIVERED),
            ("read", DeliveryState.READ),
            ("undelivered", DeliveryState.FAILED),
            ("opted-out", DeliveryState.FAILED),
            ("canceled", DeliveryState.FAILED),
        ],
    )
    def test_twilios_word_becomes_ours(self, name: str, state: DeliveryState) -> None:
        assert receipt(f"receipt-{name}").state is state
        assert bool(receipt(f"receipt-{name}").reason) == (state is DeliveryState.FAILED)

    def test_a_failure_says_why(self) -> None:
        assert (receipt("receipt-undelivered").code, receipt("receipt-undelivered").reason) == (
            "30003",
            "对方手机关机或不在服务区",
        )

    def test_a_refusal_after_stop_is_an_opt_out_too(self) -> None:
        changed, update = parsed("receipt-opted-out")
        assert isinstance(changed, ContactChanged)
        assert (changed.change, changed.sender.address) == (ContactChange.OPTED_OUT, PERSON)
        assert isinstance(update, DeliveryUpdate)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"hello",
            b"MessageSid=SM1",
            b"MessageSid=SM1&MessageStatus=teleported",
            b"MessageSid=../x&MessageStatus=sent",
            b"MessageSid=SM1&Body=no+sender",
        ],
    )
    def test_what_is_neither_message_nor_receipt_is_unreadable(self, body: bytes) -> None:
        call = signed(body)
        channel().verify(call)
        with pytest.raises(UnreadablePayload):
            channel().parse(call)


def test_the_answer_says_nothing_to_the_person() -> None:
    answer = channel().answer(signed(payload("text")), "好的")
    assert answer.body.endswith("<Response/>")
    assert answer.content_type.startswith("application/xml")
