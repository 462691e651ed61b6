"""Mailboxes are read side by side, each on its own, against small real IMAP servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from core import clock
from core.desk import Desk
from core.intake.accounts import add_account
from core.intake.models import ChannelAccount, Inbound
from tests.channels.email.mailbox_side import VALUES, Folder
from workers.mailboxes import LEASE
from workers.work import Work, at_work


def mail(number: int) -> bytes:
    return f"From: gao@example.com\r\nMessage-ID: <{number}@example.com>\r\n\r\n第 {number} 封\r\n".encode()


@asynccontextmanager
async def served(folder: Folder) -> AsyncIterator[Folder]:
    server = await asyncio.start_server(folder.serve, "127.0.0.1", 0)
    folder.port = server.sockets[0].getsockname()[1]
    async with server:
        yield folder
        folder.hang_up()


async def account_of(desk: Desk, folder: Folder) -> UUID:
    values = {
        **VALUES,
        "imap_host": "127.0.0.1",
        "imap_port": str(folder.port),
        "imap_security": "none",
        "imap_user": "service",
        "imap_password": "only-for-tests",
    }
    return (await add_account(desk, "email", "邮箱", values, ())).id


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110 the condition is a row in the database
            await asyncio.sleep(0.02)


async def came(count: int) -> bool:
    return await Inbound.all().count() == count


@pytest.fixture
async def work(desk: Desk) -> AsyncIterator[Work]:
    async with at_work(desk) as work:
        yield work


async def test_an_announced_mail_is_journalled_at_once(desk: Desk, work: Work) -> None:
    async with served(Folder({1: mail(1)})) as folder:
        account_id = await account_of(desk, folder)
        await work.mailboxes()
        await until(lambda: came(1))
        await folder.idling.wait()
        folder.mails[2] = mail(2)
        folder.announce("* 2 EXISTS")
        await until(lambda: came(2))
        assert (await ChannelAccount.get(id=account_id)).cursor == "7:2"
        assert len(folder.clients) == 1


async def test_a_mailbox_that_hangs_holds_up_no_other(desk: Desk, work: Work) -> None:
    async with served(Folder(mute=True)) as hanging, served(Folder({1: mail(1)})) as folder:
        await account_of(desk, hanging)
        await account_of(desk, folder)
        await work.mailboxes()
        await until(lambda: came(1))


async def test_what_one_mailbox_refuses_is_noted_on_it_alone(desk: Desk, work: Work) -> None:
    async with served(Folder(password="another")) as refusing, served(Folder({1: mail(1)})) as folder:
        bad, good = await account_of(desk, refusing), await account_of(desk, folder)
        await work.mailboxes()

        async def noted() -> bool:
            return (await ChannelAccount.get(id=bad)).last_error == "收信失败：收信邮箱拒绝了账号或授权码"

        await until(noted)
        await until(lambda: came(1))
        assert (await ChannelAccount.get(id=good)).last_error == ""


async def test_a_new_uidvalidity_reads_the_mailbox_again_and_journals_each_mail_once(desk: Desk, work: Work) -> None:
    async with served(Folder({1: mail(1), 2: mail(2)})) as folder:
        account_id = await account_of(desk, folder)
        await work.mailboxes()
        await until(lambda: came(2))
        await folder.idling.wait()
        folder.validity, folder.mails = 8, {1: mail(2), 2: mail(3)}
        folder.announce("* 2 EXISTS")
        await until(lambda: came(3))

        async def moved() -> bool:
            return (await ChannelAccount.get(id=account_id)).cursor == "8:2"

        await until(moved)


async def test_two_workers_keep_one_connection_and_the_second_takes_over(desk: Desk) -> None:
    async with served(Folder({1: mail(1)})) as folder:
        await account_of(desk, folder)
        async with at_work(desk) as first:
            await first.mailboxes()
            await folder.idling.wait()
            async with at_work(desk) as second:
                await second.mailboxes()
                await until(lambda: came(1))
                assert len(folder.clients) == 1
        assert (await ChannelAccount.get()).polled_at is None
        folder.mails[2] = mail(2)
        async with at_work(desk) as third:
            await third.mailboxes()
            await until(lambda: came(2))


async def test_a_mailbox_whose_worker_died_is_read_when_its_lease_has_run_out(desk: Desk, work: Work) -> None:
    async with served(Folder({1: mail(1)})) as folder:
        account_id = await account_of(desk, folder)
        held = clock.now() - LEASE - timedelta(seconds=1)
        await ChannelAccount.filter(id=account_id).update(polled_at=held + LEASE)
        await work.mailboxes()
        await until(lambda: came(1))


async def test_an_account_that_is_switched_off_is_left(desk: Desk, work: Work) -> None:
    async with served(Folder({1: mail(1)})) as folder:
        account_id = await account_of(desk, folder)
        await work.mailboxes()
        await folder.idling.wait()
        await ChannelAccount.filter(id=account_id).update(active=False)
        await work.mailboxes()
        async with asyncio.timeout(20):
            await folder.gone.wait()
