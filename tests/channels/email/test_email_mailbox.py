"""A mailbox read over a real IMAP conversation."""

import asyncio
import socket
from contextlib import suppress

import pytest

from core.errors import Refused, TryLater
from core.messages import MessageReceived
from tests.channels.email.mailbox_side import Folder, channel, imap_server, written


def mail(number: int) -> bytes:
    return f"From: gao@example.com\r\nMessage-ID: <{number}@example.com>\r\n\r\n第 {number} 封\r\n".encode()


async def test_new_mails_come_once_and_in_order() -> None:
    folder = Folder({3: mail(3), 9: mail(9)})
    async with imap_server(folder) as reader:
        fetched, cursor = await reader.fetch("")
        assert [each.events[0].dedupe_key for each in fetched] == ["<3@example.com>", "<9@example.com>"]
        assert [each.raw for each in fetched] == [mail(3), mail(9)]
        assert cursor == "7:9"
        assert await reader.fetch(cursor) == ([], cursor)
        folder.mails[12] = mail(12)
        fetched, cursor = await reader.fetch(cursor)
        assert [each.raw for each in fetched] == [mail(12)]
        assert cursor == "7:12"


async def test_the_mailbox_stays_as_it_was() -> None:
    folder = Folder({1: mail(1)})
    async with imap_server(folder) as reader:
        await reader.fetch("")
    assert not [said for said in folder.heard if said.startswith(("SELECT", "UID STORE"))]
    assert [said for said in folder.heard if "BODY" in said] == ["UID FETCH 1 (BODY.PEEK[])"]


async def test_a_client_says_its_name_where_that_is_wanted() -> None:
    folder = Folder()
    async with imap_server(folder) as reader:
        await reader.fetch("")
    said = [command.split(" ")[0] for command in folder.heard]
    assert said.index("LOGIN") < said.index("ID") < said.index("EXAMINE")


async def test_fifty_at_most() -> None:
    folder = Folder({uid: mail(uid) for uid in range(1, 61)})
    async with imap_server(folder) as reader:
        fetched, cursor = await reader.fetch("")
        assert (len(fetched), cursor) == (50, "7:50")
        fetched, cursor = await reader.fetch(cursor)
        assert (len(fetched), cursor) == (10, "7:60")


async def test_uids_far_apart_are_found() -> None:
    async with imap_server(Folder({5: mail(5), 400_000: mail(6)})) as reader:
        _, cursor = await reader.fetch("")
        assert cursor == "7:5"
        fetched, cursor = await reader.fetch(cursor)
        assert ([each.raw for each in fetched], cursor) == ([mail(6)], "7:400000")


@pytest.mark.parametrize("cursor", ["6:9", "nonsense", "7:", ":"])
async def test_a_cursor_that_no_longer_holds_starts_again(cursor: str) -> None:
    async with imap_server(Folder({3: mail(3)})) as reader:
        fetched, following = await reader.fetch(cursor)
        assert (len(fetched), following) == (1, "7:3")


async def test_of_a_huge_mail_only_the_headers_are_fetched() -> None:
    folder = Folder({1: mail(1)}, sizes={1: 30 * 1024 * 1024})
    async with imap_server(folder) as reader:
        [fetched], _ = await reader.fetch("")
    event = fetched.events[0]
    assert isinstance(event, MessageReceived)
    assert event.text == "[邮件过大（30.0 MB），正文和附件没有下载，请到邮箱中查看]"
    assert "第 1 封".encode() not in fetched.raw


async def test_what_cannot_be_read_is_kept_and_our_own_mails_are_passed_over() -> None:
    ours = b"From: service@desk.example\r\n\r\nhello"
    async with imap_server(Folder({1: b"\r\n\r\nno sender", 2: ours, 3: written("iphone_reply")})) as reader:
        fetched, cursor = await reader.fetch("")
    assert [bool(each.events) for each in fetched] == [False, True]
    assert fetched[0].raw == b"\r\n\r\nno sender"
    assert cursor == "7:3"


