"""The outbox: claiming parts, and recording what came of each try. Only here is it decided what follows a failure.

A part goes `queued → claimed → sending → sent`. What is claimed has not left yet and may be claimed again when its
lease runs out; what was being sent when its worker died stands as `unknown` and is never repeated by us.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core import clock, database
from core.conversations.models import Address
from core.conversations.reachability import why_not
from core.desk import Desk
from core.errors import NotAllowed, NotFound, OutcomeUnknown, Refused, TryLater
from core.ids import new_id
from core.messages import Accepted, DeliveryState
from core.notification.models import Attempt, Outbox
from core.notification.states import refresh_messages
from core.privacy.cipher import Key, key_id
from core.staff import audit

LEASE = timedelta(seconds=90)
"""Longer than any adapter may take for one part."""

BACKOFF = [timedelta(seconds=s) for s in (5, 20, 60, 300, 900, 1800, 3600, 7200)]
"""The wait after each failed try, give or take a fifth; then the part has failed."""

MOST_CLAIMS = 20
"""A part that was claimed so often and never left does not come to leave by itself: its channel cannot be opened."""

ASK_AFTER = timedelta(seconds=10)
"""A provider asked at once may not have recorded yet what it took."""

CLAIM = """
WITH due AS (
  SELECT part.id FROM outbox AS part
  JOIN channel_account ON channel_account.id = part.account_id AND channel_account.active
  WHERE part.state = 'queued' AND part.due_at <= $1
    AND NOT EXISTS (
      SELECT 1 FROM outbox AS earlier
      WHERE earlier.address_id = part.address_id AND earlier.id <> part.id
        AND (earlier.state IN ('claimed', 'sending')
          OR earlier.state = 'queued' AND (earlier.message_id, earlier.part) < (part.message_id, part.part)))
  ORDER BY part.due_at, part.message_id, part.part LIMIT $2
  FOR UPDATE OF part SKIP LOCKED
)
UPDATE outbox SET state = 'claimed', lease_until = $3, tries = tries + 1
FROM due WHERE outbox.id = due.id RETURNING outbox.id
"""

STOPPED = "对方已退订，没有发送"

BEGIN = """
UPDATE outbox SET state = 'sending' FROM address
WHERE outbox.id = $1 AND outbox.state = 'claimed' AND outbox.lease_until > $2
  AND address.id = outbox.address_id AND address.opted_out_at IS NULL
"""

STOP = """
UPDATE outbox SET state = 'failed', reason = $2, lease_until = NULL FROM address
WHERE outbox.id = $1 AND outbox.state = 'claimed'
  AND address.id = outbox.address_id AND address.opted_out_at IS NOT NULL
RETURNING outbox.message_id
"""

# A sender that was held up for longer than its lease still knows best what became of its part.
END = """
UPDATE outbox SET state = $2::text, due_at = $3, code = $4, reason = $5, lease_until = NULL,
  provider_id_sealed = coalesce($6::bytea, provider_id_sealed), provider_index = coalesce($7::bytea, provider_index),
  sent_at = CASE WHEN $2::text = 'sent' THEN $8::timestamptz ELSE sent_at END
WHERE id = $1 AND (state = 'sending' OR state = 'unknown' AND resent_as IS NULL AND $2::text <> 'queued')
RETURNING message_id
"""

CALL_OFF = """
UPDATE outbox SET state = 'failed', reason = $2 WHERE address_id = $1 AND state = 'queued' RETURNING message_id
"""

MAKE_ROOM = "UPDATE outbox SET part = part + $3 WHERE message_id = $1 AND part > $2"

LAPSED = """
UPDATE outbox SET lease_until = NULL,
  state = CASE WHEN state = 'sending' THEN 'unknown' WHEN tries > $2 THEN 'failed' ELSE 'queued' END,
  reason = CASE WHEN state = 'sending' THEN '发送中断，不知道对方是否收到'
                WHEN tries > $2 THEN '多次尝试都没能发出，请检查渠道设置' ELSE reason END
