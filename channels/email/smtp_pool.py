"""The SMTP connections of one account, used again: logging in takes longer than a mail, and providers count logins."""

import asyncio
import time
from dataclasses import dataclass

import aiosmtplib

from channels.email import smtp
from channels.email.connection import Server
from core.errors import OutcomeUnknown, SendError

MOST = 4
"""Connections at once. Providers allow few; mails beyond that wait here."""
IDLE = 20.0
"""Seconds that a connection is kept unused: less than any server's own patience."""
MOST_MAILS = 50
"""Mails over one connection; servers hang up on longer ones."""


@dataclass(slots=True)
class Line:
    """An open connection. `mails` went over it; it has been idle `since` (monotonic)."""

    client: aiosmtplib.SMTP
    mails: int = 0
    since: float = 0.0


class SmtpPool:
    """Sends the mails of one `sender`. Only what cannot have left anything behind is ever tried again."""

    def __init__(self, server: Server, sender: str, idle: float = IDLE) -> None:
        self._server = server
        self._sender = sender
        self._idle_for = idle
        self._free = asyncio.Semaphore(MOST)
        self._idle: list[Line] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    async def deliver(self, recipient: str, mail: bytes) -> None:
        """Have one mail accepted for one recipient. Raise `TryLater`, `Refused` or `OutcomeUnknown`."""
        async with self._free:
            line = await self._begun()
            sound = False
            try:
                await smtp.hand_over(line.client, recipient, mail)
                sound = True
            except OutcomeUnknown:
                raise
            except SendError:
                sound = await _reset(line.client)
                raise
            finally:
                line.mails += 1
                self._put(line, sound)

    async def close(self) -> None:
        """End what is idle now, and the rest when its mail is through."""
        self._closed = True
        for line in self._idle:
            self._end(line)
        self._idle.clear()
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _begun(self) -> Line:
        """A connection that took our MAIL FROM. One that stood idle may have died unseen, and gives way to another."""
        while self._idle:
            line = self._idle.pop()
            try:
                await line.client.mail(self._sender)
            except (aiosmtplib.SMTPException, OSError):
                line.client.close()
            except asyncio.CancelledError:
                line.client.close()
                raise
            else:
                return line
        return await self._fresh()

    async def _fresh(self) -> Line:
        client = await smtp.connected(self._server, self._sender)
        try:
            await client.mail(self._sender)
        except aiosmtplib.SMTPResponseException as answer:
            await smtp.leave(client)
            raise smtp.refusal(answer.code, answer.message) from None
        except (aiosmtplib.SMTPException, OSError) as lost:
            client.close()
            raise smtp.interrupted() from lost
        except asyncio.CancelledError:
            client.close()
            raise
        return Line(client)

    def _put(self, line: Line, sound: bool) -> None:
        if not sound:
            line.client.close()
        elif self._closed or line.mails >= MOST_MAILS:
            self._end(line)
        else:
            line.since = time.monotonic()
            self._idle.append(line)
            asyncio.get_running_loop().call_later(self._idle_for, self._retire)

    def _retire(self) -> None:
        """End the connections that have been idle for long enough."""
        until = time.monotonic() - self._idle_for + 0.001
        for line in [each for each in self._idle if each.since <= until]:
            self._idle.remove(line)
            self._end(line)

    def _end(self, line: Line) -> None:
        task = asyncio.create_task(smtp.leave(line.client))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _reset(client: aiosmtplib.SMTP) -> bool:
    """Whether the connection can be used again after a refusal."""
    try:
        await client.rset()
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True
