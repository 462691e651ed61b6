"""What one test's account is called with: late calls of the tests before it go elsewhere."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from channels.base import RawCall, Webhook
from core.messages import Event
from tests.sandbox.standin import Got, Product


@dataclass
class Listener:
    """Stands at a hook of its own."""

    product: Product
    hook: str

    async def calls(self, number: int = 1) -> list[RawCall]:
        """Wait for so many calls."""
        async with asyncio.timeout(10), self.product.news:
            await self.product.news.wait_for(lambda: len(self._got()) >= number)
        return [RawCall(got.method, got.url, got.query, got.headers, got.body) for got in self._got()]

    async def hears(self, adapter: Webhook, number: int = 1) -> Sequence[Event]:
        """The events of the latest of so many genuine calls."""
        latest = (await self.calls(number))[-1]
        adapter.verify(latest)
        return adapter.parse(latest)

    def _got(self) -> list[Got]:
        return [got for got in self.product.got if got.url == self.hook]


def listen(product: Product, kind: str) -> Listener:
    """A listener at a new address."""
    return Listener(product, f"{product.base}/hooks/{kind}/{uuid4().hex}")
