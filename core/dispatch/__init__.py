"""Who answers a message, and with what. For now a person does; whoever begins a conversation hears so at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.conversations.arrival import Arrived


@dataclass(frozen=True, slots=True)
class Reply:
    """A text to send back, by the key of its template."""

    template: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What dispatch decided about one message."""

    replies: tuple[Reply, ...] = ()


RECEIVED = Outcome((Reply("conversation.received"),))
"""An instant word that the message arrived (standard 5.2.1)."""

SILENCE = Outcome()


def decide(arrived: Arrived) -> Outcome:
    """Acknowledge what opens a conversation; never a machine's message (RFC 3834 section 2)."""
    return RECEIVED if arrived.opened and not arrived.arrival.event.automatic else SILENCE


def dispatch(arrivals: Sequence[Arrived]) -> list[tuple[Arrived, Outcome]]:
    """The outcome for each arrival, in order."""
    return [(each, decide(each)) for each in arrivals]
