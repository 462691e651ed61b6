"""Folding: waiting journal rows become people, conversations and messages, and dispatch says what follows.

One batch is one transaction. Batches follow one another under a lock, so that what a person wrote stays in order and
two workers never open two conversations for one person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog

from core import clock, database
from core.conversations.arrival import Arrival, Arrived, arrive, hold_arrivals
from core.conversations.models import Address
from core.desk import Desk
from core.dispatch import Outcome, Reply, dispatch
from core.intake import receipts
from core.intake.changes import apply_change
from core.intake.codec import decode
from core.intake.identity import Sighting, place_of, recognise
from core.intake.journal import EVENT
from core.intake.models import InboundState
from core.messages import ContactChanged, DeliveryUpdate, Event, MessageReceived
from core.notification.post import Letter, of_template, post

log = structlog.get_logger(__name__)

MOST_IN_BATCH = 200
MOST_BYTES_IN_BATCH = 64 * 1024 * 1024

CLAIM = """
SELECT * FROM (
  SELECT inbound.id, inbound.account_id, inbound.event_sealed, inbound.received_at, inbound.awaited_until,
         inbound.tries, channel_account.kind,
         sum(inbound.size) OVER (ORDER BY inbound.id) - inbound.size AS bytes_before
  FROM inbound JOIN channel_account ON channel_account.id = inbound.account_id
  WHERE inbound.state = 'received' AND inbound.due_at <= $1
  ORDER BY inbound.id LIMIT $2
) AS waiting WHERE bytes_before < $3 ORDER BY id
"""

DONE = """
UPDATE inbound SET state = 'folded', event_sealed = NULL, error = '', message_id = given.message_id
FROM unnest($1::uuid[], $2::uuid[]) AS given (id, message_id) WHERE inbound.id = given.id
"""

SET_ASIDE = "UPDATE inbound SET state = $2, error = $3 WHERE id = $1 AND state = 'received'"

HEARD = "UPDATE channel_account SET last_in_at = $2 WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class Row:
    """A journal row, opened."""

    id: UUID
    account_id: UUID
    kind: str
    event: Event
    received_at: datetime
    awaited_until: datetime | None
    tries: int


@dataclass(slots=True)
class Folded:
    """What a batch did, for those who ring and announce after the commit."""

    count: int = 0
    conversations: set[UUID] = field(default_factory=set)
    messages: set[UUID] = field(default_factory=set)
    answered: set[UUID] = field(default_factory=set)
    letters: int = 0
    media: int = 0


async def fold(desk: Desk, limit: int = MOST_IN_BATCH) -> Folded:
    """Fold one batch; `count` 0 means that nothing is waiting.

    A batch that fails is tried again at half its size, until the row that cannot be folded stands alone and is set
    aside for an administrator.
    """
    claimed: list[UUID] = []
    try:
        return await _fold_batch(desk, limit, claimed)
    except Exception as problem:
        if database.passing(problem) or not claimed:
            raise
        if limit == 1:
            log.exception("fold failed", problem=type(problem).__name__)
            return await _set_aside(claimed[0], type(problem).__name__)
    return await fold(desk, limit // 2)


async def _set_aside(inbound_id: UUID, problem: str) -> Folded:
    """Only the row that failed: another worker may have set it aside already, and the next one is sound."""
    await database.run(SET_ASIDE, inbound_id, InboundState.FAILED, problem[:200])
    return Folded(count=1, answered={inbound_id})


async def _fold_batch(desk: Desk, limit: int, claimed: list[UUID]) -> Folded:
    """Fold up to `limit` rows in one transaction; their ids go into `claimed`, also when it fails."""
    async with database.transaction():
        await hold_arrivals()
        found = await database.rows(CLAIM, clock.now(), limit, MOST_BYTES_IN_BATCH)
        claimed += [row["id"] for row in found]
        waiting = await _opened(desk, found)
        folded = Folded(count=len(waiting), answered={each.id for each in waiting if each.awaited_until})
        if waiting:
            await _fold_rows(desk, waiting, folded)
    return folded


async def _opened(desk: Desk, found: Sequence[Mapping[str, Any]]) -> list[Row]:
    key = await desk.keyring.system("journal")
    return [
        Row(
            id=row["id"],
            account_id=row["account_id"],
            kind=row["kind"],
            event=decode(key.open(EVENT, row["id"], row["event_sealed"])),
            received_at=row["received_at"],
            awaited_until=row["awaited_until"],
            tries=row["tries"],
        )
        for row in found
    ]


async def _fold_rows(desk: Desk, waiting: Sequence[Row], folded: Folded) -> None:
    became: dict[UUID, UUID] = {}
    said = [row for row in waiting if not isinstance(row.event, DeliveryUpdate)]
    # Whoever answers what came after a change must know of it: nobody who just said STOP hears that it arrived.
    for change, run in groupby(said, lambda row: isinstance(row.event, ContactChanged)):
        if change:
            await _apply_changes(desk, list(run), folded)
        else:
            became |= await _fold_messages(desk, list(run), folded)
    unmatched = await _apply_receipts(desk, waiting, folded)
    done = [each.id for each in waiting if each.id not in unmatched]
    await database.run(DONE, done, [became.get(each) for each in done])
    await database.run(HEARD, list({each.account_id for each in waiting}), max(each.received_at for each in waiting))


async def _fold_messages(desk: Desk, waiting: Sequence[Row], folded: Folded) -> dict[UUID, UUID]:
    """Messages in their order; what each journal row became."""
    arrivals = await _arrivals(desk, waiting)
    arrived = await arrive(desk, arrivals)
    folded.conversations |= {each.conversation_id for each in arrived}
    folded.media += sum(media.content is None for each in arrivals for media in each.event.media)
    folded.letters += await _answer(desk, waiting, dispatch(arrived))
    return {each.arrival.inbound_id: each.message_id for each in arrived}


async def _arrivals(desk: Desk, waiting: Sequence[Row]) -> list[Arrival]:
    spoken = [(row, row.event) for row in waiting if isinstance(row.event, MessageReceived)]
    sightings = [Sighting(row.account_id, row.kind, event.sender) for row, event in spoken]
    people = await recognise(desk, sightings)
    return [
        Arrival(row.id, row.account_id, row.kind, people[place_of(desk, seen)], event, row.received_at)
        for (row, event), seen in zip(spoken, sightings, strict=True)
    ]


async def _answer(desk: Desk, waiting: Sequence[Row], outcomes: Sequence[tuple[Arrived, Outcome]]) -> int:
    """Post what dispatch wants said; the number of letters."""
    held = {row.id: row.awaited_until for row in waiting}
    speaking = [(arrived, outcome) for arrived, outcome in outcomes if outcome.replies]
    wanted = [arrived.arrival.known.address_id for arrived, _ in speaking]
    addresses = {each.id: each for each in await Address.filter(id__in=wanted)} if wanted else {}
    letters = [
        _letter(desk, arrived, addresses[arrived.arrival.known.address_id], reply, held[arrived.arrival.inbound_id])
        for arrived, outcome in speaking
        for reply in outcome.replies
        if addresses[arrived.arrival.known.address_id].opted_out_at is None
    ]
    await post(desk, letters)
    return len(letters)


def _letter(desk: Desk, arrived: Arrived, address: Address, reply: Reply, held_until: datetime | None) -> Letter:
    arrival = arrived.arrival
    subject, text = of_template(desk, reply, arrival.channel)
    return Letter(
        conversation_id=arrived.conversation_id,
        address=address,
        key=arrival.known.key,
        text=text,
        subject="" if arrival.event.subject else subject,  # an answer to a mail goes under the mail's own
        answers=arrival.inbound_id,
        held_until=held_until,
        automatic=True,
    )


async def _apply_changes(desk: Desk, waiting: Sequence[Row], folded: Folded) -> None:
    for row in waiting:
        if isinstance(row.event, ContactChanged):
            folded.conversations |= await apply_change(desk, row.account_id, row.kind, row.event)


async def _apply_receipts(desk: Desk, waiting: Sequence[Row], folded: Folded) -> set[UUID]:
    """Apply delivery receipts; the rows that stay waiting because their send is not recorded yet."""
    told = [(row, row.event) for row in waiting if isinstance(row.event, DeliveryUpdate)]
    if not told:
        return set()
    touched, matched = await receipts.apply(desk, [(row.account_id, update) for row, update in told])
    folded.messages |= touched
    unmatched = [row for (row, _), found in zip(told, matched, strict=True) if not found]
    return {row.id for row in unmatched if await receipts.postpone(row.id, row.tries)}