WHERE state IN ('claimed', 'sending') AND lease_until < $1
RETURNING id, message_id, state
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """What one try came to."""

    state: DeliveryState
    code: str = ""
    reason: str = ""
    provider_id: str = ""
    due_at: datetime | None = None


async def claim(limit: int) -> list[UUID]:
    """Take up to `limit` due parts, at most one for each address, so that a person's messages stay in order."""
    now = clock.now()
    return [row["id"] for row in await database.rows(CLAIM, now, limit, now + LEASE)]


async def begin(part_id: UUID) -> UUID | None:
    """Note that a part is about to leave; the attempt's id, or None if the claim was lost meanwhile.

    Here, at the last moment, it also ends for whoever opted out while the part was written, claimed or tried.
    """
    now = clock.now()
    async with database.transaction():
        if not await database.run(BEGIN, part_id, now):
            stopped = await database.rows(STOP, part_id, STOPPED)
            await refresh_messages({row["message_id"] for row in stopped})
            return None
        attempt = await Attempt.create(id=new_id(), outbox_id=part_id, began_at=now)
    return attempt.id


async def end(desk: Desk, part: Outbox, attempt_id: UUID, key: Key, ending: Ending) -> None:
    """Record what a try came to, on the part, its attempt and its message."""
    sealed = key.seal("outbox.provider_id", part.id, ending.provider_id.encode()) if ending.provider_id else None
    index = desk.index.of("provider", ending.provider_id) if ending.provider_id else None
    code, reason = database.storable(ending.code, 32), database.storable(ending.reason, 200)
    now = clock.now()
    async with database.transaction():
        changed = await database.rows(
            END,
            part.id,
            ending.state.value,
            ending.due_at or now,
            code,
            reason,
            sealed,
            index,
            now,
        )
        await Attempt.filter(id=attempt_id).update(ended_at=now, outcome=ending.state.value, code=code, reason=reason)
        await refresh_messages({row["message_id"] for row in changed})


def ending_of(outcome: Accepted | Exception, tries: int) -> Ending:
    """What follows from what the adapter returned or raised. An error of ours counts as unknown: it may have left."""
    match outcome:
        case Accepted():
            return Ending(outcome.state, provider_id=outcome.provider_id)
        case TryLater() if tries <= len(BACKOFF):
            wait = outcome.after or BACKOFF[tries - 1] * random.uniform(0.8, 1.2)  # noqa: S311 spreads load, no secret
            return Ending(DeliveryState.QUEUED, outcome.code, outcome.reason, due_at=clock.now() + wait)
        case TryLater():
            return Ending(DeliveryState.FAILED, outcome.code, f"多次重试仍未成功：{outcome.reason}")
        case Refused():
            return Ending(DeliveryState.FAILED, outcome.code, outcome.reason)
        case OutcomeUnknown():
            return Ending(DeliveryState.UNKNOWN, outcome.code, outcome.reason, due_at=clock.now() + ASK_AFTER)
        case _:
            return Ending(DeliveryState.UNKNOWN, type(outcome).__name__, "发送时出错，不知道对方是否收到")


async def call_off(address_id: UUID, reason: str) -> None:
    """Nothing more leaves for an address: what is still queued has failed. Runs in the caller's transaction."""
    stopped = await database.rows(CALL_OFF, address_id, reason)
    await refresh_messages({row["message_id"] for row in stopped})


async def mark_gone(address_id: UUID) -> None:
    """The provider says that nobody is reached there any more; a new message from them clears it."""
    await Address.filter(id=address_id).update(unreachable_at=clock.now())


async def divide(part: Outbox, key: Key, texts: list[str]) -> None:
    """Replace an over-long claimed part by ordered ones before anything has left: no retry repeats the first."""
    rows = []
    for number, text in enumerate(texts):
        row = Outbox(
            id=new_id(),
            message_id=part.message_id,
            account_id=part.account_id,
            address_id=part.address_id,
            part=part.part + number,
            state="queued",
            due_at=part.due_at,
            answers=part.answers if not number else None,
            tries=0,
            created_at=part.created_at,
        )
        row.text_sealed = key.seal("outbox.text", row.id, text.encode())
        rows.append(row)
    async with database.transaction():
        if await Outbox.filter(id=part.id, state="claimed").delete():  # else the claim was lost, and others see to it
            await database.run(MAKE_ROOM, part.message_id, part.part, len(texts) - 1)
            await Outbox.bulk_create(rows)


