"""The bell: tells workers that rows are waiting, and open inboxes that a conversation changed.

The database is the queue; this only saves the wait for the next sweep. Redis being away is never an error here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

LIVE = "yingda:live"
ANSWERED = "yingda:answered"
AWAY = (RedisError, OSError, asyncio.TimeoutError)


def bell_flag(work: str) -> str:
    """The key that stands while a ring has not been heard: a thousand rings make one job."""
    return f"yingda:bell:{work}"


class Bell:
    """Rings and listens. Every call returns quickly and quietly when Redis is away."""

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis

    @classmethod
    def at(cls, url: str) -> "Bell":
        """A bell on the Redis at `url`; connects when first used."""
        pool = BlockingConnectionPool.from_url(
            url, max_connections=20, timeout=1, socket_timeout=2, socket_connect_timeout=1
        )
        return cls(ArqRedis(connection_pool=pool))

    async def ring(self, work: str, after: timedelta = timedelta()) -> None:
        """Tell the workers that rows of this work are waiting."""
        with suppress(*AWAY):
            delayed = after > timedelta()
            if delayed or await self._redis.set(bell_flag(work), 1, nx=True, px=5000):
                await self._redis.enqueue_job(work, _job_id=uuid4().hex, _defer_by=after if delayed else None)

    async def heard(self, work: str) -> None:
        """A worker is about to look: a ring after this is a new one."""
        with suppress(*AWAY):
            await self._redis.delete(bell_flag(work))

    async def announce(self, conversations: set[UUID]) -> None:
        """Tell open inboxes which conversations changed. Ids only: this passes through Redis in the clear."""
        with suppress(*AWAY):
            for each in conversations:
                await self._redis.publish(LIVE, str(each))

    async def answered(self, inbound: set[UUID]) -> None:
        """Tell held calls that their events have been dealt with."""
        with suppress(*AWAY):
            for each in inbound:
                await self._redis.publish(ANSWERED, str(each))

    async def reachable(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(await self._redis.ping())
        except AWAY:
            return False

    async def listen(self, channel: str = LIVE) -> AsyncIterator[str]:
        """What is announced, for ever. `*` means: something may have been missed, look at everything again."""
        while True:
            try:
                async for each in self._heard_on(channel):
                    yield each
            except AWAY as problem:
                log.warning("bell away", problem=type(problem).__name__)
            yield "*"
            await asyncio.sleep(2)

    async def _heard_on(self, channel: str) -> AsyncIterator[str]:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as ear:
            await ear.subscribe(channel)
            yield "*"
            while True:
                message = await ear.get_message(timeout=1)
                if message is not None:
                    yield message["data"].decode()

    async def close(self) -> None:
        """Let go of the connections."""
        with suppress(*AWAY):
            await self._redis.aclose(close_connection_pool=True)


def redis_settings(url: str) -> RedisSettings:
    """The same Redis, as arq's worker wants it described."""
    return RedisSettings.from_dsn(url)
