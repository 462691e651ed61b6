"""Where people can go, by what they may do."""

from dataclasses import dataclass

from core.staff.accounts import ANSWERING, Role
from core.staff.sessions import Me


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation."""

    label: str
    href: str
    icon: str
    roles: frozenset[Role]


PLACES = (
    Place("会话", "/inbox", "chat", ANSWERING),
    Place("设置", "/admin", "gear", frozenset({Role.ADMIN, Role.AUDITOR})),
)


def nav_of(me: Me) -> list[Place]:
    """The places that this person may go to; the first is where they start."""
    return [each for each in PLACES if each.roles & me.roles]
