"""Who is it? From a channel's address to the person behind it; an address seen for the first time makes a new person.

Linking people is never done here: only evidence that somebody looked at joins two (core.conversations.people).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from core import clock, database
from core.conversations.models import Address, Contact
from core.desk import Desk
from core.ids import new_id
from core.messages import Person
from core.privacy.cipher import Key
from core.privacy.models import DataKey

VALUE = "address.value"
NAME = "address.name"
CONTACT_NAME = "contact.name"


@dataclass(frozen=True, slots=True)
class Known:
    """An address and whose it is. `key` seals what is said through it: the key of the contact it first belonged to."""

    address_id: UUID
    contact_id: UUID
    key: Key


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody turned up at an account."""

    account_id: UUID
    kind: str
    person: Person


Place = tuple[UUID, bytes]

EXISTING = """
SELECT address.id, address.contact_id, address.account_id, address.value_index, contact.key_id
FROM address
JOIN contact ON contact.id = address.home_contact_id
JOIN unnest($1::uuid[], $2::bytea[]) AS given (account_id, value_index)
  ON given.account_id = address.account_id AND given.value_index = address.value_index
"""


def place_of(desk: Desk, sighting: Sighting) -> Place:
    """The pair that is unique for an address."""
    return sighting.account_id, desk.index.of(sighting.kind, sighting.person.address)


async def recognise(desk: Desk, sightings: Iterable[Sighting]) -> dict[Place, Known]:
    """The people behind these addresses, made where there are none yet. Runs in the caller's transaction."""
    wanted = {place_of(desk, each): each for each in sightings}
    known = await _existing(desk, list(wanted))
    fresh = {place: each for place, each in wanted.items() if place not in known}
    return known | await _introduce(desk, fresh)


async def _existing(desk: Desk, places: list[Place]) -> dict[Place, Known]:
    found = await database.rows(EXISTING, [place[0] for place in places], [place[1] for place in places])
    await desk.keyring.need_keys(row["key_id"] for row in found)
    return {
        (row["account_id"], bytes(row["value_index"])): Known(
            row["id"], row["contact_id"], desk.keyring.key(row["key_id"])
        )
        for row in found
    }


async def _introduce(desk: Desk, fresh: dict[Place, Sighting]) -> dict[Place, Known]:
    known: dict[Place, Known] = {}
    keys: list[DataKey] = []
    contacts: list[Contact] = []
    addresses: list[Address] = []
    for place, sighting in fresh.items():
        key, key_row = desk.keyring.new_contact_key()
        contact, address = _first_rows(place, sighting, key)
        keys.append(key_row)
        contacts.append(contact)
        addresses.append(address)
        known[place] = Known(address.id, contact.id, key)
    await DataKey.bulk_create(keys)
    await Contact.bulk_create(contacts)
    await Address.bulk_create(addresses)
    return known


def _first_rows(place: Place, sighting: Sighting, key: Key) -> tuple[Contact, Address]:
    now, person = clock.now(), sighting.person
    contact = Contact(id=new_id(), key_id=key.id, created_at=now)
    address = Address(
        id=new_id(),
        contact_id=contact.id,
        home_contact_id=contact.id,
        account_id=sighting.account_id,
        kind=sighting.kind,
        value_index=place[1],
        created_at=now,
        verified_at=now if person.verified else None,
        verified_how="channel" if person.verified else "",
    )
    address.value_sealed = key.seal(VALUE, address.id, person.address.encode("utf-8", "replace"))
    if person.name:
        name = person.name.encode("utf-8", "replace")
        contact.name_sealed = key.seal(CONTACT_NAME, contact.id, name)
        address.name_sealed = key.seal(NAME, address.id, name)
    return contact, address
