"""The journal: each event one row, written before anybody is answered, whoever else is writing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from core import clock, database
from core.conversations.models import Conversation
from core.desk import Desk
from core.errors import NotAllowed, UnreadablePayload
from core.intake.accounts import add_account, change_account, find_account, note_trouble
from core.intake.journal import MOST_WAITING, Journal, JournalFull
from core.intake.keeping import purge_raw
from core.intake.models import ChannelAccount, Inbound
from core.intake.replay import replay, stuck_inbound
from core.messages import Media
from tests.core.spoken import OPENID, Shop, inbound_states, said


@asynccontextmanager
async def poisoned(column: str, number: int) -> AsyncIterator[None]:
    """The database refuses rows of one size."""
    await database.run(f"ALTER TABLE inbound ADD CONSTRAINT poison CHECK ({column} <> {number})")
    yield
    await database.run("ALTER TABLE inbound DROP CONSTRAINT poison")


async def test_the_same_event_by_fifty_calls_at_once_is_one_row_with_one_id(shop: Shop) -> None:
    event = said(OPENID)
    others = [await Journal.open(shop.desk) for _ in range(3)]
    account = shop.accounts["wechat"]
    written = await asyncio.gather(
        *([shop.journal, *others][number % 4].accept(account, [event], b"raw") for number in range(50))
    )

    (row,) = await Inbound.all()
    assert {each.id for (each,) in written} == {row.id}
    assert sum(not each.again for (each,) in written) == 1
    await shop.fold()
    (late,) = await shop.take("wechat", event)
    assert (late.id, late.again) == (row.id, True)


async def test_the_same_key_on_another_account_is_another_event(shop: Shop) -> None:
    event = said(OPENID, dedupe_key="1")
    await shop.take("wechat", event)
    (second,) = await shop.take("sms", event)
    assert not second.again


async def test_the_events_of_one_call_stay_together_and_keep_one_payload(shop: Shop) -> None:
    written = await shop.take("wechat", *(said(OPENID, str(number)) for number in range(3)))

    rows = await Inbound.all().order_by("id")
    assert [row.id for row in rows] == [each.id for each in written]
    assert [row.raw_sealed is not None for row in rows] == [True, False, False]


async def test_calls_at_once_share_commits(shop: Shop) -> None:
    before = (await database.rows("SELECT pg_current_xact_id()::text::bigint AS id"))[0]["id"]
    await asyncio.gather(*(shop.take("wechat", said(OPENID, str(number))) for number in range(500)))

    after = (await database.rows("SELECT pg_current_xact_id()::text::bigint AS id"))[0]["id"]
    assert after - before < 100
    assert await inbound_states() == {"received": 500}


async def test_one_entry_that_the_database_refuses_fails_alone(shop: Shop) -> None:
    big = said(OPENID, "x" * 1000)
    (written,) = await shop.take("wechat", big)
    size = (await Inbound.get(id=written.id)).size
    await Inbound.all().delete()

    async with poisoned("size", size):
        done = await asyncio.gather(
            *(shop.take("wechat", said(OPENID, str(number))) for number in range(20)),
            shop.take("wechat", big),
            *(shop.take("wechat", said(OPENID, str(number))) for number in range(20)),
            return_exceptions=True,
        )
    assert [isinstance(each, Exception) for each in done] == [False] * 20 + [True] + [False] * 20
    assert await inbound_states() == {"received": 40}


async def test_a_full_queue_says_so_and_takes_more_once_it_is_written(shop: Shop) -> None:
    events = [said(OPENID, str(number)) for number in range(MOST_WAITING)]
    first = asyncio.create_task(shop.take("wechat", *events[:-1]))
    await asyncio.sleep(0)
    with pytest.raises(JournalFull):
        await shop.take("wechat", *events[-2:])

    await first
    await shop.take("wechat", events[-1])
    assert await inbound_states() == {"received": MOST_WAITING}


async def test_a_caller_that_gave_up_loses_nothing(shop: Shop) -> None:
    event = said(OPENID)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shop.take("wechat", event), 0)
    (again,) = await shop.take("wechat", event)

    await shop.fold()
    assert await inbound_states() == {"folded": 1}
    assert (await Inbound.get()).id == again.id


async def test_a_payload_that_cannot_be_read_is_kept_sealed_once_until_it_can(shop: Shop) -> None:
    account = shop.accounts["wechat"]
    first = await shop.journal.keep_unreadable(account, "<难懂>".encode())
    second = await shop.journal.keep_unreadable(account, "<难懂>".encode())
    assert (first.id, second.again) == (second.id, True)
    assert await inbound_states() == {"unreadable": 1}
    await shop.fold()
    (stuck,) = await stuck_inbound()
    assert (stuck.id, stuck.channel) == (first.id, "wechat")

    def still_not(_account: ChannelAccount, _raw: bytes) -> list[object]:
        raise UnreadablePayload

    for parse in (still_not, lambda *_: [], lambda *_: [said(OPENID), said(OPENID)]):
        with pytest.raises(NotAllowed):
            await replay(shop.desk, first.id, parse, None)  # type: ignore[arg-type]
    await replay(shop.desk, first.id, lambda _, raw: [said(OPENID, raw.decode())], None)
    await shop.fold()
    assert await shop.bodies((await Conversation.get()).id) == ["<难懂>"]
    assert await inbound_states() == {"folded": 1}


async def test_nothing_of_what_was_said_is_in_the_tables(shop: Shop, database_url: str) -> None:
    mark = "MARKED-9f3a"
    media = (Media(f"{mark}.png", "image/png", mark.encode()), Media(mark, "image/png", reference=mark))
    event = said(mark, mark, subject=mark, full_text=mark, provider_id=mark, media=media, dedupe_key=mark)
    await shop.journal.accept(shop.accounts["email"], [event], mark.encode())
    await shop.journal.keep_unreadable(shop.accounts["email"], b"unreadable " + mark.encode())
    assert await tables_with(database_url, mark) == []
    await shop.fold()
    assert await inbound_states() == {"folded": 1, "unreadable": 1}
    assert await tables_with(database_url, mark) == []


async def tables_with(url: str, mark: str) -> list[str]:
    """The tables whose rows, read as bytes, hold a text."""
    connection = await asyncpg.connect(url)
    names = [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    found = []
    for name in names:
        rows = await connection.fetch(f'SELECT * FROM "{name}"')  # noqa: S608 names out of the catalogue
        if any(mark.encode() in _bytes(value) for row in rows for value in row.values()):
            found.append(name)
    await connection.close()
    return found


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


async def test_raw_payloads_are_dropped_when_their_days_are_over(shop: Shop) -> None:
    await shop.take("wechat", said(OPENID))
    await shop.fold()
    await shop.journal.keep_unreadable(shop.accounts["wechat"], b"?")
    assert await purge_raw(shop.desk) == 0

    with clock.held(clock.now() + timedelta(days=shop.desk.settings.raw_days, minutes=1)):
        assert await purge_raw(shop.desk) == 1
    assert await Inbound.filter(raw_sealed__isnull=False, state="unreadable").count() == 1
    assert await Inbound.filter(raw_sealed__isnull=False).count() == 1


async def test_all_payloads_that_are_due_are_dropped_however_many(shop: Shop) -> None:
    await shop.take("wechat", said(OPENID))
    await shop.fold()
    await database.run(
        "INSERT INTO inbound SELECT gen_random_uuid(), account_id, sha256(n::text::bytea), state, event_sealed,"
        " raw_sealed, size, received_at, due_at, awaited_until, tries, error, message_id"
        " FROM inbound, generate_series(1, 2500) AS n"
    )
    with clock.held(clock.now() + timedelta(days=shop.desk.settings.raw_days, minutes=1)):
        assert await purge_raw(shop.desk) == 2501


async def test_an_accounts_secrets_are_kept_when_left_blank_and_never_shown(desk: Desk) -> None:
    made = await add_account(desk, "sms", "短信", {"sid": "AC1", "token": "geheim"}, {"token"})
    changed = await change_account(desk, made.id, "新名", {"sid": "AC2", "token": ""}, {"token"}, active=False)

    assert (changed.shown, changed.secrets, changed.active) == ({"sid": "AC2"}, ["token"], False)
    assert "geheim" not in repr(changed)
    assert b"geheim" not in (await find_account(made.id)).values_sealed


async def test_changing_an_account_leaves_alone_what_workers_write(desk: Desk) -> None:
    made = await add_account(desk, "email", "信箱", {}, ())

    async def read_on(account_id: UUID) -> None:
        for number in range(20):
            await ChannelAccount.filter(id=account_id).update(cursor=str(number))

    await asyncio.gather(
        read_on(made.id), *(change_account(desk, made.id, f"名{n}", {}, (), active=True) for n in range(20))
    )
    await note_trouble(made.id, "长" * 500)
    account = await find_account(made.id)
    assert (account.cursor, len(account.last_error)) == ("19", 200)
