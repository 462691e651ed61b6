"""Marked personal data goes down every road, and none of it is found where it must not be.

Looked through: every value of every table, everything that passed through Redis, all logs at DEBUG, and error pages.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg
import xmltodict
from redis.asyncio import Redis
from wechatpy.crypto import WeChatCrypto

from channels import FACTS, REGISTRY
from core.conversations import people, writing
from core.conversations.listing import conversations
from core.conversations.thread import thread
from core.desk import Desk, close_desk, open_desk
from core.intake.accounts import opened
from core.intake.models import ChannelAccount, Inbound
from core.messages import Media
from core.settings import load
from core.staff import accounts
from sandbox.client import media
from tests.running import Running, running, until

MARKS = {
    "name": "马珂标",
    "openid": "oMarkedOpenid00000000000001x",
    "phone": "+8613800139876",
    "mail": "marked.person@example.com",
    "text": "暗号长颈鹿在阳台",
    "subject": "暗号主题蓝色冰箱",
    "note": "暗号备注客户很急",
    "answer": "暗号回复师傅周三到",
    "file": "暗号发票.png",
    "staff": "暗号同事秦",
    "login": "marked-colleague",
    "new name": "马珂标先生",
}
CONTENT = b"\x89PNG marked-file-content"


@asynccontextmanager
async def overheard(redis_url: str) -> AsyncIterator[list[str]]:
    """Every command that anyone sends to Redis."""
    heard: list[str] = []

    async def listen(ear: Redis) -> None:
        async with ear.monitor() as monitor:
            async for command in monitor.listen():
                heard.append(str(command["command"]))  # noqa: PERF401 what was heard counts even when cut off

    async with Redis.from_url(redis_url) as ear:
        listening = asyncio.create_task(listen(ear))
        try:
            yield heard
        finally:
            listening.cancel()
            await asyncio.wait([listening])


async def down_every_road(place: Running, desk: Desk) -> None:
    """In by three channels with files, out by all three, noted, renamed, linked, split, failed, unreadable."""
    person = await place.sandbox.add_person(
        id="marked", name=MARKS["name"], openid=MARKS["openid"], phone=MARKS["phone"], mail=MARKS["mail"]
    )
    attached = media(MARKS["file"], "image/png", CONTENT)
    for kind in [each.kind for each in await ChannelAccount.all().order_by("id")]:
        await place.sandbox.say("marked", kind, MARKS["text"], subject=MARKS["subject"])
        await place.sandbox.say("marked", kind, media=attached, text=MARKS["text"] if kind == "email" else "")
    found = [await conversation_at(desk, person[each]) for each in ("openid", "phone", "mail")]
    await accounts.create(desk, MARKS["login"], MARKS["staff"], ["agent"])
    for conversation in found:
        await answer(desk, conversation)
    first, second, _ = [await thread(desk, each) for each in found]
    merge = await people.link(desk, first.contact_id, second.contact_id, None)
    await people.rename(desk, first.contact_id, MARKS["new name"], None)
    await people.split(desk, merge, None)
    await place.sandbox.fault("sms", "reject", times=1)
    await writing.reply(desk, found[1], None, MARKS["answer"], second.addresses[0].id)
    await until(lambda: all_settled(desk))


async def send_unreadable(place: Running, desk: Desk) -> None:
    """A genuine call of WeChat's whose content nobody understands."""
    row = await ChannelAccount.get(kind="wechat")
    values = await opened(desk, row)
    crypto = WeChatCrypto(values["token"], values["aes_key"], values["app_id"])
    sealed = xmltodict.parse(crypto.encrypt_message(f"<xml>{MARKS['text']}", "nonce", "1700000000"))["xml"]
    query = {"msg_signature": sealed["MsgSignature"], "timestamp": sealed["TimeStamp"], "nonce": sealed["Nonce"]}
    query |= {"encrypt_type": "aes", "signature": sealed["MsgSignature"]}
    body = f"<xml><Encrypt>{sealed['Encrypt']}</Encrypt></xml>"
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{place.url}/hooks/wechat/{row.public_id}", params=query, data=body) as answered,
    ):
        assert answered.status == 200
    assert await Inbound.exists(state="unreadable")


