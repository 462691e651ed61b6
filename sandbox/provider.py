"""What the control API may ask of each provider."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sandbox.asks import BadAsk, Json, text
from sandbox.people import Person


@dataclass(frozen=True, slots=True)
class Doing:
    """Something on its way to the product: its ids, and the work that still goes on."""

    ids: list[str]
    task: asyncio.Task[None] | None = None


class Provider(Protocol):
    """One way for people to write."""

    channel: str

    def open_account(self, given: Json) -> str:
        """Make or change an account; return its key. Raise `BadAsk`."""

    def close_accounts(self) -> None:
        """Forget every account and what the provider knows of it."""

    def shown(self) -> list[dict[str, object]]:
        """The accounts, without secrets."""

    def say(self, person: Person, given: Json) -> Doing:
        """A person writes. Raise `BadAsk`."""

    def act(self, person: Person, given: Json) -> Doing:
        """A person does something else. Raise `BadAsk`."""

    def window(self, person: Person, given: Json) -> dict[str, object]:
        """How long and how often the account may write first; empty where it always may."""


A = TypeVar("A")


def chosen(accounts: Mapping[str, A], given: Json) -> A:
    """The account that the ask names, or the first one. Raise `BadAsk`."""
    key = text(given, "account", "") or next(iter(accounts), "")
    if key not in accounts:
        raise BadAsk(f"there is no account {key!r} on this channel")
    return accounts[key]
