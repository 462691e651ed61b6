"""What stands before the providers' HTTP APIs: faults happen here, and every call is recorded.

Pure ASGI, so that a connection can really be dropped after the request was processed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from sandbox.faults import Fault
from sandbox.wire import Call, readable, without_secrets
from sandbox.world import World

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

PROVIDERS = {"/wechat/": "wechat", "/twilio/": "sms", "/gateway/": "sms_cn"}
LONGEST_REQUEST = 32 * 1024 * 1024


@dataclass(slots=True)
class Answer:
    """A response on its way out."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    async def take(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            self.status, self.headers = event["status"], list(event.get("headers", ()))
        elif event["type"] == "http.response.body":
            self.body += event.get("body", b"")

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})

    def text(self) -> str:
        kinds = [value.decode() for name, value in self.headers if name.lower() == b"content-type"]
        return readable(bytes(self.body), kinds[0] if kinds else "")


class _Cycle(Protocol):
    """The server's side of one request: uvicorn passes its bound `send`."""

    transport: asyncio.Transport


class Gate:
    """Wraps the application."""

    def __init__(self, app: Asgi, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        provider = next((name for prefix, name in PROVIDERS.items() if path.startswith(prefix)), None)
        if scope["type"] != "http" or provider is None:
            await self._app(scope, receive, send)
            return
        await self._guard(provider, scope, receive, send)

    async def _guard(self, provider: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole(receive)
        call = self._call(provider, scope, body)
        started = time.monotonic()
        answer, kept_back = await self._answer(provider, scope, body, call)
        call.status, call.answer = answer.status, answer.text()
        call.took_ms = round((time.monotonic() - started) * 1000)
        self._world.record(call)
        if kept_back:
            await _hang_up(send, receive)
        else:
            await answer.send(send)

    async def _answer(self, provider: str, scope: Scope, body: bytes, call: Call) -> tuple[Answer, bool]:
        """The answer, and whether it is kept from the caller."""
        path = scope["path"]
        if slow := self._take(provider, "slow", path):
            call.note = f"故障：慢 {slow.seconds:g} 秒"
            await asyncio.sleep(slow.seconds)
        if self._take(provider, "cut", path):
            call.note = "故障：没有处理就断开"
            return Answer(), True
        if fault := self._take(provider, "status", path):
            call.note = f"故障：{fault.status}"
            return _failure(fault), False
        dropped = self._take(provider, "drop", path)
        if dropped:
            call.note = "故障：处理之后断开，没有应答"
        answer = Answer()
        await self._app(scope, _replay(body), answer.take)
        return answer, dropped is not None

    def _take(self, provider: str, kind: str, path: str) -> Fault | None:
        return self._world.faults.take(provider, kind, path=path)

    def _call(self, provider: str, scope: Scope, body: bytes) -> Call:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope.get("query_string", b"").decode("latin-1")
        return Call(
            provider=provider,
            direction="from_product",
            method=scope["method"],
            url=scope["path"] + (f"?{query}" if query else ""),
            at=self._world.clock.now(),
            headers=without_secrets(headers),
            body=readable(body, headers.get("content-type", "")),
        )


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more and len(body) <= LONGEST_REQUEST:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return bytes(body)


def _replay(body: bytes) -> Receive:
    events = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Event:
        event = next(events, None)
        if event is None:
            await asyncio.Event().wait()  # the caller never leaves early: its answer is collected whole
        return cast("Event", event)

    return receive


def _failure(fault: Fault) -> Answer:
    text = f"<html><body><h1>{fault.status}</h1></body></html>".encode()
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(text)).encode())]
    if fault.status == 429 and fault.seconds:
        headers.append((b"retry-after", f"{fault.seconds:.0f}".encode()))
    return Answer(fault.status, headers, bytearray(text))


async def _hang_up(send: Send, receive: Receive) -> None:
    """Close the socket under the request, as a provider's front end that dies."""
    cast("_Cycle", getattr(send, "__self__", None)).transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
