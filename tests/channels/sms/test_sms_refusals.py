"""What never leaves: numbers that no text reaches, and contents that a country does not take."""

from dataclasses import replace

import aiohttp
import pytest

from channels.sms.links import holds_link
from channels.sms.numbers import check_recipient
from channels.sms.twilio import TwilioChannel
from core.errors import Refused
from core.messages import Accepted, Outgoing
from tests.channels.contract import PART_ID, account
from tests.channels.provider import Provider, answering
from tests.channels.sms.twilio_side import PERSON, values

YES = answering(201, '{"sid": "SM7", "status": "queued"}')


@pytest.fixture
def channel(provider: Provider, http: aiohttp.ClientSession) -> TwilioChannel:
    provider.behave = YES
    return TwilioChannel(account("sms", values(provider.base)), http)


def part(to: str = PERSON, text: str = "您好") -> Outgoing:
    return Outgoing(PART_ID, to, text)


@pytest.mark.parametrize(
    "number",
    [
        "+861012345678",  # landline in Beijing
        "+864001234567",
        "+868001234567",
        "+8612012345678",  # no range that anybody has
        "+8610086",
        "+86138001380",
        "+442071838750",
        "+19005550100",
        "10086",
        "13800138000",
        "Example",
        "",
    ],
)
async def test_numbers_that_no_text_reaches_are_not_tried(
    number: str, provider: Provider, channel: TwilioChannel
) -> None:
    with pytest.raises(Refused) as caught:
        await channel.send(part(to=number))
    assert caught.value.recipient_gone
    assert caught.value.reason.startswith("这")
    assert not provider.asked


@pytest.mark.parametrize(
    "number", ["+8613800138000", "+8619200138000", "+14155550100", "+447911123456", "+85261234567"]
)
def test_numbers_that_may_be_mobiles_are_tried(number: str) -> None:
    check_recipient(number)


@pytest.mark.parametrize(
    "text",
    [
        "查进度：https://example.com/a",
        "HTTP://EXAMPLE.COM",
        "请看www.example.com",
        "请看example.com谢谢",
        "去shop.example.cn/x下单",
        "短链 t.co/abc",
        "example.com.",
    ],
)
class TestLinks:
    def test_a_phone_would_underline_it(self, text: str) -> None:
        assert holds_link(text)

    async def test_none_goes_to_mainland_china(self, text: str, provider: Provider, channel: TwilioChannel) -> None:
        with pytest.raises(Refused) as caught:
            await channel.send(part(text=text))
        assert "不能带链接" in caught.value.reason
        assert not caught.value.recipient_gone
        assert not provider.asked

    async def test_elsewhere_it_may(self, text: str, channel: TwilioChannel) -> None:
        assert await channel.send(replace(part(text=text), to="+14155550100")) == Accepted("SM7")


@pytest.mark.parametrize(
    "text",
    [
        "工单号 20260102-0001",
        "周一8:00-18:00",
        "型号KFR-35GW/NhGm1",
        "3.5匹，约1.2米",
        "信箱 a@example.com",
        "完成.谢谢",
    ],
)
def test_what_is_no_link_may_go(text: str) -> None:
    assert not holds_link(text)
