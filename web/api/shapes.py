"""What travels over /api/v1. Names, addresses and texts are masked, as on the screens; revealing is not offered."""

import base64
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from core.conversations.listing import Position


def cursor_of(place: Position) -> str:
    """A place in a list, opaque to programs."""
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def _position(cursor: object) -> Position | None:
    """The place in a cursor. One that is not ours is an error, not the first page."""
    return Position.of(base64.urlsafe_b64decode(str(cursor)).decode()) if cursor else None


Cursor = Annotated[Position | None, BeforeValidator(_position), WithJsonSchema({"type": "string"})]
View = Literal["unassigned", "open", "closed", "all"]


class Shape(BaseModel):
    """Reads from the core's views by attribute."""

    model_config = ConfigDict(from_attributes=True)


class Given(BaseModel):
    """Comes from a program: what we do not know is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ConversationQuery(Given):
    """Which conversations."""

    view: View = Field(default="open", description="Which conversations")
    cursor: Cursor = Field(default="", validate_default=True, description="`next` of the page before")
    limit: int = Field(default=50, ge=1, le=100, description="How many at most")


class MessageQuery(Given):
    """Which messages."""

    before: UUID | None = Field(default=None, description="Those just before this message")
    after: UUID | None = Field(default=None, description="Those just after this message; wins over `before`")
    limit: int = Field(default=50, ge=1, le=100, description="How many at most")


class ConversationItem(Shape):
    """A conversation in a list."""

    id: UUID = Field(validation_alias="conversation_id")
    contact_id: UUID
    name: str = Field(description="Masked")
    channels: list[str]
    preview: str = Field(description="Beginning of the last message, masked")
    state: str
    assignee_id: UUID | None
    last_message_at: datetime
    waiting_since: datetime | None = Field(description="Since when the person waits for a human answer")
    unread: int
    closes_at: datetime | None = Field(description="When the last way of answering closes; null: it does not")


class ConversationPage(Shape):
    """Who waits longest comes first, then the newest."""

    items: list[ConversationItem]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last")


class Address(Shape):
    """Where a person can be reached."""

    id: UUID
    kind: str
    value: str = Field(description="Masked")
    name: str = Field(description="Masked; what the channel calls them")
    verified: bool
    why_not: str = Field(description="zh-CN: why nothing can be sent there now; empty: it can")
    closes_at: datetime | None


class Link(Shape):
    """Another person that turned out to be this one."""

    id: UUID
    at: datetime
    name: str = Field(description="Masked")


class Conversation(Shape):
    """One conversation."""

    id: UUID = Field(validation_alias="conversation_id")
    state: str
    contact_id: UUID
    name: str = Field(description="Masked")
    assignee_id: UUID | None
    unread: int
    addresses: list[Address]
    reply_through: UUID | None = Field(description="The address that a reply takes when none is named")


class Attachment(Shape):
    """A file of a message."""

    id: UUID
    name: str
    content_type: str
    size: int = Field(description="Bytes")
    state: str = Field(description="stored, pending (still being fetched) or lost")


class Message(Shape):
    """One message, note or event of a conversation."""

    id: UUID
    direction: str = Field(description="in, out, note (never sent) or event")
    author_kind: str = Field(description="contact, staff, bot or system")
    channel: str
    kind: str
    subject: str = Field(description="Masked")
    body: str = Field(description="Masked")
    state: str = Field(description="received, kept, queued, sending, unknown, sent, failed, delivered or read")
    reason: str = Field(description="zh-CN: why it failed")
    created_at: datetime
    sent_at: datetime | None
    attachments: list[Attachment]


class MessagePage(Shape):
    """Oldest first."""

    items: list[Message]
    earlier: UUID | None = Field(description="Ask again with `before` this for what came earlier; null: nothing did")
    later: UUID | None = Field(description="Ask again with `after` this for what comes later; null: no messages here")


class ReplyHeaders(BaseModel):
    """The same key again is the same reply, whatever it says the second time."""

    idempotency_key: str = Field(min_length=8, max_length=200, description="Made by the caller, one for each reply")


class Reply(Given):
    """What to say."""

    text: str = Field(min_length=1, max_length=20_000)
    address_id: UUID | None = Field(
        default=None, description="Which of the person's addresses; null: where they wrote last"
    )
    subject: str = Field(default="", max_length=200, description="Where the channel has subjects")


class Replied(Shape):
    """The reply was taken; its state is read with the messages."""

    message_id: UUID


class Find(Given):
    """Whom to look for. In the body, so that no address stands in a log of URLs."""

    find: str = Field(min_length=3, max_length=200, description="A whole phone number, mail address or openid")


class Person(Shape):
    """A person in a list."""

    id: UUID
    name: str = Field(description="Masked")
    kinds: list[str]
    open_conversation: UUID | None


class PersonList(Shape):
    """Who was found; empty: nobody."""

    items: list[Person]


class Contact(Person):
    """A person with addresses, and the links that make them one."""

    addresses: list[Address]
    links: list[Link]


class Rename(Given):
    """What to call a person."""

    name: str = Field(min_length=1, max_length=60)


class LinkTo(Given):
    """Whom to absorb."""

    absorbed_id: UUID = Field(description="The person who turned out to be this one")


class Linked(Shape):
    """The link, for undoing it."""

    link_id: UUID
