"""The adapters of active accounts, opened for sending and fetching; a changed account is opened anew."""

import asyncio
import time
from uuid import UUID

import aiohttp

from channels import open_channel, with_defaults
from channels.base import Account, Channel, Connected
from core.desk import Desk
from core.intake.accounts import find_account, hook_url, opened
from core.intake.models import ChannelAccount

FRESH = 5.0
"""Seconds for which an opened adapter is believed; after that it is kept only if the account has not changed."""


class Adapters:
    """One adapter for each account, kept because it holds the provider's access token and connections."""

    def __init__(self, desk: Desk, http: aiohttp.ClientSession) -> None:
        self._desk = desk
        self._http = http
        self._open: dict[UUID, tuple[float, bytes, Channel]] = {}
        self._opening = asyncio.Lock()

    async def of(self, account_id: UUID) -> Channel:
        """The adapter of an account."""
        async with self._opening:
            until, sealed, adapter = self._open.get(account_id, (0.0, b"", None))
            if adapter is not None and time.monotonic() < until:
                return adapter
            row = await find_account(account_id)
            if adapter is None or row.values_sealed != sealed:
                before, adapter = adapter, await self._opened(row)
                await _close(before)
            self._open[account_id] = (time.monotonic() + FRESH, row.values_sealed, adapter)
            return adapter

    async def close(self) -> None:
        """Let go of all connections that adapters keep."""
        for _, _, adapter in self._open.values():
            await _close(adapter)
        self._open.clear()

    async def _opened(self, row: ChannelAccount) -> Channel:
        values = with_defaults(row.kind, await opened(self._desk, row))
        url = hook_url(self._desk, row.kind, row.public_id)
        return open_channel(row.kind, Account(row.id, row.public_id, url, values), self._http)


async def _close(adapter: Channel | None) -> None:
    if isinstance(adapter, Connected):
        await adapter.close()
