"""Reading the mailboxes of accounts that we must ask. Each has a loop of its own and fails, or hangs, alone.

A mailbox is one worker's at a time (`polled_at` is until when), so that two do not keep two connections; should both
read it all the same, a mail seen twice is journalled once.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from channels import REGISTRY
from channels.base import Fetched, Mailbox
from core import clock, database
from core.desk import Desk
from core.errors import SendError, TryLater
from core.intake.accounts import UNREAD, note_read, note_trouble
from core.intake.journal import Journal
from core.intake.models import ChannelAccount
from core.tasks import end
from workers.adapters import Adapters

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
"""How long a mailbox stays a worker's that no longer says so."""
WAIT = 15.0
"""Seconds to listen for an announcement before looking all the same: some servers announce nothing."""
LONGEST = 300.0
"""Seconds that one look may take."""
PAUSE, LONGEST_PAUSE = 3.0, 60.0
"""Seconds before another look after one that failed; they double with each."""

TAKE = """
UPDATE channel_account SET polled_at = $2 WHERE id = $1 AND active AND (polled_at IS NULL OR polled_at < $3
  OR polled_at = $4)
"""
LEAVE = "UPDATE channel_account SET polled_at = NULL WHERE id = $1 AND polled_at = $2"


class Mailboxes:
    """Reads every active account that is a mailbox."""

    def __init__(self, desk: Desk, adapters: Adapters, journal: Journal) -> None:
        self._desk = desk
        self._adapters = adapters
        self._journal = journal
        self._loops: dict[UUID, asyncio.Task[None]] = {}

    async def look_after(self) -> None:
        """See that every active mailbox is being read, and no other."""
        self._loops = {account_id: loop for account_id, loop in self._loops.items() if not loop.done()}
        active = await ChannelAccount.filter(active=True).only("id", "kind")
        wanted = {each.id for each in active if issubclass(REGISTRY[each.kind], Mailbox)}
        for account_id in self._loops.keys() - wanted:
            await end(self._loops.pop(account_id))
        for account_id in wanted - self._loops.keys():
            self._loops[account_id] = asyncio.create_task(self._keep(account_id))

    async def close(self) -> None:
        """Stop reading, and leave the mailboxes to other workers."""
        loops, self._loops = self._loops, {}
        await end(*loops.values())

    async def _keep(self, account_id: UUID) -> None:
        lease = Lease(account_id)
        pause = PAUSE
        try:
            while True:
                well = await self._look(account_id, lease)
                pause = PAUSE if well else min(pause * 2, LONGEST_PAUSE)
                if not well:
                    await asyncio.sleep(pause / 2)
        finally:
            with suppress(*database.AWAY):
                await lease.leave()

    async def _look(self, account_id: UUID, lease: "Lease") -> bool:
        """Read what there is and listen for more; False when it went wrong, which is noted."""
        try:
            if not await lease.taken():
                await asyncio.sleep(PAUSE)
                return True
            adapter = await self._adapters.of(account_id)
            if isinstance(adapter, Mailbox):
                while await self._read_some(account_id, adapter):
                    await lease.taken()
                await note_read(account_id)
                await adapter.wait(WAIT)
        except SendError as problem:
            await _note(account_id, problem.reason)
        except database.AWAY as problem:
            log.warning("mailbox: database away", problem=type(problem).__name__)
        except Exception as problem:
            log.exception("mailbox failed", problem=type(problem).__name__)
            await _note(account_id, type(problem).__name__)
        else:
            return True
        return False

    async def _read_some(self, account_id: UUID, adapter: Mailbox) -> bool:
        """Journal the next mails and only then move the cursor; False when the mailbox held nothing new."""
        cursor = (await ChannelAccount.get(id=account_id)).cursor
        fetched, further = await _fetched(adapter, cursor)
        for each in fetched:
            await self._keep_mail(account_id, each)
        if further != cursor:
            await ChannelAccount.filter(id=account_id).update(cursor=further)
        if fetched:
            await self._desk.bell.ring("fold")
        return bool(fetched)

    async def _keep_mail(self, account_id: UUID, fetched: Fetched) -> None:
        if fetched.events:
            await self._journal.accept(account_id, fetched.events, fetched.raw)
        else:
            await self._journal.keep_unreadable(account_id, fetched.raw)


class Lease:
    """Which worker a mailbox belongs to: the one that knows what it last wrote there."""

    def __init__(self, account_id: UUID) -> None:
        self._account_id = account_id
        self._until: datetime | None = None

    async def taken(self) -> bool:
        """Take the mailbox or keep it; False while it is another worker's."""
        now = clock.now()
        until = now + LEASE
        if not await database.run(TAKE, self._account_id, until, now, self._until):
            return False
        self._until = until
        return True

    async def leave(self) -> None:
        """Leave it to others at once."""
        if self._until is not None:
            await database.run(LEAVE, self._account_id, self._until)


async def _fetched(adapter: Mailbox, cursor: str) -> tuple[Sequence[Fetched], str]:
    try:
        async with asyncio.timeout(LONGEST):
            return await adapter.fetch(cursor)
    except TimeoutError:
        raise TryLater("收信服务器长时间没有回答", code="imap") from None


async def _note(account_id: UUID, reason: str) -> None:
    with suppress(*database.AWAY):
        await note_trouble(account_id, f"{UNREAD}：{reason}")
