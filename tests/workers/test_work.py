"""Workers against real adapters whose provider is a small server in this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from channels import FACTS
from core import clock
from core.conversations.models import Attachment, Message
from core.conversations.writing import reply
from core.desk import Desk, close_desk, open_desk
from core.intake.accounts import add_account
from core.intake.models import ChannelAccount
from core.messages import Media, MessageKind
from core.notification import outbox
from core.notification.models import Outbox
from core.settings import Settings
from tests.core.spoken import OPENID, Shop, inbound_states, open_shop, said
from tests.relay import relay
from workers.sweep import sweep
from workers.work import Work, at_work

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


class Platform:
    """As much of WeChat's API as sending and fetching needs; it notes what it was asked and may be held."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.open = asyncio.Event()
        self.open.set()
        self.base = ""

    async def token(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "t" * 40, "expires_in": 7200})

    async def send(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.open.wait()
        self.at_once -= 1
        self.heard.append((asked["touser"], asked.get("text", {}).get("content", asked["msgtype"])))
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def media(self, request: web.Request) -> web.Response:
        if request.query["media_id"] == "expired":
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        return web.Response(body=b"\x89PNG\r\n\x1a\n", content_type="image/png")


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    platform, app = Platform(), web.Application()
    app.router.add_route("*", "/cgi-bin/stable_token", platform.token)
    app.router.add_post("/cgi-bin/message/custom/send", platform.send)
    app.router.add_get("/cgi-bin/media/get", platform.media)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    platform.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield platform
    platform.open.set()
    await runner.cleanup()


async def with_wechat(shop: Shop, platform: Platform) -> Shop:
    """The shop with its account at this platform."""
    values = {"app_id": "wx0123456789abcdef", "app_secret": "s" * 32, "token": "tok", "api_base": platform.base}
    account = await add_account(shop.desk, "wechat", "公众号", values, ())
    return replace(shop, accounts=shop.accounts | {"wechat": account.id})


@pytest.fixture
async def shop(desk: Desk, platform: Platform) -> Shop:
    return await with_wechat(await open_shop(desk), platform)


@pytest.fixture
async def work(shop: Shop) -> AsyncIterator[Work]:
    async with at_work(shop.desk) as work:
        yield work


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 the condition is a row in the database
            await asyncio.sleep(0.02)


async def test_a_persons_parts_leave_in_order_and_each_once(shop: Shop, work: Work, platform: Platform) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    for number in range(5):
        await reply(shop.desk, conversation_id, None, str(number), address_id)
    await asyncio.gather(*(work.deliver() for _ in range(5)))
    await until(lambda: _all_sent(6))

    assert [text for _, text in platform.heard][1:] == ["0", "1", "2", "3", "4"]
    assert platform.most_at_once == 1


async def _all_sent(count: int) -> bool:
    return await Outbox.filter(state="sent").count() == count


async def test_workers_at_once_send_each_part_once(shop: Shop, work: Work, platform: Platform) -> None:
    people = [f"o{number:027}" for number in range(60)]
    await shop.hear("wechat", *(said(each) for each in people))
    async with at_work(shop.desk) as second:
        await asyncio.gather(work.deliver(), second.deliver())

    assert sorted(each for each, _ in platform.heard) == people
    assert await _all_sent(60)


async def test_a_call_to_deliver_does_not_wait_for_what_others_have_in_the_air(
    shop: Shop, work: Work, platform: Platform
) -> None:
    """Else ten rings during one slow send would leave a worker deaf to every other ring."""
    platform.open.clear()
    await shop.hear("wechat", said(OPENID))
    first = asyncio.create_task(work.deliver())
    await until(lambda: _in_the_air(platform, 1))
    await shop.hear("wechat", said("o" * 28))

    await asyncio.wait_for(work.deliver(), 5)
    await until(lambda: _in_the_air(platform, 2))
    platform.open.set()
    await first
    assert await _all_sent(2)


async def _in_the_air(platform: Platform, count: int) -> bool:
    return platform.at_once == count


async def test_a_worker_that_stops_lets_what_is_in_the_air_land_and_takes_no_more(
    shop: Shop, work: Work, platform: Platform
) -> None:
    platform.open.clear()
    await shop.hear("wechat", said(OPENID))
    sending = asyncio.create_task(work.deliver())
    await until(lambda: _in_the_air(platform, 1))
    finishing = asyncio.create_task(work.finish(20))
    await shop.hear("wechat", said("o" * 28))
    platform.open.set()
    await finishing
    await sending
    await work.deliver()

    assert len(platform.heard) == 1
    assert await Outbox.filter(state="queued").count() == 1


async def test_what_the_provider_said_is_recorded_although_the_database_was_away(
    settings: Settings, platform: Platform
) -> None:
    async with relay(settings.database_url) as wire:
        desk = await open_desk(replace(settings, database_url=wire.url), FACTS)
        async with at_work(desk) as work:
            shop = await with_wechat(await open_shop(desk), platform)
            platform.open.clear()
            await shop.hear("wechat", said(OPENID))
            sending = asyncio.create_task(work.deliver())
            await until(lambda: _in_the_air(platform, 1))
            await wire.cut()
            platform.open.set()
            await until(lambda: _in_the_air(platform, 0))
            await wire.mend()
            await sending
            assert await _all_sent(1)
        await close_desk(desk)


async def test_a_text_too_long_for_one_part_leaves_in_several(shop: Shop, work: Work, platform: Platform) -> None:
    _, address_id, conversation_id = await shop.person("wechat", OPENID)
    text = "。".join(f"第{number}句话" for number in range(300))
    message_id = await reply(shop.desk, conversation_id, None, text, address_id)
    await work.deliver()

    parts = [said_there for _, said_there in platform.heard[1:]]
    assert len(parts) > 1
    assert "".join("".join(parts).split()) == text
    assert (await Message.get(id=message_id)).state == "sent"


async def test_files_are_fetched_and_one_that_expired_is_lost_alone(shop: Shop, work: Work) -> None:
    references = ["expired", *(f"m{number}" for number in range(9))]
    media = [Media("图片", "image/*", reference=each) for each in references]
    await shop.hear("wechat", *(said(OPENID, "", kind=MessageKind.IMAGE, media=(each,)) for each in media))
    broken = (await Attachment.all().order_by("id"))[3]
    await Attachment.filter(id=broken.id).update(reference_sealed=broken.name_sealed)
    await work.media()

    states = [each.state for each in await Attachment.all().order_by("id")]
    assert states == ["lost", "stored", "stored", "lost", *["stored"] * 6]


async def test_a_mailbox_that_cannot_be_opened_is_noted_and_stops_no_other_work(shop: Shop, work: Work) -> None:
    account = await ChannelAccount.get(id=shop.accounts["email"])
    await ChannelAccount.filter(id=account.id).update(values_sealed=b"\x01 broken")
    await work.mailboxes()

    async def noted() -> bool:
        return (await ChannelAccount.get(id=account.id)).last_error.startswith("收信失败")

    await until(noted)


@pytest.fixture
async def deaf(settings: Settings, platform: Platform) -> AsyncIterator[Shop]:
    """A shop whose Redis is away."""
    desk = await open_desk(replace(settings, redis_url=NOBODY_LISTENS), FACTS)
    yield await with_wechat(await open_shop(desk), platform)
    await close_desk(desk)


async def test_without_redis_everything_still_moves(deaf: Shop, platform: Platform) -> None:
    async with at_work(deaf.desk) as work:
        await deaf.take("wechat", said(OPENID))
        await work.fold()
        await work.deliver()
        await work.media()
        await work.look_up()

    assert await inbound_states() == {"folded": 1}
    assert len(platform.heard) == 1
    assert not await deaf.desk.bell.reachable()


async def test_without_redis_the_sweeper_finds_what_nobody_rang_for(deaf: Shop, platform: Platform) -> None:
    async with at_work(deaf.desk) as work:
        sweeping = asyncio.create_task(sweep(work))
        await deaf.take("wechat", said(OPENID))
        await until(lambda: _all_sent(1))
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
    assert len(platform.heard) == 1


async def test_the_sweeper_brings_back_what_a_dead_worker_had_claimed(
    shop: Shop, work: Work, platform: Platform
) -> None:
    await shop.hear("wechat", said(OPENID))
    with clock.held(clock.now() - outbox.LEASE - timedelta(seconds=1)):
        await Outbox.all().update(due_at=clock.now())
        assert len(await outbox.claim(10)) == 1
    sweeping = asyncio.create_task(sweep(work))
    await until(lambda: _all_sent(1))
    sweeping.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping
    assert len(platform.heard) == 1
