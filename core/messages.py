"""The values that cross the border between a channel and the core.

Frozen, without behaviour beyond reading themselves: a new fact becomes a new field, never a new parameter.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.lengths import MEASURES


class MessageKind(StrEnum):
    """What a message mainly is. `OTHER` is kept and shown as 暂不支持的消息."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    FILE = "file"
    LOCATION = "location"
    LINK = "link"
    OTHER = "other"


class DeliveryState(StrEnum):
    """How far an outgoing message has come, in the order of `rank`."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"

    @property
    def rank(self) -> int:
        """Receipts come in any order: a state only ever gives way to one of a higher rank."""
        return list(DeliveryState).index(self)


class ContactChange(StrEnum):
    """What a person did to the channel itself rather than say on it."""

    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"


@dataclass(frozen=True, slots=True)
class Media:
    """A file that came or goes. `content` is None while only the provider's `reference` is known."""

    name: str
    content_type: str
    content: bytes | None = field(default=None, repr=False)
    reference: str = ""
    inline_id: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone at the far end of a channel.

    `address` is normalised by the adapter (openid as it is, E.164, lower-case mail address).
    `verified` says that the channel itself vouches for the address (a signed callback, our own MX's DMARC pass).
    """

    address: str = field(repr=False)
    name: str = field(default="", repr=False)
    verified: bool = True


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """Someone wrote. `text` is what they wrote now; `full_text` everything the payload said (mail with quotes).

    `dedupe_key` is equal for every delivery of the same message and for no other on the account.
    `automatic` marks what a machine wrote (RFC 3834): it is shown, and never answered automatically.
    """

    dedupe_key: str = field(repr=False)
    sender: Person
    text: str = field(default="", repr=False)
    kind: MessageKind = MessageKind.TEXT
    provider_id: str = ""
    subject: str = field(default="", repr=False)
    full_text: str = field(default="", repr=False)
    sent_at: datetime | None = None
    media: tuple[Media, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """Someone followed, unfollowed or changed what they may be sent.

    `about` names a message of ours by its provider id, for changes that others report and anybody could forge: such a
    change counts for whomever that message went to, and for nobody if there is none; `sender` is not looked at.
    """

    dedupe_key: str = field(repr=False)
    sender: Person
    change: ContactChange
    at: datetime | None = None
    detail: str = field(default="", repr=False)
    about: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """The provider says how far something of ours has come. `reason` is zh-CN, for the agent."""

    dedupe_key: str = field(repr=False)
    provider_id: str
    state: DeliveryState
    code: str = ""
    reason: str = ""
    at: datetime | None = None


Event = MessageReceived | ContactChanged | DeliveryUpdate


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One part of one message, ready to leave.

    `id` is stable over retries: adapters derive the provider's idempotency token or the Message-ID from it.
    A part is text, or one file, never both (except on channels whose facts say `mixed_parts`).
    """

    id: UUID
    to: str = field(repr=False)
    text: str = field(default="", repr=False)
    media: tuple[Media, ...] = ()
    to_name: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took a part. `provider_id` is what its receipts will name; empty where there are none."""

    provider_id: str = ""
    state: DeliveryState = DeliveryState.SENT


ICONS = frozenset({"wechat", "sms", "email", "chat"})


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What differs between channels, stated by the adapter so that the core never asks which one it is."""

    label: str
    longest_text: int
    """The longest text of one part, in `text_unit`."""
    icon: str = "chat"
    """What marks it on screens: one of `ICONS`, drawn in `web/pages/icons.html`."""
    text_unit: str = "characters"
    """`characters`, `bytes` of UTF-8, or SMS `segments`."""
    signature: str = ""
    """What the provider puts before every text, at its longest; it counts with the text."""
    most_parts: int = 10
    reply_window: timedelta | None = None
    """How long after a person's last message they may be written to; None: always."""
    media_types: tuple[str, ...] = ()
    """Content types, or prefixes ending in `/`, of files that can be sent; empty: none."""
    largest_media: int = 0
    """Bytes of one file."""
    mixed_parts: bool = False
    """Text and files travel together in one part (mail)."""
    has_subject: bool = False
    receipts: bool = False
    """The provider says later whether a message arrived."""
    largest_call: int = 256 * 1024
    """Bytes of one call of the provider's; anything longer is refused unread."""
    answers_in_call: bool = False
    """A text may travel back inside the answer to the provider's call."""

    def length_of(self, text: str) -> int:
        """How long a text is, in `text_unit`."""
        return MEASURES[self.text_unit](self.signature + text)
