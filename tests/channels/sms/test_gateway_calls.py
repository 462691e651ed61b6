"""What the domestic gateway's pushes mean."""

import json
from datetime import UTC, datetime

import pytest

from channels import problems_of
from channels.sms import domestic
from channels.sms.domestic import DomesticChannel
from core.errors import UnreadablePayload
from core.messages import ContactChange, ContactChanged, DeliveryState, DeliveryUpdate, Event, MessageReceived
from tests.channels.contract import account, no_http
from tests.channels.sms.gateway_side import KIND, PERSON, payload, pushed, values


def parsed(body: bytes) -> list[Event]:
    return list(DomesticChannel(account(KIND, values()), no_http()).parse(pushed(body)))


def batch(*entries: object) -> bytes:
    return json.dumps({"events": entries}).encode()


def answer(**changed: object) -> dict[str, object]:
    return {"type": "up", "id": "up-1", "mobile": "13800138000", "content": "好", "at": "2026-01-02 09:30:00"} | changed


def report(**changed: object) -> dict[str, object]:
    return {"type": "report", "msg_id": "m-1", "mobile": "13800138000", "status": "DELIVRD", "at": ""} | changed


class TestAnswers:
    def test_a_text_comes_as_it_was_typed(self) -> None:
        (event,) = parsed(payload("text"))
        assert isinstance(event, MessageReceived)
        assert (event.text, event.sender.address) == ("空调坏了 a&b=😀", PERSON)
        assert (event.dedupe_key, event.provider_id) == ("up:up-1", "up-1")
        assert event.sent_at == datetime(2026, 1, 2, 1, 30, tzinfo=UTC)

    def test_an_empty_one_is_still_a_message(self) -> None:
        (event,) = parsed(payload("empty"))
        assert isinstance(event, MessageReceived)
        assert (event.text, event.sent_at) == ("[空白短信]", None)

    @pytest.mark.parametrize("word", ["退订", " 退订\n", "T", "t", "TD", "ＴＤ", "N", "R", "ｒ", "0000"])
    def test_words_of_refusal_count(self, word: str) -> None:
        changed, said = parsed(batch(answer(content=word)))
        assert isinstance(changed, ContactChanged)
        assert (changed.change, changed.sender.address) == (ContactChange.OPTED_OUT, PERSON)
        assert isinstance(said, MessageReceived)
        assert said.text == word

    def test_there_is_a_way_back(self) -> None:
        changed, _said = parsed(payload("start-word"))
        assert isinstance(changed, ContactChanged)
        assert changed.change is ContactChange.OPTED_IN

    @pytest.mark.parametrize("text", ["我没有说退订", "TT", "R。", "No", "不退订", "回T退订", ""])
    def test_they_count_only_alone(self, text: str) -> None:
        assert len(parsed(batch(answer(content=text)))) == 1


class TestReports:
    @pytest.mark.parametrize(
        ("name", "state", "reason"),
        [
            ("delivered", DeliveryState.DELIVERED, ""),
            ("taken", DeliveryState.SENT, ""),
            ("lost-sight", DeliveryState.SENT, ""),
            ("undelivered", DeliveryState.FAILED, "号码是空号"),
            ("new-code", DeliveryState.FAILED, "短信没有送达"),
        ],
    )
    def test_the_networks_word_becomes_ours(self, name: str, state: DeliveryState, reason: str) -> None:
        (event,) = parsed(payload(name))
        assert isinstance(event, DeliveryUpdate)
        assert (event.state, event.reason) == (state, reason)
        assert bool(event.code) == bool(reason)

    @pytest.mark.parametrize("status", domestic.REPORTS)
    def test_every_failure_has_its_reason(self, status: str) -> None:
        event = parsed(batch(report(status=status)))[-1]
        assert isinstance(event, DeliveryUpdate)
        assert (event.state, event.code, event.reason) == (DeliveryState.FAILED, status, domestic.REPORTS[status])

    def test_a_blocked_number_is_an_opt_out_too(self) -> None:
        changed, update = parsed(payload("opted-out"))
        assert isinstance(changed, ContactChanged)
        assert (changed.change, changed.sender.address) == (ContactChange.OPTED_OUT, PERSON)
        assert isinstance(update, DeliveryUpdate)


class TestBatches:
    def test_a_hundred_are_a_hundred(self) -> None:
        entries = [answer(id=f"up-{number}") for number in range(50)]
        reports = [report(msg_id=f"m-{number}") for number in range(50)]
        events = parsed(batch(*entries, *reports))
        assert len({event.dedupe_key for event in events}) == 100

    def test_the_largest_one_fits(self) -> None:
        full = batch(*(answer(id=f"up-{number:058}", content="😀" * 250) for number in range(100)))
        assert len(full) <= DomesticChannel.facts.largest_call

    @pytest.mark.parametrize(
        "broken",
        [
            None, "up", 7, [], {}, {"type": "down"},
            answer(id=None), answer(id="../x"), answer(id="x" * 65), answer(mobile="<script>"), answer(content=7),
            report(status=""), report(status="delivered"), report(msg_id=""), report(status="BLACK", mobile=None),
        ],
    )  # fmt: skip
    def test_a_broken_entry_does_not_take_the_others_along(self, broken: object) -> None:
        with pytest.raises(UnreadablePayload) as caught:
            parsed(batch(answer(id="up-8"), broken, report(msg_id="m-9")))
        assert [event.dedupe_key for event in caught.value.events] == ["up:up-8", "report:m-9:DELIVRD"]

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"null", b"[]", b'"events"', b'{"events":{}}', b"[" * 100_000, b"\xff"]
    )
    def test_what_is_no_batch_is_unreadable(self, body: bytes) -> None:
        with pytest.raises(UnreadablePayload) as caught:
            parsed(body)
        assert caught.value.events == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [("signature", "【应答】"), ("signature", "应"), ("signature", "应" * 17), ("api_base", "http://sms.example.com")],
)
def test_what_an_administrator_gets_wrong_is_named(field: str, value: str) -> None:
    assert set(problems_of(KIND, values(**{field: value}))) == {field}