async def recover() -> list[Mapping[str, Any]]:
    """Parts whose worker died: those that had not left go back, the others stand as unknown."""
    async with database.transaction():
        lapsed = await database.rows(LAPSED, clock.now(), MOST_CLAIMS)
        await refresh_messages({row["message_id"] for row in lapsed})
    return [*lapsed]


LOOK_UP = """
UPDATE outbox SET due_at = $1::timestamptz + ($1::timestamptz - tried.at)
FROM (
  SELECT part.id, (SELECT max(began_at) FROM attempt WHERE outbox_id = part.id) AS at FROM outbox AS part
  WHERE part.state = 'unknown' AND part.due_at <= $1 AND part.created_at > $1::timestamptz - interval '1 day'
) AS tried
WHERE outbox.id = tried.id AND outbox.state = 'unknown' AND tried.at > $1::timestamptz - interval '1 hour'
RETURNING outbox.id
"""


async def to_look_up() -> list[UUID]:
    """Parts whose outcome is unknown and worth asking about; each is asked about ever more rarely, for an hour."""
    return [row["id"] for row in await database.rows(LOOK_UP, clock.now())]


async def drop(part_id: UUID, reason: str) -> None:
    """Give up a claimed part that cannot be sent at all."""
    async with database.transaction():
        part = await Outbox.select_for_update().get_or_none(id=part_id, state="claimed")
        if part is not None:
            await Outbox.filter(id=part.id).update(state="failed", reason=reason, lease_until=None)
            await refresh_messages({part.message_id})


async def settle(desk: Desk, part: Outbox, key: Key, found: Accepted) -> None:
    """The provider, asked about an unknown part, says that it has it. What another part is known by is not it."""
    index = desk.index.of("provider", found.provider_id)
    if await Outbox.exists(account_id=part.account_id, provider_index=index):
        return
    sealed = key.seal("outbox.provider_id", part.id, found.provider_id.encode())
    async with database.transaction():
        await Outbox.filter(id=part.id, state="unknown").update(
            state=found.state.value,
            reason="",
            provider_id_sealed=sealed,
            provider_index=index,
        )
        await refresh_messages({part.message_id})


async def resend(desk: Desk, part_id: UUID, staff_id: UUID | None) -> UUID:
    """Send a failed or unknown part again, as a new part: somebody saw what happened and decided so.

    Raise `NotFound`, or `NotAllowed` if it is neither, was sent again already, or cannot be sent there now.
    """
    async with database.transaction():
        part = await Outbox.select_for_update().get_or_none(id=part_id)
        if part is None:
            raise NotFound("没有这条发送记录")
        if part.state not in {"failed", "unknown"} or part.resent_as:
            raise NotAllowed("只有失败或结果未知的消息可以重发一次")
        address = await Address.get(id=part.address_id)
        if reason := why_not(desk.facts[address.kind], address):
            raise NotAllowed(reason)
        again = await _copy(desk, part)
        await Outbox.filter(id=part.id).update(resent_as=again.id)
        await refresh_messages({part.message_id})
        await audit.append("outbox.resend", f"outbox {part.id}", staff_id=staff_id, detail=f"was {part.state}")
    await desk.bell.ring("deliver")
    return again.id


async def _copy(desk: Desk, part: Outbox) -> Outbox:
    again = Outbox(
        id=new_id(),
        message_id=part.message_id,
        account_id=part.account_id,
        address_id=part.address_id,
        part=part.part,
        attachment_id=part.attachment_id,
        state="queued",
        due_at=clock.now(),
        tries=0,
        created_at=clock.now(),
    )
    if part.text_sealed:
        await desk.keyring.need([part.text_sealed])
        text = desk.keyring.open("outbox.text", part.id, part.text_sealed)
        again.text_sealed = desk.keyring.key(key_id(part.text_sealed)).seal("outbox.text", again.id, text)
    await again.save(force_create=True)
    return again