async def conversation_at(desk: Desk, address: str) -> UUID:
    async def there() -> UUID | None:
        return next((each.conversation_id for each in await conversations(desk, "open", None, find=address)), None)

    return await until(there)


async def answer(desk: Desk, conversation: UUID) -> None:
    opened = await thread(desk, conversation)
    files = [Media(MARKS["file"], "image/png", CONTENT)] if desk.facts[opened.addresses[0].kind].media_types else []
    await writing.reply(desk, conversation, None, MARKS["answer"], opened.addresses[0].id, files, MARKS["subject"])
    await writing.note(desk, conversation, None, MARKS["note"])


async def all_settled(desk: Desk) -> bool:
    connection = await asyncpg.connect(desk.settings.database_url)
    try:
        waiting = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'claimed', 'sending')"
        pending = "SELECT count(*) FROM attachment WHERE state = 'pending'"
        return not await connection.fetchval(waiting) and not await connection.fetchval(pending)
    finally:
        await connection.close()


async def error_pages(place: Running) -> str:
    """What people and programs are told when things go wrong, with marked data in what they asked."""
    hooks = [each["hook_url"] for each in await place.sandbox.accounts() if each.get("hook_url")]
    urls = [
        f"{place.url}/{MARKS['text']}",
        f"{place.url}/inbox?find={MARKS['phone']}",
        f"{place.url}/api/v1/{MARKS['mail']}",
    ]
    said = []
    async with aiohttp.ClientSession() as http:
        for url in urls:
            async with http.get(url, allow_redirects=False) as page:
                said.append(await page.text() + str(page.headers))
        for url in hooks:
            async with http.post(url, data=MARKS["text"].encode()) as page:
                said.append(await page.text())
        async with http.post(f"{place.url}/login", data={"login": MARKS["login"], "password": MARKS["text"]}) as page:
            said.append(str(page.headers))
    return "\n".join(said)


async def everything_stored(url: str) -> list[bytes]:
    """Every value of every row of every table, as bytes."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        values: list[bytes] = []
        for table in tables:
            for row in await connection.fetch(f'SELECT * FROM "{table["tablename"]}"'):  # noqa: S608 our own names
                values += [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
        return values
    finally:
        await connection.close()


def marks_in(text: str) -> list[str]:
    """Which marks stand in a text, in the forms that they might take."""
    forms = {
        what: {mark, mark.removeprefix("+86"), mark.encode("unicode_escape").decode()} for what, mark in MARKS.items()
    }
    return [what for what, spelled in forms.items() if any(each in text for each in spelled)]


async def test_nothing_personal_is_stored_in_the_clear_or_said_aloud(
    environment: dict[str, str], tmp_path: Path
) -> None:
    loud = environment | {"LOG_LEVEL": "DEBUG"}
    async with overheard(environment["REDIS_URL"]) as heard, running(loud, tmp_path) as place:
        desk = await open_desk(load(place.environment), FACTS)
        await down_every_road(place, desk)
        await send_unreadable(place, desk)
        pages = await error_pages(place)
        secrets = await secrets_of(desk)
        await close_desk(desk)
        stored = await everything_stored(environment["DATABASE_URL"])
        async with Redis.from_url(environment["REDIS_URL"]) as redis:
            left = [str(key) async for key in redis.scan_iter()]

    dump = b"\n".join(stored)
    assert [what for what, mark in MARKS.items() if mark.encode() in dump] == []
    assert CONTENT not in dump
    assert [each for each in secrets if each.encode() in dump] == []
    assert len(heard) > 20, "Redis was listened to"
    assert marks_in("\n".join(heard + left)) == []
    logs = place.logs()
    assert "worker ready" in logs, "the logs were read"
    assert marks_in(logs) == []
    assert [each for each in secrets if each in logs + pages] == []
    assert marks_in(pages) == []


async def secrets_of(desk: Desk) -> list[str]:
    """What the demonstration's accounts keep secret."""
    found = []
    for row in await ChannelAccount.all():
        values = await opened(desk, row)
        found += [values[each.name] for each in REGISTRY[row.kind].fields if each.secret and values.get(each.name)]
    return found
