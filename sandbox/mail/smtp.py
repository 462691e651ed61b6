"""SMTP, where the product hands in its letters: aiosmtpd's protocol in our loop, with our faults."""

import asyncio
from email.utils import parseaddr
from typing import cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.faults import Fault
from sandbox.mail.post import MailPost
from sandbox.wire import Call, readable
from sandbox.world import World

LARGEST_LETTER = 25 * 1024 * 1024


class Reception:
    """What happens at each step of a session (aiosmtpd's handler)."""

    def __init__(self, world: World, post: MailPost) -> None:
        self._world = world
        self._post = post

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        """A login is checked where one is given; without one letters are taken, too."""
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        known = self._post.login(given.login.decode(), given.password.decode())
        return AuthResult(success=known is not None, handled=False)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._world.faults.take("smtp", "cut"):
            _hang_up(server)
            return "421 4.3.0 closing"
        if fault := self._world.faults.take("smtp", "reject", recipient=address):
            return self._refused(address, f"{fault.code} 5.7.1 this recipient takes no mail from you")
        if fault := self._coded("rcpt", address):
            return self._refused(address, f"{fault.code} {_enhanced(fault)} told to refuse")
        at_home = self._world.people.at(address) or address.lower() in self._post.accounts
        if not at_home:
            return self._refused(address, "550 5.1.1 no such user here")
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        call = self._call(envelope, raw)
        if slow := self._world.faults.take("smtp", "slow"):
            call.note = f"故障：慢 {slow.seconds:g} 秒"
            await asyncio.sleep(slow.seconds)
        if fault := self._coded("data", ""):
            call.status, call.note = fault.code, f"故障：{fault.code}"
            self._world.record(call)
            return f"{fault.code} {_enhanced(fault)} told to refuse"
        dropped = self._world.faults.take("smtp", "drop")
        self._distribute(envelope, raw)
        call.status, call.answer = 250, "250 2.0.0 OK"
        if dropped:
            call.status, call.answer, call.note = 0, "", "故障：收下之后断开，没有应答"
            _hang_up(server)
        self._world.record(call)
        return "250 2.0.0 OK"

    def _distribute(self, envelope: Envelope, raw: bytes) -> None:
        for recipient in envelope.rcpt_tos:
            if self._world.faults.take("smtp", "bounce", recipient=recipient):
                self._post.send_back(recipient, parseaddr(envelope.mail_from or "")[1], raw)
            else:
                self._post.receive(recipient, raw)

    def _coded(self, stage: str, recipient: str) -> Fault | None:
        """The fault that gives a code at this stage, if one is on."""
        return self._world.faults.take("smtp", "code", recipient=recipient, path=stage)

    def _refused(self, recipient: str, answer: str) -> str:
        call = self._call(None, b"")
        call.method, call.url, call.status, call.answer = "RCPT", recipient, int(answer[:3]), answer
        self._world.record(call)
        return answer

    def _call(self, envelope: Envelope | None, raw: bytes) -> Call:
        return Call(
            provider="smtp",
            direction="from_product",
            method="DATA",
            url=", ".join(envelope.rcpt_tos) if envelope else "",
            at=self._world.clock.now(),
            headers={"MAIL FROM": envelope.mail_from or "<>"} if envelope else {},
            body=readable(raw),
        )


async def serve_smtp(world: World, post: MailPost, host: str, port: int) -> asyncio.Server:
    """Listen for the product's letters."""
    reception = Reception(world, post)

    def session() -> asyncio.StreamReaderProtocol:
        return cast(
            "asyncio.StreamReaderProtocol",
            SMTP(
                reception,
                hostname="mx.example.com",
                ident="ESMTP sandbox",
                data_size_limit=LARGEST_LETTER,
                enable_SMTPUTF8=True,
                auth_require_tls=False,
                authenticator=reception.authenticate,
                loop=asyncio.get_running_loop(),
            ),
        )

    return await asyncio.get_running_loop().create_server(session, host, port)


def _enhanced(fault: Fault) -> str:
    return "4.3.0" if fault.code < 500 else "5.3.0"


def _hang_up(server: SMTP) -> None:
    if server.transport:
        server.transport.close()
