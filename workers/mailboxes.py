"""Reading the mailboxes of accounts that we must ask. Each fails alone; a mail seen twice is journalled once."""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog

from channels.base import Fetched, Mailbox
from core import clock, database
from core.desk import Desk
from core.errors import SendError
from core.intake.accounts import UNREAD, note_read, note_trouble
from core.intake.journal import Journal
from core.intake.models import ChannelAccount
from workers.adapters import Adapters

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=3)

TAKE = "UPDATE channel_account SET polled_at = $2 WHERE id = $1 AND (polled_at IS NULL OR polled_at < $3)"


class Mailboxes:
    """Reads every active account that is a mailbox."""

    def __init__(self, desk: Desk, adapters: Adapters, journal: Journal) -> None:
        self._desk = desk
        self._adapters = adapters
        self._journal = journal

    async def read_all(self) -> None:
        """Read each mailbox that no other worker has read just now."""
        accounts = await ChannelAccount.filter(active=True).only("id")
        await asyncio.gather(*(self._read(each.id) for each in accounts))

    async def _read(self, account_id: UUID) -> None:
        try:
            adapter = await self._adapters.of(account_id)
            now = clock.now()
            if not isinstance(adapter, Mailbox) or not await database.run(TAKE, account_id, now, now - EVERY):
                return
            while await self._read_some(account_id, adapter):
                pass
            await note_read(account_id)
        except SendError as problem:
            await note_trouble(account_id, f"{UNREAD}：{problem.reason}")
        except database.AWAY:
            raise
        except Exception as problem:
            log.exception("mailbox failed", problem=type(problem).__name__)
            await note_trouble(account_id, f"{UNREAD}：{type(problem).__name__}")

    async def _read_some(self, account_id: UUID, adapter: Mailbox) -> bool:
        """Journal the next mails and only then move the cursor; False when the mailbox held nothing new."""
        cursor = (await ChannelAccount.get(id=account_id)).cursor
        fetched, further = await adapter.fetch(cursor)
        for each in fetched:
            await self._keep(account_id, each)
        if further != cursor:
            await ChannelAccount.filter(id=account_id).update(cursor=further)
        if fetched:
            await self._desk.bell.ring("fold")
        return bool(fetched)

    async def _keep(self, account_id: UUID, fetched: Fetched) -> None:
        if fetched.events:
            await self._journal.accept(account_id, fetched.events, fetched.raw)
        else:
            await self._journal.keep_unreadable(account_id, fetched.raw)
