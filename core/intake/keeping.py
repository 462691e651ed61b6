"""How long the journal keeps what it no longer needs."""

from datetime import timedelta

from core import clock, database
from core.desk import Desk

PURGE = """
UPDATE inbound SET raw_sealed = NULL WHERE id IN (
  SELECT id FROM inbound WHERE raw_sealed IS NOT NULL AND state = 'folded' AND received_at < $1
  ORDER BY received_at LIMIT $2
)
"""

AT_ONCE = 1000


async def purge_raw(desk: Desk) -> int:
    """Drop raw payloads older than RAW_DAYS; what is stuck keeps its own until somebody has dealt with it."""
    before, purged = clock.now() - timedelta(days=desk.settings.raw_days), 0
    while some := await database.run(PURGE, before, AT_ONCE):
        purged += some
    return purged
