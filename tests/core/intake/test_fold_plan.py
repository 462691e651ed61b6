"""Finding what waits must not walk through all that was ever folded."""

from core import clock, database
from core.intake.fold import CLAIM
from tests.core.spoken import Shop

HISTORY = """
INSERT INTO inbound (id, account_id, dedupe, state, size, received_at, due_at)
SELECT lpad(to_hex(each), 32, '0')::uuid, $1::uuid, decode(md5(each::text), 'hex'),
       CASE WHEN each > 19000 THEN 'received' ELSE 'folded' END, 600, now(), now()
FROM generate_series(1, 20000) AS each
"""


async def test_a_backlog_after_a_long_history_is_found_by_its_own_index(shop: Shop) -> None:
    await database.rows(HISTORY, shop.accounts["sms"])
    await database.run("ANALYZE inbound")
    found = await database.rows(f"EXPLAIN {CLAIM}", clock.now(), 200, 2**26)
    plan = "\n".join(row["QUERY PLAN"] for row in found)

    assert "inbound_waiting" in plan
    assert "inbound_pkey" not in plan
