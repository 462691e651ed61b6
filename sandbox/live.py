"""Tells open pages that something changed. They fetch what they show; a slow page misses news, never truth."""

import asyncio
import json
from collections.abc import AsyncIterator

HEARTBEAT_SECONDS = 15.0


class Live:
    """Fans small news out to every open page as server-sent events."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[str | None]] = set()

    def tell(self, kind: str, **detail: object) -> None:
        news = json.dumps({"type": kind, **detail}, ensure_ascii=False)
        for page in self._pages:
            if not page.full():
                page.put_nowait(news)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        for page in self._pages:
            while not page.empty():
                page.get_nowait()
            page.put_nowait(None)

    async def stream(self) -> AsyncIterator[bytes]:
        page: asyncio.Queue[str | None] = asyncio.Queue(maxsize=500)
        self._pages.add(page)
        try:
            yield b": open\n\n"
            while True:
                try:
                    news = await asyncio.wait_for(page.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if news is None:
                    return
                yield f"data: {news}\n\n".encode()
        finally:
            self._pages.discard(page)
