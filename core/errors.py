"""What can go wrong, in the product's words. `reason` is zh-CN and safe to show: it never quotes personal data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.messages import Event


class YingdaError(Exception):
    """The base of everything we raise on purpose."""


class RejectedCall(YingdaError):
    """A call that did not come from the provider, or not in the form we agreed on: 403, nothing stored."""


class UnreadablePayload(YingdaError):
    """A genuine call whose content cannot be understood: kept encrypted, answered 200, shown to administrators.

    `events` is what could be understood all the same, such as the neighbours of one broken entry in a batch.
    """

    def __init__(self, why: str = "", events: Sequence[Event] = ()) -> None:
        super().__init__(why)
        self.events = events


@dataclass(eq=False)
class SendError(YingdaError):
    """A send that did not happen. Adapters raise one of the two below; only the sender decides what follows."""

    reason: str
    code: str = ""


@dataclass(eq=False)
class TryLater(SendError):
    """Not now: network, throttling, the provider's own trouble. Nothing was accepted."""

    after: timedelta | None = None
    """The provider's own wish, if it told us."""


@dataclass(eq=False)
class Refused(SendError):
    """Not like this, ever. Repeating it would be refused again."""

    recipient_gone: bool = False
    """The person blocked us, unsubscribed or does not exist: the address is marked unreachable."""


@dataclass(eq=False)
class OutcomeUnknown(YingdaError):
    """The provider may or may not have taken it: the connection was lost after the request went out.

    Never repeated by us.
    """

    reason: str
    code: str = ""


@dataclass(eq=False)
class NotAllowed(YingdaError):
    """A person asked for something that the rules refuse; `reason` tells them why, in zh-CN."""

    reason: str


@dataclass(eq=False)
class NotFound(YingdaError):
    """There is no such thing, or none that this person may see."""

    reason: str = "找不到这条记录"


@dataclass(eq=False)
class BadSetting(YingdaError):
    """A setting that stops the start: its name, what is wrong, and what it should look like."""

    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem}"
