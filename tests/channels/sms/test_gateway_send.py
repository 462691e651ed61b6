"""What goes out to the domestic gateway, and what it has of it afterwards."""

import json
from dataclasses import replace

import aiohttp
import pytest

from channels.sms import domestic
from channels.sms.domestic import DomesticChannel
from channels.text import cut
from core.errors import Refused, TryLater
from core.messages import Accepted, DeliveryState, Media, Outgoing
from tests.channels.contract import PART_ID, account
from tests.channels.provider import Provider, answering, hang_up
from tests.channels.sms.gateway_side import APP_KEY, KIND, PERSON, SIGNATURE, sign, values

PART = Outgoing(PART_ID, PERSON, "师傅明天上午九点到")


@pytest.fixture
def channel(provider: Provider, http: aiohttp.ClientSession) -> DomesticChannel:
    provider.behave = answering(200, '{"code": "0", "msg_id": "m-1", "segments": 1}')
    return DomesticChannel(account(KIND, values(provider.base)), http)


def says(code: str, **more: str) -> str:
    return json.dumps({"code": code, "message": "", **more})


class TestSending:
    async def test_it_goes_signed_under_signature_and_template(
        self, provider: Provider, channel: DomesticChannel
    ) -> None:
        assert await channel.send(PART) == Accepted("m-1", DeliveryState.SENT)
        body, headers = await provider.asked[0].read(), provider.asked[0].headers
        assert json.loads(body) == {
            "mobile": "13800138000",
            "signature": SIGNATURE,
            "template": "T100001",
            "params": {"content": PART.text},
            "out_id": str(PART_ID),
        }
        assert headers["X-App-Key"] == APP_KEY
        assert headers["X-Signature"] == sign(body, headers["X-Timestamp"], headers["X-Nonce"])

    @pytest.mark.parametrize("code", [*domestic.GONE, *domestic.REFUSED, "9999"])
    async def test_a_refusal_is_final_and_says_why(
        self, code: str, provider: Provider, channel: DomesticChannel
    ) -> None:
        provider.behave = answering(200, says(code))
        with pytest.raises(Refused) as caught:
            await channel.send(PART)
        assert (caught.value.code, caught.value.recipient_gone) == (code, code in domestic.GONE)
        assert len(provider.asked) == 1

    @pytest.mark.parametrize("code", domestic.LATER)
    async def test_what_may_work_later_is_for_later(
        self, code: str, provider: Provider, channel: DomesticChannel
    ) -> None:
        provider.behave = answering(200, says(code))
        with pytest.raises(TryLater) as caught:
            await channel.send(PART)
        assert caught.value.after == domestic.LATER[code][0]

    @pytest.mark.parametrize("status", [400, 401, 404])
    async def test_a_4xx_without_a_code_is_a_refusal(
        self, status: int, provider: Provider, channel: DomesticChannel
    ) -> None:
        provider.behave = answering(status, "<html></html>")
        with pytest.raises(Refused) as caught:
            await channel.send(PART)
        assert caught.value.code == str(status)

    @pytest.mark.parametrize(
        "part",
        [
            replace(PART, to="+14155550100"),
            replace(PART, to="+861012345678"),
            replace(PART, to="10086"),
            replace(PART, text="【别家】您好"),
            replace(PART, text="长" * 495),
            replace(PART, media=(Media("a.png", "image/png", b"x"),)),
        ],
    )
    async def test_what_it_would_not_take_does_not_leave(
        self, part: Outgoing, provider: Provider, channel: DomesticChannel
    ) -> None:
        with pytest.raises(Refused):
            await channel.send(part)
        assert not provider.asked

    @pytest.mark.parametrize("text", ["空调不制冷。" * 300, "a" * 3000, "😀" * 900])
    async def test_long_texts_are_cut_so_that_each_part_fits(self, text: str, channel: DomesticChannel) -> None:
        facts = DomesticChannel.facts
        for each in cut(text, facts.longest_text, facts.text_unit, facts.signature):
            await channel.send(replace(PART, text=each))


class TestLookingUp:
    @pytest.mark.parametrize(
        ("status", "state"),
        [("", DeliveryState.SENT), ("DELIVRD", DeliveryState.DELIVERED), ("MK:0001", DeliveryState.FAILED)],
    )
    async def test_the_gateway_says_what_became_of_it(
        self, status: str, state: DeliveryState, provider: Provider, channel: DomesticChannel
    ) -> None:
        provider.behave = answering(200, says("0", msg_id="m-7", status=status))
        assert await channel.look_up(PART) == Accepted("m-7", state)
        assert json.loads(await provider.asked[0].read()) == {"out_id": str(PART_ID)}

    @pytest.mark.parametrize(
        "behave",
        [answering(200, says("2404")), answering(500), answering(200, "[]"), answering(200, says("0")), hang_up],
    )
    async def test_a_gateway_that_cannot_say_says_nothing(
        self, behave: object, provider: Provider, channel: DomesticChannel
    ) -> None:
        provider.behave = behave  # type: ignore[assignment]  # a list of mixed callables
        assert await channel.look_up(PART) is None
