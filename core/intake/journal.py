"""The journal: every event is written once, durably, before its provider is answered.

Writes share commits. There is no timer: a batch forms by itself while the batches before it are on their way, and each
caller is answered only after the batch with its event has been committed.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from core import clock, database
from core.desk import Desk
from core.errors import YingdaError
from core.ids import new_id
from core.intake.codec import encode
from core.intake.models import InboundState
from core.messages import Event
from core.privacy.cipher import Key

MOST_IN_BATCH = 256
MOST_BYTES_IN_BATCH = 8 * 1024 * 1024
MOST_WAITING = 4096
MOST_BYTES_WAITING = 128 * 1024 * 1024
BATCHES_AT_ONCE = 2

EVENT = "inbound.event"
RAW = "inbound.raw"

INSERT = """
INSERT INTO inbound (id, account_id, dedupe, state, event_sealed, raw_sealed, size, received_at, due_at, awaited_until)
SELECT id, account_id, dedupe, state, event, raw, size, received, received, awaited
FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::bytea[], $6::bytea[], $7::int[],
            $8::timestamptz[], $9::timestamptz[])
     AS given (id, account_id, dedupe, state, event, raw, size, received, awaited)
ORDER BY account_id, dedupe, id
ON CONFLICT (account_id, dedupe) DO NOTHING
RETURNING id
"""

EXISTING = """
SELECT inbound.id, inbound.account_id, inbound.dedupe
FROM inbound JOIN unnest($1::uuid[], $2::bytea[]) AS given (account_id, dedupe) USING (account_id, dedupe)
"""


class JournalFull(YingdaError):
    """More is waiting than we can promise to write in time; the provider should come again."""


@dataclass(slots=True)
class Entry:
    """One row on its way into the journal; `done` holds the id that stands for it, ours or an earlier one's."""

    account_id: UUID
    dedupe: bytes
    state: str
    event: bytes | None
    raw: bytes | None
    received_at: datetime
    awaited_until: datetime | None
    id: UUID = field(default_factory=new_id)
    done: "asyncio.Future[UUID]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def size(self) -> int:
        return len(self.event or b"") + len(self.raw or b"")


@dataclass(frozen=True, slots=True)
class Written:
    """Where an event stands in the journal: `again` if it had come before."""

    id: UUID
    again: bool


class Journal:
    """The writing end of the journal; one for each process that takes in events."""

    def __init__(self, desk: Desk, key: Key) -> None:
        self._desk = desk
        self._key = key
        self._waiting: deque[Entry] = deque()
        self._writers: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, desk: Desk) -> "Journal":
        """A journal whose key is at hand."""
        return cls(desk, await desk.keyring.system("journal"))

    async def accept(
        self, account_id: UUID, events: Sequence[Event], raw: bytes, awaited_until: datetime | None = None
    ) -> list[Written]:
        """Write the events of one call; return when they are durable. The raw payload stays with the first of them.

        Raise `JournalFull`, or whatever the database raised.
        """
        entries = [
            self._entry(account_id, each.dedupe_key, encode(each), b"" if at else raw, awaited_until)
            for at, each in enumerate(events)
        ]
        return await self._written(entries)

    async def keep_unreadable(self, account_id: UUID, raw: bytes, same: bytes = b"") -> Written:
        """Keep a genuine payload that could not be parsed, for an administrator to look at.

        `same` is the part of it that is equal when the provider repeats the call; empty: all of it.
        """
        entry = self._entry(account_id, f"unreadable {sha256(same or raw).hexdigest()}", None, raw, None)
        return (await self._written([entry]))[0]

    def _entry(
        self, account_id: UUID, dedupe: str, event: bytes | None, raw: bytes, awaited_until: datetime | None
    ) -> Entry:
        entry = Entry(
            account_id=account_id,
            dedupe=self._desk.index.of("dedupe", dedupe),
            state=InboundState.RECEIVED if event else InboundState.UNREADABLE,
            event=None,
            raw=None,
            received_at=clock.now(),
            awaited_until=awaited_until,
        )
        entry.event = self._key.seal(EVENT, entry.id, event) if event else None
        entry.raw = self._key.seal(RAW, entry.id, raw) if raw else None
        return entry

    async def _written(self, entries: list[Entry]) -> list[Written]:
        heavy = sum(each.size for each in self._waiting) > MOST_BYTES_WAITING
        if heavy or len(self._waiting) + len(entries) > MOST_WAITING:
            raise JournalFull
        self._waiting.extend(entries)
        if len(self._writers) < BATCHES_AT_ONCE:
            writer = asyncio.create_task(self._write_waiting())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        await asyncio.wait([each.done for each in entries])
        return [Written(each.done.result(), each.done.result() != each.id) for each in entries]

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            try:
                await _insert(batch)
            except Exception as problem:  # noqa: BLE001 it belongs to the callers that wait
                if database.passing(problem):
                    _fail(batch, problem)  # at once: their providers come again
                else:
                    await _insert_one_by_one(batch)  # one entry must not fail its neighbours

    def _next_batch(self) -> list[Entry]:
        batch, size = [self._waiting.popleft()], 0
        while self._waiting and len(batch) < MOST_IN_BATCH and size < MOST_BYTES_IN_BATCH:
            size += self._waiting[0].size
            batch.append(self._waiting.popleft())
        return batch


async def _insert(batch: list[Entry]) -> None:
    """Write a batch in one statement and tell each caller which row stands for its event."""
    new = {row["id"] for row in await database.rows(INSERT, *_columns(batch))}
    old = [each for each in batch if each.id not in new]
    existing: dict[tuple[UUID, bytes], UUID] = {}
    if old:
        found = await database.rows(EXISTING, [each.account_id for each in old], [each.dedupe for each in old])
        existing = {(row["account_id"], bytes(row["dedupe"])): row["id"] for row in found}
    for each in batch:
        if not each.done.done():
            each.done.set_result(each.id if each.id in new else existing[each.account_id, each.dedupe])


def _columns(batch: list[Entry]) -> list[list[object]]:
    return [
        [each.id for each in batch],
        [each.account_id for each in batch],
        [each.dedupe for each in batch],
        [each.state for each in batch],
        [each.event for each in batch],
        [each.raw for each in batch],
        [each.size for each in batch],
        [each.received_at for each in batch],
        [each.awaited_until for each in batch],
    ]


async def _insert_one_by_one(batch: list[Entry]) -> None:
    for each in batch:
        try:
            await _insert([each])
        except Exception as problem:  # noqa: BLE001 it belongs to the caller that waits for this entry
            _fail([each], problem)


def _fail(batch: list[Entry], problem: Exception) -> None:
    for each in batch:
        if not each.done.done():
            each.done.set_exception(problem)
