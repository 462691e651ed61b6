"""What people are called on a screen: their name masked, or what can be shown of the address they wrote from."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from core import database
from core.desk import Desk
from core.intake.identity import CONTACT_NAME, VALUE
from core.privacy import masking
from core.privacy.cipher import CannotOpen

NAMELESS = "未留姓名"
ERASED = "已删除"

FIND = """
SELECT contact.id, named.id AS named_id, named.name_sealed, last.id AS address_id, last.value_sealed
FROM contact
LEFT JOIN LATERAL (
  -- a person's own name, or that of somebody who turned out to be the same person
  SELECT own.id, own.name_sealed FROM contact AS own
  WHERE (own.id = contact.id OR own.merged_into = contact.id) AND own.name_sealed IS NOT NULL
  ORDER BY own.id <> contact.id, own.id LIMIT 1
) AS named ON true
LEFT JOIN LATERAL (
  SELECT id, value_sealed FROM address
  WHERE address.home_contact_id = contact.id ORDER BY last_in_at DESC NULLS LAST LIMIT 1
) AS last ON true
WHERE contact.id = ANY($1)
"""


async def names_of(desk: Desk, contact_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What to call each of these people, masked."""
    found = await database.rows(FIND, list(set(contact_ids)))
    await desk.keyring.need(sealed for row in found for sealed in (row["name_sealed"], row["value_sealed"]))
    return {row["id"]: _name(desk, row) for row in found}


def _name(desk: Desk, row: dict[str, Any]) -> str:
    try:
        name = masking.name(desk.keyring.text(CONTACT_NAME, row["named_id"], row["name_sealed"]))
        if name or not row["value_sealed"]:
            return name or NAMELESS
        return f"{NAMELESS} {masking.address(desk.keyring.text(VALUE, row['address_id'], row['value_sealed']))}"
    except CannotOpen:
        return ERASED
