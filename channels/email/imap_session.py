"""One mailbox's connection, kept between looks: logging in each time is slow, and providers call it an attack."""

import asyncio
import imaplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from channels.email import imap, imap_idle
from channels.email.connection import Server
from core.errors import SendError, TryLater

POLL = 5.0
"""Seconds between looks where the server cannot announce mail."""
GRACE = 2.0
"""Seconds to wait for a step under way when the connection is closed."""

Read = TypeVar("Read")


class MailboxSession:
    """Looks into one folder. Its thread is its own, so that a server that hangs holds up nobody else's mail."""

    def __init__(self, server: Server, folder: str) -> None:
        self._server = server
        self._folder = folder
        self._client: imaplib.IMAP4 | None = None
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imap")

    async def fetch(self, cursor: str) -> tuple[list[imap.Found], str]:
        """What came after `cursor`, and the next one.

        Raise `TryLater` when the server cannot be reached now, `Refused` when it does not let us in.
        """
        return await self._alone(lambda: self._fetch(cursor))

    async def wait(self, seconds: float) -> None:
        """Until the server announces a mail, `seconds` at the longest. Errors are as for `fetch`."""
        try:
            await self._wait(seconds)
        except TryLater:
            if not self._closed:
                raise

    async def _wait(self, seconds: float) -> None:
        client = self._client
        if client is None or "IDLE" not in client.capabilities:
            await asyncio.sleep(min(seconds, POLL))
            return
        try:
            if not await self._alone(lambda: imap_idle.begin(client)):
                await self._announced(client, seconds)
        except asyncio.CancelledError:
            self._drop()
            raise
        await self._alone(lambda: imap_idle.end(client))

    async def _announced(self, client: imaplib.IMAP4, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while not await self._alone(lambda: imap_idle.heard(client)) and clock() < until:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await imap_idle.readable(client)

    async def close(self) -> None:
        """Leave the server, without waiting for its leave."""
        if self._closed:
            return
        self._closed = True
        self._drop()
        last = self._thread.submit(lambda: None)
        self._thread.shutdown(wait=False)
        await asyncio.wait({asyncio.wrap_future(last)}, timeout=GRACE)

    async def _alone(self, step: Callable[[], Read]) -> Read:
        """Run a step in the mailbox's thread; the connection does not outlive an error, nor an interrupted step."""
        if self._closed:
            raise TryLater("收信邮箱的设置已更改", code="imap")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, step)
        except ssl.SSLError as unsafe:
            self._drop()
            raise TryLater("收信服务器的证书无法验证", code="tls") from unsafe
        except (OSError, EOFError, imaplib.IMAP4.error) as lost:
            self._drop()
            raise TryLater("暂时无法读取收信邮箱", code="imap") from lost
        except (SendError, asyncio.CancelledError):
            self._drop()
            raise

    def _fetch(self, cursor: str) -> tuple[list[imap.Found], str]:
        """A connection that stood idle may have died unseen: only then is the look repeated, on a new one."""
        if self._client is not None:
            with suppress(imaplib.IMAP4.abort, OSError, EOFError):
                return imap.read(self._client, self._folder, cursor)
            self._drop()
        client = imap.connected(self._server)
        if self._closed:
            _close(client)
            raise TryLater("收信邮箱的设置已更改", code="imap")
        self._client = client
        return imap.read(client, self._folder, cursor)

    def _drop(self) -> None:
        """Let go of the connection. A step that hangs in it wakes up; what it still holds is closed after it."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError):
                client.sock.shutdown(socket.SHUT_RDWR)
            self._thread.submit(_close, client)


def _close(client: imaplib.IMAP4) -> None:
    with suppress(imaplib.IMAP4.error, OSError):
        client.shutdown()
