"""Fetching files that came by reference, before they expire at the provider (WeChat keeps them for three days)."""

import asyncio
from uuid import UUID

import structlog

from channels.base import MediaSource
from core import database
from core.conversations import files
from core.desk import Desk
from core.errors import Refused, TryLater
from core.privacy.cipher import CannotOpen
from workers.adapters import Adapters

log = structlog.get_logger(__name__)


async def fetch_all(desk: Desk, adapters: Adapters) -> None:
    """Fetch until nothing is due."""
    await desk.bell.heard("media")
    while claimed := await files.claim(8):
        await asyncio.gather(*(_fetch(desk, adapters, each) for each in claimed))


async def _fetch(desk: Desk, adapters: Adapters, attachment_id: UUID) -> None:
    """One file; whatever happens to it, the others are fetched."""
    try:
        await _one(desk, adapters, attachment_id)
    except CannotOpen:
        await files.lose(attachment_id)  # the person has been erased
    except database.AWAY:
        raise
    except Exception as problem:
        log.exception("media failed", problem=type(problem).__name__)  # its lease is its next try


async def _one(desk: Desk, adapters: Adapters, attachment_id: UUID) -> None:
    wanted = await files.wanted(desk, attachment_id)
    adapter = await adapters.of(wanted.account_id)
    try:
        if not isinstance(adapter, MediaSource):
            raise Refused("这个渠道不能取回文件")
        await files.keep(desk, attachment_id, await adapter.fetch_media(wanted.media))
    except TryLater as problem:
        log.info("media later", code=problem.code)  # its lease is its next try
    except Refused as problem:
        await files.lose(attachment_id)
        log.warning("media lost", code=problem.code)
    await desk.bell.announce({wanted.conversation_id})
