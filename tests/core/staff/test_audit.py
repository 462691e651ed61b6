"""The audit trail: complete, chained, and written with what it tells of."""

import asyncio

import pytest

from core import database
from core.staff import audit
from core.staff.models import AuditEntry

pytestmark = pytest.mark.usefixtures("desk")


async def test_entries_that_come_together_form_one_chain() -> None:
    await asyncio.gather(*(audit.append("test", f"thing {number}") for number in range(20)))
    assert [each.seq for each in await AuditEntry.all().order_by("seq")] == list(range(1, 21))
    assert await audit.verify() is None


async def test_what_is_rolled_back_leaves_no_entry() -> None:
    async def fail() -> None:
        async with database.transaction():
            await audit.append("test", "thing 1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await AuditEntry.all().count() == 0


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("UPDATE audit_entry SET subject = 'thing 9' WHERE seq = 2", 2),
        ("UPDATE audit_entry SET staff_id = gen_random_uuid() WHERE seq = 3", 3),
        ("UPDATE audit_entry SET succeeded = false WHERE seq = 1", 1),
        ("UPDATE audit_entry SET at = at + interval '1 second' WHERE seq = 2", 2),
        ("DELETE FROM audit_entry WHERE seq = 2", 3),
        ("UPDATE audit_entry SET seq = seq + 100 WHERE seq = 3", 103),
    ],
)
async def test_harm_to_the_trail_is_found(harm: str, found: int) -> None:
    for number in (1, 2, 3):
        await audit.append("test", f"thing {number}")
    await database.run(harm)
    assert await audit.verify() == found
