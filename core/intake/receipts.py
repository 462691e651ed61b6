"""What providers say became of our messages. States only move forward, whatever the order receipts come in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from core import clock, database
from core.desk import Desk
from core.messages import DeliveryState, DeliveryUpdate
from core.notification.states import refresh_messages

WAIT = timedelta(seconds=5)
"""A receipt can overtake the record of its own send; it comes again after this, growing with each try."""

MOST_TRIES = 6

FIND = """
SELECT outbox.id, outbox.message_id, outbox.state, outbox.account_id, outbox.provider_index
FROM outbox
JOIN unnest($1::uuid[], $2::bytea[]) AS given (account_id, provider_index) USING (account_id, provider_index)
ORDER BY outbox.id FOR UPDATE OF outbox
"""

ADVANCE = """
UPDATE outbox SET state = given.state, code = given.code, reason = given.reason
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS given (id, state, code, reason)
WHERE outbox.id = given.id
"""


async def apply(desk: Desk, told: Sequence[tuple[UUID, DeliveryUpdate]]) -> tuple[set[UUID], list[bool]]:
    """Apply receipts, in order: the messages they touched, and for each whether something of ours has that id (yet).

    All parts are locked before any message is: a sender that ends a part takes the two in the same order.
    """
    places = [(account_id, desk.index.of("provider", update.provider_id)) for account_id, update in told]
    parts: defaultdict[tuple[UUID, bytes], list[dict[str, Any]]] = defaultdict(list)
    once = list(dict.fromkeys(places))
    for row in await database.rows(FIND, [place[0] for place in once], [place[1] for place in once]):
        parts[row["account_id"], bytes(row["provider_index"])].append(row)
    changed: dict[UUID, dict[str, Any]] = {}
    for place, (_, update) in zip(places, told, strict=True):
        for row in parts[place]:
            if DeliveryState(row["state"]).rank < update.state.rank:
                row.update(state=update.state.value, code=update.code, reason=update.reason)
                changed[row["id"]] = row
    await _advance(list(changed.values()))
    return {row["message_id"] for row in changed.values()}, [bool(parts[place]) for place in places]


async def _advance(changed: Sequence[Mapping[str, Any]]) -> None:
    if changed:
        await database.run(
            ADVANCE,
            [row["id"] for row in changed],
            [row["state"] for row in changed],
            [database.storable(row["code"], 32) for row in changed],
            [database.storable(row["reason"], 200) for row in changed],
        )
        await refresh_messages({row["message_id"] for row in changed})


async def postpone(inbound_id: UUID, tries: int) -> bool:
    """Let an unmatched receipt come again later; False once that has been tried often enough."""
    if tries >= MOST_TRIES:
        return False
    due = clock.now() + WAIT * 2**tries
    await database.run("UPDATE inbound SET due_at = $2, tries = tries + 1 WHERE id = $1", inbound_id, due)
    return True
