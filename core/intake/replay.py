"""Giving stuck journal rows another chance, once somebody has seen to what stopped them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core import clock, database
from core.desk import Desk
from core.errors import NotAllowed, NotFound, UnreadablePayload
from core.intake.codec import encode
from core.intake.journal import EVENT, RAW
from core.intake.models import ChannelAccount, Inbound, InboundState
from core.messages import Event
from core.staff import audit

Parse = Callable[[ChannelAccount, bytes], Sequence[Event]]
"""Reads a raw payload again, with the account's adapter: the core knows no provider."""


@dataclass(frozen=True, slots=True)
class StuckInbound:
    """A journal row that became nothing yet; what it says stays sealed."""

    id: UUID
    account_id: UUID
    channel: str
    state: str
    error: str
    received_at: datetime
    size: int


async def stuck_inbound(limit: int = 50, before: datetime | None = None) -> list[StuckInbound]:
    """Rows that could not be read or folded, newest first."""
    found = await database.rows(
        "SELECT inbound.id, account_id, kind, state, error, received_at, size FROM inbound"
        " JOIN channel_account ON channel_account.id = account_id"
        " WHERE state IN ('failed', 'unreadable') AND ($2::timestamptz IS NULL OR received_at < $2)"
        " ORDER BY received_at DESC LIMIT $1",
        limit,
        before,
    )
    return [
        StuckInbound(r["id"], r["account_id"], r["kind"], r["state"], r["error"], r["received_at"], r["size"])
        for r in found
    ]


async def replay(desk: Desk, inbound_id: UUID, parse: Parse, staff_id: UUID | None) -> None:
    """Put a stuck row back among the waiting ones; an unreadable one is read again first.

    Raise `NotFound`, or `NotAllowed` where it still cannot be read.
    """
    async with database.transaction():
        row = await Inbound.select_for_update().get_or_none(id=inbound_id)
        if row is None or row.state not in {InboundState.FAILED, InboundState.UNREADABLE}:
            raise NotFound("这条记录不存在，或已经处理")
        if row.state == InboundState.UNREADABLE:
            await _read_again(desk, row, parse)
        await Inbound.filter(id=row.id).update(state=InboundState.RECEIVED, due_at=clock.now(), tries=0, error="")
        await audit.append("inbound.replay", f"inbound {row.id}", staff_id=staff_id, detail=f"was {row.state}")
    await desk.bell.ring("fold")


async def _read_again(desk: Desk, row: Inbound, parse: Parse) -> None:
    """Read the payload as the adapter understands it today, and give the row its event."""
    key = await desk.keyring.system("journal")
    if row.raw_sealed is None:
        raise NotAllowed("原始内容已过保存期，无法重新处理")
    account = await ChannelAccount.get(id=row.account_id)
    try:
        events = parse(account, key.open(RAW, row.id, row.raw_sealed))
    except UnreadablePayload:
        raise NotAllowed("仍然无法识别，请把这条记录交给开发人员") from None
    if not events:
        raise NotAllowed("里面没有需要处理的内容")
    if len(events) > 1:
        raise NotAllowed("这条记录含有多个事件，请让渠道重新推送")
    dedupe = desk.index.of("dedupe", events[0].dedupe_key)
    if await Inbound.exists(account_id=row.account_id, dedupe=dedupe):
        raise NotAllowed("同一条消息已经收到过")
    sealed = key.seal(EVENT, row.id, encode(events[0]))
    await Inbound.filter(id=row.id).update(event_sealed=sealed, dedupe=dedupe, size=len(sealed))
