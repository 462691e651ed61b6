"""Accounts with their adapters at hand, so that a call costs no query; a change is seen within seconds."""

import re
import time
from dataclasses import dataclass
from uuid import UUID

import aiohttp

from channels import open_channel, with_defaults
from channels.base import Account, Channel
from core.desk import Desk
from core.intake.accounts import hook_url, opened
from core.intake.models import ChannelAccount

FRESH = 5.0
"""Seconds for which an opened account is believed."""

PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
"""What stands in a path of ours; anything else is a stranger's, and some of it no database takes."""


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """An active account and the adapter that speaks for it."""

    id: UUID
    kind: str
    adapter: Channel


class OpenAccounts:
    """Finds accounts by the id in a webhook's path."""

    def __init__(self, desk: Desk, http: aiohttp.ClientSession) -> None:
        self._desk = desk
        self._http = http
        self._found: dict[tuple[str, str], tuple[float, OpenAccount | None]] = {}

    async def find(self, kind: str, public_id: str) -> OpenAccount | None:
        """An active account, or None. Only ids that exist are remembered: strangers cannot fill the memory."""
        until, known = self._found.get((kind, public_id), (0.0, None))
        if time.monotonic() < until:
            return known
        if kind not in self._desk.facts or not PUBLIC_ID.fullmatch(public_id):
            return None
        row = await ChannelAccount.get_or_none(kind=kind, public_id=public_id, active=True)
        if row is None:
            self._found.pop((kind, public_id), None)
            return None
        account = OpenAccount(row.id, row.kind, await adapter_of(self._desk, row, self._http))
        self._found[kind, public_id] = (time.monotonic() + FRESH, account)
        return account


async def adapter_of(desk: Desk, row: ChannelAccount, http: aiohttp.ClientSession) -> Channel:
    """The adapter of an account, with its values opened."""
    values = with_defaults(row.kind, await opened(desk, row))
    account = Account(row.id, row.public_id, hook_url(desk, row.kind, row.public_id), values)
    return open_channel(row.kind, account, http)
