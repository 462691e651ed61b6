"""A mail that the library's own parser dies of must neither hold up the mailbox nor get lost."""

import pytest

from channels.email import bounce
from core.errors import UnreadablePayload
from tests.channels.email.mailbox_side import Folder, call, channel, imap_server, written

POISON = (
    b"From: gao@example.com\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary*=\"a\0b''edge\"\r\n\r\n--edge\r\n\r\nhello\r\n--edge--\r\n"
)


def test_it_is_unreadable() -> None:
    with pytest.raises(UnreadablePayload):
        channel().parse(call(POISON))


async def test_the_mails_after_it_are_read() -> None:
    async with imap_server(Folder({1: POISON, 2: written("iphone_reply")})) as reader:
        fetched, cursor = await reader.fetch("")

    assert [(each.raw == POISON, bool(each.events)) for each in fetched] == [(True, False), (False, True)]
    assert cursor == "7:2"


async def test_nor_does_a_mistake_of_ours_hold_up_the_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise KeyError("a mail that nobody thought of")

    monkeypatch.setattr(bounce, "read", stumble)
    async with imap_server(Folder({1: written("iphone_reply")})) as reader:
        fetched, cursor = await reader.fetch("")

    assert [bool(each.events) for each in fetched] == [False]
    assert cursor == "7:1"
