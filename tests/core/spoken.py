"""People who write, and what became of it: the road through the journal and the fold, as short as a test wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from core import database
from core.conversations.models import Address, Conversation, Message
from core.desk import Desk
from core.intake.accounts import add_account
from core.intake.fold import fold
from core.intake.journal import Journal, Written
from core.messages import ContactChange, ContactChanged, DeliveryState, DeliveryUpdate, Event, MessageReceived, Person

OPENID = "oMARKEDopenid0123456789abcde"
PHONE = "+8613800138000"
MAIL = "guest@example.com"

_numbers = count(1)


def said(address: str, text: str = "空调不制冷了", **more: Any) -> MessageReceived:
    """A message that nobody has sent before."""
    return MessageReceived(more.pop("dedupe_key", f"m{next(_numbers)}"), Person(address), text=text, **more)


def changed(address: str, change: ContactChange) -> ContactChanged:
    return ContactChanged(f"c{next(_numbers)}", Person(address), change)


def receipt(provider_id: str, state: DeliveryState, reason: str = "") -> DeliveryUpdate:
    return DeliveryUpdate(f"d{next(_numbers)}", provider_id, state, reason=reason)


@dataclass(frozen=True)
class Shop:
    """A desk with one account on each channel."""

    desk: Desk
    journal: Journal
    accounts: dict[str, UUID]

    async def take(self, kind: str, *events: Event, awaited_until: datetime | None = None) -> list[Written]:
        """Events of one call come in."""
        return await self.journal.accept(self.accounts[kind], events, b"raw", awaited_until)

    async def fold(self) -> None:
        """Until nothing is waiting."""
        while (await fold(self.desk)).count:
            pass

    async def hear(self, kind: str, *events: Event) -> None:
        """Events come in and are folded."""
        await self.take(kind, *events)
        await self.fold()

    async def person(self, kind: str, address: str, text: str = "你好") -> tuple[UUID, UUID, UUID]:
        """Somebody writes: their contact, address and open conversation."""
        await self.hear(kind, said(address, text))
        row = await Address.get(account_id=self.accounts[kind], value_index=self.desk.index.of(kind, address))
        conversation = await Conversation.get(contact_id=row.contact_id, state="open")
        return row.contact_id, row.id, conversation.id

    async def bodies(self, conversation_id: UUID, direction: str = "in") -> list[str]:
        """What was said in a conversation, in order."""
        found = await Message.filter(conversation_id=conversation_id, direction=direction).order_by("id")
        await self.desk.keyring.need(each.body_sealed for each in found)
        return [self.desk.keyring.text("message.body", each.id, each.body_sealed) for each in found]


async def open_shop(desk: Desk) -> Shop:
    accounts = {kind: (await add_account(desk, kind, kind, {}, ())).id for kind in desk.facts}
    return Shop(desk, await Journal.open(desk), accounts)


async def inbound_states() -> dict[str, int]:
    """How many journal rows stand in each state."""
    found = await database.rows("SELECT state, count(*) AS rows FROM inbound GROUP BY state")
    return {row["state"]: row["rows"] for row in found}


async def outbox(**wanted: object) -> Sequence[dict[str, Any]]:
    """Outbox rows in the order in which they leave."""
    found = await database.rows("SELECT * FROM outbox ORDER BY address_id, message_id, part")
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]
