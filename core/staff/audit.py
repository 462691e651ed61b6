"""The audit trail: who did what to what, each entry chained to the one before by its hash.

A row that is changed, removed from the middle or slipped in breaks the chain. Whoever may rewrite the whole table could
also rewrite every hash: keep the newest hash (`head`) elsewhere, too.
"""

import hashlib
import json
from uuid import UUID

from core import clock, database
from core.staff.models import AuditEntry

CHAIN_LOCK = 0x5944_4155  # "YDAU": one entry is appended at a time

START = b"\0" * 32


async def append(
    act: str, subject: str, *, staff_id: UUID | None = None, detail: str = "", succeeded: bool = True
) -> None:
    """Add an entry in the caller's transaction: what is rolled back leaves no entry, what is committed has one.

    `subject` is a kind and an id (`conversation 0192…`); `detail` a few words. Neither holds personal data.
    """
    async with database.transaction():
        await database.rows("SELECT pg_advisory_xact_lock($1)", CHAIN_LOCK)
        last = await AuditEntry.all().order_by("-seq").first()
        entry = AuditEntry(
            seq=last.seq + 1 if last else 1,
            at=clock.now(),
            staff_id=staff_id,
            act=act,
            subject=subject,
            detail=detail,
            succeeded=succeeded,
        )
        entry.hash = _hash(last.hash if last else START, entry)
        await entry.save(force_create=True)


async def entries(before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """A page of entries, the newest first; those older than `before`, which is a `seq`."""
    found = AuditEntry.all() if before is None else AuditEntry.filter(seq__lt=before)
    return await found.order_by("-seq").limit(limit)


async def verify() -> int | None:
    """Walk the whole chain. Return the number of the first entry that does not fit, or None if all do."""
    before, seq = START, 0
    while batch := await AuditEntry.filter(seq__gt=seq).order_by("seq").limit(1000):
        for entry in batch:
            if entry.seq != seq + 1 or entry.hash != _hash(before, entry):
                return int(entry.seq)
            before, seq = entry.hash, entry.seq
    return None


def _hash(before: bytes, entry: AuditEntry) -> bytes:
    said = [
        entry.seq,
        entry.at.timestamp(),
        str(entry.staff_id or ""),
        entry.act,
        entry.subject,
        entry.detail,
        entry.succeeded,
    ]
    return hashlib.sha256(before + json.dumps(said, ensure_ascii=False).encode()).digest()
