"""Fetching files that came by reference, before they expire at the provider (WeChat keeps them for three days)."""

from uuid import UUID

import structlog

from channels.base import MediaSource
from core.conversations import files
from core.desk import Desk
from core.errors import Refused, TryLater
from workers.adapters import Adapters

log = structlog.get_logger(__name__)


async def fetch_all(desk: Desk, adapters: Adapters) -> None:
    """Fetch until nothing is due."""
    await desk.bell.heard("media")
    while claimed := await files.claim(8):
        for each in claimed:
            await _fetch(desk, adapters, each)


async def _fetch(desk: Desk, adapters: Adapters, attachment_id: UUID) -> None:
    wanted = await files.wanted(desk, attachment_id)
    adapter = await adapters.of(wanted.account_id)
    try:
        if not isinstance(adapter, MediaSource):
            raise Refused("这个渠道不能取回文件")
        media = await adapter.fetch_media(wanted.media)
        await files.keep(desk, attachment_id, media)
    except TryLater as problem:
        log.info("media later", code=problem.code)  # its lease is its next try
    except Refused as problem:
        await files.lose(attachment_id)
        log.warning("media lost", code=problem.code)
    await desk.bell.announce({wanted.conversation_id})
