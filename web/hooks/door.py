"""The door: a small ASGI application beside Quart, since a framework's request costs more than all the work in here.

verify → parse → one durable write → answer. Nothing is answered before the journal has it; nothing is thought about
before the provider has its answer, except for the moment in which an answer may still travel back inside the call.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import structlog

from channels.base import Answer, RawCall, Webhook
from core import clock, database, metrics
from core.desk import Desk
from core.errors import RejectedCall, UnreadablePayload
from core.intake.journal import Journal, JournalFull, Written
from web.hooks.kept import pack
from web.hooks.opened import OpenAccount, OpenAccounts
from web.hooks.waiting import Waiting

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST_BODY = 30 * 1024 * 1024
"""A mail of 25 MB with its encoding; everything else is far smaller."""

DEADLINE = 4.0
"""Seconds from call to answer: WeChat hangs up after 5, Twilio after 15."""

NOT_FOUND = Answer("no such account", 404)
REJECTED = Answer("rejected", 403)
TOO_LARGE = Answer("too large", 413)
NOT_ALLOWED = Answer("not allowed", 405)
LATER = Answer("try again", 503)


class TooLarge(Exception):
    """The body goes on past what any provider sends."""


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
        kind, _, public_id = scope["path"].removeprefix("/hooks/").partition("/")
        try:
            async with asyncio.timeout(DEADLINE):
                account = await self._accounts.find(kind, public_id)
                if account is None or not isinstance(account.adapter, Webhook):
                    return NOT_FOUND
                if scope["method"] not in {"GET", "POST"}:
                    return NOT_ALLOWED
                return await self._take(account, account.adapter, await self._call(scope, receive))
        except TooLarge:
            return TOO_LARGE
        except (JournalFull, *database.AWAY) as problem:
            log.warning("intake away", problem=type(problem).__name__)
            return LATER

    async def _call(self, scope: Scope, receive: Receive) -> RawCall:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            body += message.get("body", b"")
            if len(body) > LARGEST_BODY:
                raise TooLarge
            if not message.get("more_body"):
                break
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        return RawCall(
            method=scope["method"],
            url=self._desk.settings.public_url + path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=bytes(body),
        )

    async def _take(self, account: OpenAccount, adapter: Webhook, call: RawCall) -> Answer:
        try:
            adapter.verify(call)
            events = adapter.parse(call)
        except RejectedCall:
            metrics.taken_in(account.kind, "refused")
            return REJECTED
        except UnreadablePayload:
            await self._journal.keep_unreadable(account.id, pack(call), call.body)
            metrics.taken_in(account.kind, "unreadable")
            return adapter.answer(call)
        if not events:
            return adapter.answer(call)
        hold = self._hold(account)
        written = await self._journal.accept(account.id, events, call.body, clock.now() + hold if hold else None)
        metrics.taken_in(account.kind, "accepted")
        await self._ring(written)
        return adapter.answer(call, await self._waiting.answer(written[0], hold) if hold else "")

    def _hold(self, account: OpenAccount) -> timedelta:
        """How long this call may wait for an answer to carry back."""
        if not self._desk.facts[account.kind].answers_in_call:
            return timedelta()
        return timedelta(milliseconds=self._desk.settings.answer_wait_ms)

    async def _ring(self, written: list[Written]) -> None:
        if not all(each.again for each in written):
            self._waiting.spawn(self._desk.bell.ring("fold"))