async def test_a_wrong_password_is_refused_and_not_told() -> None:
    async with imap_server(Folder(password="another")) as reader:
        with pytest.raises(Refused) as caught:
            await reader.fetch("")
    assert "only-for-tests" not in repr(caught.value)


async def test_nobody_listening_is_for_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        values = {"imap_host": "127.0.0.1", "imap_port": port, "imap_security": "none"}
        with pytest.raises(TryLater):
            await channel(**values, imap_user="u", imap_password="p").fetch("7:1")


async def test_an_account_without_a_mailbox_has_no_mails() -> None:
    assert await channel().fetch("7:1") == ((), "7:1")


async def test_the_connection_is_kept_between_looks() -> None:
    folder = Folder({3: mail(3)})
    async with imap_server(folder) as reader:
        _, cursor = await reader.fetch("")
        folder.mails[4] = mail(4)
        fetched, _ = await reader.fetch(cursor)
    assert len(fetched) == 1
    assert len(folder.clients) == 1


async def test_a_connection_that_died_while_it_stood_idle_is_made_anew() -> None:
    folder = Folder({3: mail(3)})
    async with imap_server(folder) as reader:
        _, cursor = await reader.fetch("")
        folder.hang_up()
        folder.mails[4] = mail(4)
        fetched, _ = await reader.fetch(cursor)
    assert len(fetched) == 1
    assert len(folder.clients) == 2


async def test_an_announced_mail_ends_the_wait() -> None:
    folder = Folder({3: mail(3)})
    async with imap_server(folder) as reader:
        _, cursor = await reader.fetch("")
        waiting = asyncio.create_task(reader.wait(600))
        await folder.idling.wait()
        folder.announce("* OK still here")
        folder.mails[4] = mail(4)
        folder.announce("* 2 EXISTS")
        await asyncio.wait_for(waiting, 20)
        fetched, _ = await reader.fetch(cursor)
    assert [each.raw for each in fetched] == [mail(4)]
    assert len(folder.clients) == 1


@pytest.mark.parametrize("offers", ["IMAP4rev1 IDLE", "IMAP4rev1"])
async def test_where_nothing_is_announced_the_wait_ends_all_the_same(offers: str) -> None:
    folder = Folder({3: mail(3)}, offers=offers)
    async with imap_server(folder) as reader:
        _, cursor = await reader.fetch("")
        await asyncio.wait_for(reader.wait(0.01), 20)
        assert await reader.fetch(cursor) == ([], cursor)
    assert ("IDLE" in folder.heard) is ("IDLE" in offers)


async def test_a_server_that_hangs_up_while_we_listen_is_for_later() -> None:
    folder = Folder({3: mail(3)})
    async with imap_server(folder) as reader:
        _, cursor = await reader.fetch("")
        waiting = asyncio.create_task(reader.wait(600))
        await folder.idling.wait()
        folder.hang_up()
        with pytest.raises(TryLater):
            await asyncio.wait_for(waiting, 20)
        assert await reader.fetch(cursor) == ([], cursor)


async def test_an_account_that_is_closed_while_it_listens_stops_without_a_word() -> None:
    folder = Folder()
    async with imap_server(folder) as reader:
        await reader.fetch("")
        waiting = asyncio.create_task(reader.wait(600))
        await folder.idling.wait()
        await reader.close()
        await asyncio.wait_for(waiting, 20)


async def test_a_wait_that_is_called_off_leaves_a_mailbox_that_can_be_read() -> None:
    folder = Folder({3: mail(3)})
    async with imap_server(folder) as reader:
        await reader.fetch("")
        waiting = asyncio.create_task(reader.wait(600))
        await folder.idling.wait()
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        fetched, _ = await reader.fetch("")
    assert len(fetched) == 1
