"""What goes out to Twilio, what it has of it afterwards, and the files it keeps for us."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl
from uuid import UUID

import aiohttp
import pytest
import uuid6
from aiohttp import web

from channels.sms import codes
from channels.sms.twilio import LARGEST_MEDIA, TwilioChannel
from core.errors import Refused, TryLater
from core.messages import Accepted, DeliveryState, Media, Outgoing
from tests.channels.contract import account
from tests.channels.provider import Provider, answering, hang_up
from tests.channels.sms.twilio_side import AUTH_TOKEN, NUMBER, PERSON, SID, values

TEXT = "师傅明天上午九点到"


@pytest.fixture
def channel(provider: Provider, http: aiohttp.ClientSession) -> TwilioChannel:
    return TwilioChannel(account("sms", values(provider.base)), http)


def part() -> Outgoing:
    return Outgoing(UUID(str(uuid6.uuid7())), PERSON, TEXT)


def message(minutes_ago: float = 0, **changed: object) -> dict[str, object]:
    """One entry of Twilio's list."""
    made = format_datetime(datetime.now(UTC) - timedelta(minutes=minutes_ago))
    return {"sid": "SM1", "body": TEXT, "status": "delivered", "date_created": made, "to": PERSON} | changed


def has(provider: Provider, *messages: dict[str, object]) -> None:
    async def behave(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"messages": list(messages), "next_page_uri": None, "page": 0})

    provider.behave = behave


class TestSending:
    async def test_it_says_where_receipts_go(self, provider: Provider, channel: TwilioChannel) -> None:
        provider.behave = answering(201, '{"sid": "SM7", "status": "queued"}')
        assert await channel.send(part()) == Accepted("SM7", DeliveryState.SENT)
        assert dict(parse_qsl((await provider.asked[0].read()).decode())) == {
            "To": PERSON, "From": NUMBER, "Body": TEXT,
            "StatusCallback": "https://desk.example.com/hooks/sms/acct1",
        }  # fmt: skip
        given = base64.b64decode(provider.asked[0].headers["Authorization"].removeprefix("Basic "))
        assert given.decode() == f"{SID}:{AUTH_TOKEN}"

    @pytest.mark.parametrize("code", [*codes.GONE, *codes.REFUSED, 99999])
    async def test_a_refusal_is_final_and_says_why(self, code: int, provider: Provider, channel: TwilioChannel) -> None:
        provider.behave = answering(400, f'{{"code": {code}, "message": "no", "status": 400}}')
        with pytest.raises(Refused) as caught:
            await channel.send(part())
        assert (caught.value.code, caught.value.recipient_gone) == (str(code), code in codes.GONE)
        assert len(provider.asked) == 1

    @pytest.mark.parametrize("code", codes.LATER)
    async def test_what_may_work_later_is_for_later(
        self, code: int, provider: Provider, channel: TwilioChannel
    ) -> None:
        provider.behave = answering(400, f'{{"code": {code}, "message": "no", "status": 400}}')
        with pytest.raises(TryLater):
            await channel.send(part())

    async def test_a_refusal_inside_a_yes_is_a_refusal(self, provider: Provider, channel: TwilioChannel) -> None:
        provider.behave = answering(201, '{"sid": "SM7", "status": "failed", "error_code": 21610}')
        with pytest.raises(Refused) as caught:
            await channel.send(part())
        assert caught.value.recipient_gone

    async def test_a_4xx_without_a_code_is_a_refusal(self, provider: Provider, channel: TwilioChannel) -> None:
        provider.behave = answering(404, "<html></html>")
        with pytest.raises(Refused) as caught:
            await channel.send(part())
        assert caught.value.code == "404"

    async def test_files_are_refused_before_they_leave(self, provider: Provider, channel: TwilioChannel) -> None:
        with pytest.raises(Refused):
            await channel.send(Outgoing(part().id, PERSON, media=(Media("a.png", "image/png", b"x"),)))
        assert not provider.asked


