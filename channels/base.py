"""The contract of a channel: a pure translator between a provider's payloads and the values of `core.messages`.

`verify`, `parse` and `answer` do no I/O. `send` sends one part and returns, or raises `TryLater`, `Refused` or
`OutcomeUnknown`; it never retries. An ability is a separate small protocol that an adapter also satisfies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable
from uuid import UUID

import aiohttp

from core.messages import Accepted, ChannelFacts, Event, Media, Outgoing


@dataclass(frozen=True, slots=True)
class RawCall:
    """A provider's call as it came: storable, replayable. Header names are lower case.

    `url` is the public one (scheme, host and query as the provider called it, behind whatever proxies).
    """

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider hears at once."""

    body: str = ""
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


SAFE_URL = r"https://[^\s?#]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^\s?#]*)?"
"""An address that credentials may go to: over TLS, or within this machine."""


@dataclass(frozen=True, slots=True)
class AccountField:
    """One thing an administrator fills in for an account of this kind. Secret ones are never shown again.

    `example` shows what a value looks like; `check` is a regular expression that the whole value must match.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = True
    default: str = ""
    example: str = ""
    check: str = r"[^\r\n]*"


@dataclass(frozen=True, slots=True)
class Account:
    """A channel account with its values opened; lives in memory only."""

    id: UUID
    public_id: str
    hook_url: str
    """Where the provider reaches us for this account: PUBLIC_URL/hooks/<kind>/<public_id>."""
    values: Mapping[str, str] = field(repr=False)
    """By the names of `Channel.fields`; all of them, defaults filled in."""


class Channel(Protocol):
    """Sends. Every adapter is one."""

    kind: ClassVar[str]
    facts: ClassVar[ChannelFacts]
    fields: ClassVar[tuple[AccountField, ...]]

    def __init__(self, account: Account, http: aiohttp.ClientSession) -> None: ...

    async def send(self, part: Outgoing) -> Accepted: ...


@runtime_checkable
class Webhook(Protocol):
    """The provider calls us. Pure: bytes in, values out."""

    def verify(self, call: RawCall) -> None:
        """Raise `RejectedCall` unless the call is the provider's own."""

    def parse(self, call: RawCall) -> Sequence[Event]:
        """The events of a verified call, in order; none for a handshake.

        Raise `UnreadablePayload` for what cannot be understood; it carries the events around it.
        """

    def answer(self, call: RawCall, reply: str = "") -> Answer:
        """What to say back; `reply` is a text to carry to the person where `facts.answers_in_call`."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One thing out of a mailbox: the events it holds (none: unreadable, keep `raw`) and its bytes."""

    raw: bytes = field(repr=False)
    events: tuple[Event, ...] = ()


@runtime_checkable
class Mailbox(Protocol):
    """We ask the provider."""

    async def fetch(self, cursor: str) -> tuple[Sequence[Fetched], str]:
        """What came since `cursor` (empty: from the start), at most 50, and the next cursor.

        The caller stores the cursor only after the events are journalled; a repeat is harmless (dedupe_key).
        """

    async def wait(self, seconds: float) -> None:
        """Return when the provider announces something, or when it is time to look anyway: after `seconds` at most."""


@runtime_checkable
class Connected(Protocol):
    """The adapter keeps connections of its own."""

    async def close(self) -> None:
        """Let go of them; a send under way may finish first."""


@runtime_checkable
class MediaSource(Protocol):
    """Files come by reference and must be fetched before they expire."""

    async def fetch_media(self, media: Media) -> Media:
        """The same file with its content. Raise `TryLater` or `Refused` (expired)."""


@runtime_checkable
class Traceable(Protocol):
    """The provider can be asked what became of a send whose outcome is unknown."""

    async def look_up(self, part: Outgoing) -> Accepted | None:
        """What the provider has of this part, or None if it cannot say."""
