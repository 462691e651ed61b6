"""The provider's side of a send: a real server on loopback that does what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Provider:
    """Keeps what it was asked, and answers by `behave`."""

    base: str = ""
    behave: Behaviour | None = None
    asked: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.asked.append(request)
        assert self.behave is not None, "the test did not say how the provider behaves"
        return await self.behave(request)


@asynccontextmanager
async def running() -> AsyncIterator[Provider]:
    """A provider that listens on a free port."""
    provider = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    provider.base = f"http://{host}:{port}"
    yield provider
    await runner.cleanup()


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Take the whole request, then drop the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def keep_silent(_request: web.Request) -> web.StreamResponse:
    """Take the whole request and never answer."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def answering(status: int, text: str = "", **headers: str) -> Behaviour:
    """Answer every request the same."""

    async def behave(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return behave
