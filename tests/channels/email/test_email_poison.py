"""A mail that the library's own parser dies of must neither hold up the mailbox nor get lost."""

import pytest

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
