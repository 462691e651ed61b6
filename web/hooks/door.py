"""The door: a small ASGI application beside Quart, since a framework's request costs more than all the work in here.

verify → parse → one durable write → answer. Nothing is answered before the journal has it; nothing is thought about
before the provider has its answer, except for the moment in which an answer may still travel back inside the call.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import structlog

from channels.base import Answer, RawCall, Webhook
from core import clock, database, metrics
from core.desk import Desk
from core.errors import RejectedCall, UnreadablePayload
from core.intake.journal import Journal, JournalFull
from core.messages import Event
from web.hooks.kept import pack
from web.hooks.opened import OpenAccount, OpenAccounts
from web.hooks.waiting import Waiting

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DEADLINE = 3.0
"""Seconds in which an event must be durable: WeChat hangs up after 5, Twilio after 15."""

READING = 30.0
"""Seconds that a caller has to say what it came for."""

LONG = 256 * 1024
"""Bytes from which on a payload is read in a thread, so that a large mail holds up nobody's short message."""

NOT_FOUND = Answer("no such account", 404)
REJECTED = Answer("rejected", 403)
TOO_LARGE = Answer("too large", 413)
NOT_ALLOWED = Answer("not allowed", 405)
NOT_UNDERSTOOD = Answer("not understood", 400)
LATER = Answer("try again", 503)


class TooLarge(Exception):
    """The body goes on past what a provider of this kind sends."""


class HungUp(Exception):
    """The caller left in the middle; half a body means nothing."""


class Door:
    """Answers /hooks/<kind>/<public id>."""

    def __init__(self, desk: Desk, journal: Journal, accounts: OpenAccounts, waiting: Waiting) -> None:
        self._desk = desk
        self._journal = journal
        self._accounts = accounts
        self._waiting = waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of a provider."""
        answer = await self._answer(scope, receive)
        headers = [(b"content-type", answer.content_type.encode()), (b"x-content-type-options", b"nosniff")]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body.encode()})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        try:
            return await self._taken(scope, receive)
        except TooLarge:
            return TOO_LARGE
        except HungUp:
            return NOT_UNDERSTOOD
        except (JournalFull, *database.AWAY) as problem:
            log.warning("intake away", problem=type(problem).__name__)
            return LATER

    async def _taken(self, scope: Scope, receive: Receive) -> Answer:
        kind, _, public_id = scope["path"].removeprefix("/hooks/").partition("/")
        async with asyncio.timeout(DEADLINE):
            account = await self._accounts.find(kind, public_id)
        if account is None or not isinstance(account.adapter, Webhook):
            return NOT_FOUND
        if scope["method"] not in {"GET", "POST"}:
            return NOT_ALLOWED
        async with asyncio.timeout(READING):
            call = await self._call(scope, receive, self._desk.facts[kind].largest_call)
        return await self._take(account, account.adapter, call)

    async def _call(self, scope: Scope, receive: Receive, largest: int) -> RawCall:
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        return RawCall(
            method=scope["method"],
            url=self._desk.settings.public_url + path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=await _body(receive, largest),
        )

    async def _take(self, account: OpenAccount, adapter: Webhook, call: RawCall) -> Answer:
        try:
            events = await _events(adapter, call)
        except RejectedCall:
            metrics.taken_in(account.kind, "refused")
            return REJECTED
        except UnreadablePayload as problem:
            async with asyncio.timeout(DEADLINE):
                await self._journal.keep_unreadable(account.id, pack(call), call.body)
            metrics.taken_in(account.kind, "unreadable")
            events = problem.events
        return await self._keep(account, adapter, call, events) if events else adapter.answer(call)

    async def _keep(self, account: OpenAccount, adapter: Webhook, call: RawCall, events: Sequence[Event]) -> Answer:
        """Write the events down, and answer once they are safe."""
        hold, began = self._hold(account), time.monotonic()
        until = clock.now() + hold if hold else None
        async with asyncio.timeout(DEADLINE):
            written = await self._journal.accept(account.id, events, call.body, until)
        metrics.taken_in(account.kind, "accepted")
        if not all(each.again for each in written):
            self._waiting.spawn(self._desk.bell.ring("fold"))
        left = hold.total_seconds() - (time.monotonic() - began)
        return adapter.answer(call, await self._waiting.answer(written[0], left) if hold else "")

    def _hold(self, account: OpenAccount) -> timedelta:
        """How long this call may wait for an answer to carry back."""
        if not self._desk.facts[account.kind].answers_in_call:
            return timedelta()
        return timedelta(milliseconds=self._desk.settings.answer_wait_ms)


async def _events(adapter: Webhook, call: RawCall) -> Sequence[Event]:
    """What a call says, once it is known to be the provider's."""
    if len(call.body) > LONG:
        return await asyncio.to_thread(_verified, adapter, call)
    return _verified(adapter, call)


def _verified(adapter: Webhook, call: RawCall) -> Sequence[Event]:
    adapter.verify(call)
    try:
        return adapter.parse(call)
    except (RejectedCall, UnreadablePayload):
        raise
    except Exception as problem:
        log.exception("adapter stumbled", problem=type(problem).__name__)
        raise UnreadablePayload("the adapter's own mistake") from None  # the provider gives up long before we mend it


async def _body(receive: Receive, largest: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        body += message.get("body", b"")
        if len(body) > largest:
            raise TooLarge
        if not message.get("more_body"):
            return bytes(body)
