"""SMTP connections are used again, and nothing is lost or doubled by it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from channels.email.connection import server
from channels.email.smtp_pool import MOST, MOST_MAILS, SmtpPool
from core.errors import OutcomeUnknown, Refused
from tests.channels.email.mailbox_side import VALUES, Postbox, smtp_server

MAIL = b"From: service@desk.example\r\n\r\nhello\r\n"
TO = "chen@qq.example"


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    async with smtp_server(Postbox()) as served:
        yield served


def opened(postbox: Postbox, idle: float = 600) -> SmtpPool:
    return SmtpPool(server("smtp", {**VALUES, "smtp_port": str(postbox.port)}), "service@desk.example", idle)


@pytest.fixture
async def pool(postbox: Postbox) -> AsyncIterator[SmtpPool]:
    pool = opened(postbox)
    yield pool
    await pool.close()


async def all_gone(postbox: Postbox) -> None:
    async with asyncio.timeout(20):
        while postbox.open:  # noqa: ASYNC110 the condition is the far side's
            await asyncio.sleep(0.01)


async def test_mails_one_after_another_share_a_connection(postbox: Postbox, pool: SmtpPool) -> None:
    for _ in range(3):
        await pool.deliver(TO, MAIL)
    assert (len(postbox.taken), len(postbox.servers)) == (3, 1)


async def test_mails_at_once_share_a_few(postbox: Postbox, pool: SmtpPool) -> None:
    await asyncio.gather(*(pool.deliver(TO, MAIL) for _ in range(20)))
    assert len(postbox.taken) == 20
    assert len(postbox.servers) <= MOST


async def test_a_connection_that_died_while_it_stood_idle_costs_nothing(postbox: Postbox, pool: SmtpPool) -> None:
    await pool.deliver(TO, MAIL)
    postbox.hang_up_all()
    await pool.deliver(TO, MAIL)
    assert (len(postbox.taken), len(postbox.servers)) == (2, 2)


async def test_a_refusal_leaves_a_connection_that_can_be_used(postbox: Postbox, pool: SmtpPool) -> None:
    postbox.rcpt = "550 5.1.1 no such user"
    with pytest.raises(Refused):
        await pool.deliver(TO, MAIL)
    postbox.rcpt, postbox.data = "", "554 5.7.1 no"
    with pytest.raises(Refused):
        await pool.deliver(TO, MAIL)
    postbox.data = ""
    await pool.deliver(TO, MAIL)
    assert [each.rcpt_tos for each in postbox.taken] == [[TO]]
    assert len(postbox.servers) == 1


async def test_a_mail_whose_fate_is_unknown_is_not_tried_again(postbox: Postbox, pool: SmtpPool) -> None:
    await pool.deliver(TO, MAIL)
    postbox.cut = "DATA"
    with pytest.raises(OutcomeUnknown):
        await pool.deliver(TO, MAIL)
    postbox.cut = ""
    await pool.deliver(TO, MAIL)
    # The server that was cut off had taken it all the same: three, where a second try would have made four.
    assert (len(postbox.taken), len(postbox.servers)) == (3, 2)


async def test_what_is_idle_for_long_is_closed(postbox: Postbox) -> None:
    pool = opened(postbox, idle=0.05)
    await pool.deliver(TO, MAIL)
    await all_gone(postbox)
    await pool.deliver(TO, MAIL)
    assert len(postbox.servers) == 2
    await pool.close()


async def test_a_connection_is_not_used_for_ever(postbox: Postbox, pool: SmtpPool) -> None:
    for _ in range(MOST_MAILS + 1):
        await pool.deliver(TO, MAIL)
    assert (len(postbox.taken), len(postbox.servers)) == (MOST_MAILS + 1, 2)


async def test_a_pool_that_is_closed_keeps_nothing(postbox: Postbox) -> None:
    pool = opened(postbox)
    await pool.deliver(TO, MAIL)
    await pool.close()
    await all_gone(postbox)
    await pool.deliver(TO, MAIL)
    await all_gone(postbox)
    await pool.close()
