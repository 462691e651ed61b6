"""The far side of email for tests: an account, written mails, an SMTP server and an IMAP server on loopback."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.base import RawCall
from channels.email.adapter import EmailChannel
from tests.channels.contract import account, no_http

MAILS = Path(__file__).parent / "mails"
SECRET = "only-for-tests"
VALUES = {
    "address": "service@desk.example",
    "display_name": "示例家电售后",
    "smtp_host": "127.0.0.1",
    "smtp_port": "2525",
    "smtp_security": "none",
    "hook_secret": SECRET,
    "authserv_id": "mx.desk.example",
}


def channel(**values: str) -> EmailChannel:
    """The adapter of an account with these values beside the usual ones."""
    return EmailChannel(account("email", {**VALUES, **values}), no_http())


def written(name: str) -> bytes:
    """One of our own mails, as it travels."""
    return (MAILS / f"{name}.eml").read_bytes()


def call(body: bytes, at: int | None = None, secret: str = SECRET) -> RawCall:
    """A signed call with a mail in it."""
    moment = int(time.time()) if at is None else at
    seal = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"content-type": "message/rfc822", "x-yingda-signature": f"t={moment},v1={seal}"}
    return RawCall("POST", "https://desk.example.com/hooks/email/acct1", {}, headers, body)


@dataclass
class Postbox:
    """An SMTP server's handler: keeps what it takes, answers as it is told."""

    rcpt: str = ""
    data: str = ""
    cut: str = ""
    """The command after which the connection is cut."""
    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    servers: list[SMTP] = field(default_factory=list)
    """One for each connection there has been."""

    def greet(self) -> SMTP:
        server = SMTP(self, loop=asyncio.get_running_loop(), hostname="mx.test")
        self.servers.append(server)
        return server

    @property
    def open(self) -> int:
        """Connections that clients still hold."""
        return sum(each.transport is not None and not each.transport.is_closing() for each in self.servers)

    def hang_up_all(self) -> None:
        for each in self.servers:
            self._hang_up(each)

    async def handle_RCPT(  # noqa: N802 # aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.cut == "RCPT":
            self._hang_up(server)
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.cut == "DATA":
            self._hang_up(server)
        if not self.data:
            self.taken.append(envelope)
        return self.data or "250 OK"

    def _hang_up(self, server: SMTP) -> None:
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()


@asynccontextmanager
async def smtp_server(postbox: Postbox) -> AsyncIterator[Postbox]:
    server = await asyncio.get_running_loop().create_server(postbox.greet, "127.0.0.1", 0)
    postbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield postbox


@dataclass
class Folder:
    """A mailbox behind a small real IMAP conversation (RFC 3501): by uid, the mails and the size it claims for them."""

    mails: dict[int, bytes] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    validity: int = 7
    password: str = "only-for-tests"
    port: int = 0
    offers: str = "IMAP4rev1 ID IDLE"
    heard: list[str] = field(default_factory=list)
    clients: list[asyncio.StreamWriter] = field(default_factory=list)
    idling: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    mute: bool = False
    """Never says a word."""

    def announce(self, line: str) -> None:
        """Tell the newest client, be it idling or not."""
        self.clients[-1].write(f"{line}\r\n".encode())

    def hang_up(self) -> None:
        for each in self.clients:
            each.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer)
        with suppress(ConnectionError):
            await self._converse(reader, writer)
        self.gone.set()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.mute:
            writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            if tag == "DONE":
                self.idling.clear()
                tag = "IDLE"
            self.heard.append(command)
            writer.write(self._answer(tag, command))
            await writer.drain()
            if command.startswith("LOGOUT"):
                break
        writer.close()

    def _answer(self, tag: str, command: str) -> bytes:
        done = f"{tag} OK done\r\n".encode()
        if command.startswith("CAPABILITY"):
            return f"* CAPABILITY {self.offers}\r\n".encode() + done
        if command == "IDLE":
            self.idling.set()
            return b"+ idling\r\n"
        if command.startswith("LOGIN"):
            return done if self.password in command else f"{tag} NO [AUTHENTICATIONFAILED] no\r\n".encode()
        if command.startswith("EXAMINE"):
            following = max(self.mails, default=0) + 1
            state = f"* OK [UIDVALIDITY {self.validity}] v\r\n* OK [UIDNEXT {following}] n\r\n"
            return f"* {len(self.mails)} EXISTS\r\n{state}".encode() + done
        if match := re.fullmatch(r"UID SEARCH UID (\d+):(\d+)", command):
            uids = [uid for uid in self.mails if int(match[1]) <= uid <= int(match[2])]
            return f"* SEARCH {' '.join(map(str, uids))}\r\n".encode() + done
        if match := re.fullmatch(r"UID FETCH (\d+) \((.+)\)", command):
            return self._part(int(match[1]), match[2]) + done
        return done

    def _part(self, uid: int, wanted: str) -> bytes:
        raw = self.mails[uid]
        if wanted == "RFC822.SIZE":
            return f"* 1 FETCH (UID {uid} RFC822.SIZE {self.sizes.get(uid, len(raw))})\r\n".encode()
        if wanted == "BODY.PEEK[HEADER]":
            raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return f"* 1 FETCH (UID {uid} {wanted.replace('.PEEK', '')} {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"


@asynccontextmanager
async def imap_server(folder: Folder) -> AsyncIterator[EmailChannel]:
    """The folder being served, and the channel that reads it."""
    server = await asyncio.start_server(folder.serve, "127.0.0.1", 0)
    folder.port = server.sockets[0].getsockname()[1]
    async with server:
        reader = channel(
            imap_host="127.0.0.1",
            imap_port=str(folder.port),
            imap_security="none",
            imap_user="service",
            imap_password="only-for-tests",
        )
        try:
            yield reader
        finally:
            await reader.close()
