"""What stands where the product would be: every hook below one address, recording what it is called with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass(frozen=True)
class Ports:
    """Where the sandbox listens."""

    http: int
    smtp: int
    imap: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.http}"


@dataclass(frozen=True)
class Got:
    """One callback as the product got it."""

    method: str
    url: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Reply = Callable[[Got], web.Response]


def nothing(_got: Got) -> web.Response:
    return web.Response(text="")


@dataclass
class Product:
    """Stands where the product would: every hook below one address."""

    base: str = ""
    got: list[Got] = field(default_factory=list)
    reply: Reply = nothing
    delay: float = 0.0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def heard(self, number: int) -> list[Got]:
        """Wait for so many calls."""
        async with asyncio.timeout(10), self.news:
            await self.news.wait_for(lambda: len(self.got) >= number)
        return self.got

    async def take(self, request: web.Request) -> web.Response:
        got = Got(
            request.method,
            str(request.url),
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        async with self.news:
            self.got.append(got)
            self.news.notify_all()
        answer = self.reply(got)
        await asyncio.sleep(self.delay)
        return answer

    def reset(self) -> None:
        self.got.clear()
        self.reply, self.delay = nothing, 0.0