class TestLookingUp:
    async def test_the_one_message_that_fits_is_it(self, provider: Provider, channel: TwilioChannel) -> None:
        has(provider, message(sid="SM1"), message(sid="SM2", body="别的"), message(90, sid="SM3"))
        assert await channel.look_up(part()) == Accepted("SM1", DeliveryState.DELIVERED)
        asked = provider.asked[0].query
        assert (asked["To"], asked["From"]) == (PERSON, NUMBER)

    async def test_what_waits_at_twilio_was_sent(self, provider: Provider, channel: TwilioChannel) -> None:
        has(provider, message(status="queued"))
        assert await channel.look_up(part()) == Accepted("SM1", DeliveryState.SENT)

    async def test_what_failed_there_failed(self, provider: Provider, channel: TwilioChannel) -> None:
        has(provider, message(status="undelivered"))
        assert await channel.look_up(part()) == Accepted("SM1", DeliveryState.FAILED)

    async def test_the_same_words_before_the_part_was_made_are_another(
        self, provider: Provider, channel: TwilioChannel
    ) -> None:
        has(provider, message(minutes_ago=5))
        assert await channel.look_up(part()) is None

    async def test_none_or_several_say_nothing(self, provider: Provider, channel: TwilioChannel) -> None:
        has(provider)
        assert await channel.look_up(part()) is None
        has(provider, message(sid="SM1"), message(sid="SM2"))
        assert await channel.look_up(part()) is None

    @pytest.mark.parametrize("behave", [answering(500), answering(404), answering(200, "[]"), hang_up])
    async def test_a_provider_that_cannot_say_says_nothing(
        self, behave: object, provider: Provider, channel: TwilioChannel
    ) -> None:
        provider.behave = behave  # type: ignore[assignment]  # a list of mixed callables
        assert await channel.look_up(part()) is None


class TestFiles:
    def at(self, base: str) -> Media:
        return Media("图片", "image/jpeg", reference=f"{base}/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1")

    @pytest.mark.parametrize("elsewhere", [False, True])
    async def test_a_file_is_fetched_with_our_credentials(
        self, elsewhere: bool, provider: Provider, channel: TwilioChannel
    ) -> None:
        provider.behave = answering(200, "content")
        media = self.at("https://api.twilio.com" if elsewhere else provider.base)
        assert (await channel.fetch_media(media)).content == b"content"
        assert provider.asked[0].headers["Authorization"].startswith("Basic ")

    @pytest.mark.parametrize(
        "address", ["https://evil.example/x", "https://api.twilio.com.evil.example/x", "https://api.twilio.com@evil/x"]
    )
    async def test_no_stranger_gets_them(self, address: str, provider: Provider, channel: TwilioChannel) -> None:
        with pytest.raises(Refused):
            await channel.fetch_media(Media("图片", "image/jpeg", reference=address))
        assert not provider.asked

    async def test_a_redirect_elsewhere_goes_without_them(self, provider: Provider, channel: TwilioChannel) -> None:
        elsewhere = provider.base.replace("127.0.0.1", "localhost")

        async def behave(request: web.Request) -> web.StreamResponse:
            if request.path == "/stored":
                return web.Response(text="content")
            raise web.HTTPTemporaryRedirect(f"{elsewhere}/stored")

        provider.behave = behave
        assert (await channel.fetch_media(self.at(provider.base))).content == b"content"
        assert "Authorization" not in provider.asked[-1].headers

    @pytest.mark.parametrize(("status", "error"), [(404, Refused), (410, Refused), (500, TryLater), (401, TryLater)])
    async def test_what_is_gone_is_told_from_what_is_late(
        self, status: int, error: type[Exception], provider: Provider, channel: TwilioChannel
    ) -> None:
        provider.behave = answering(status)
        with pytest.raises(error):
            await channel.fetch_media(self.at(provider.base))

    async def test_too_large_a_file_is_left_there(self, provider: Provider, channel: TwilioChannel) -> None:
        provider.behave = answering(200, "x" * (LARGEST_MEDIA + 1))
        with pytest.raises(Refused) as caught:
            await channel.fetch_media(self.at(provider.base))
        assert caught.value.code == "too_large"
