"""Events as bytes, for the journal: JSON with files in base64, so that a row can be read by any later version."""

import json
from base64 import b64decode, b64encode
from dataclasses import fields
from datetime import datetime
from typing import Any

from core.messages import (
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    Event,
    Media,
    MessageKind,
    MessageReceived,
    Person,
)

_NAMES: dict[type[Event], str] = {
    MessageReceived: "message",
    ContactChanged: "contact",
    DeliveryUpdate: "delivery",
}


def encode(event: Event) -> bytes:
    """An event as UTF-8 JSON."""
    text = json.dumps({"is": _NAMES[type(event)], **_plain(event)}, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")  # half a character is no reason to lose a message


def decode(data: bytes) -> Event:
    """What `encode` made."""
    values = json.loads(data.decode("utf-8", "surrogatepass"))
    match values.pop("is"):
        case "message":
            return _message(values)
        case "contact":
            sender, change = Person(**values.pop("sender")), ContactChange(values.pop("change"))
            return ContactChanged(sender=sender, change=change, **_common(values), **values)
        case _:
            return DeliveryUpdate(state=DeliveryState(values.pop("state")), **_common(values), **values)


def _message(values: dict[str, Any]) -> MessageReceived:
    sent_at = values.pop("sent_at", None)
    return MessageReceived(
        sender=Person(**values.pop("sender")),
        kind=MessageKind(values.pop("kind", "text")),
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
        media=tuple(_media(each) for each in values.pop("media", ())),
        references=tuple(values.pop("references", ())),
        **values,
    )


def _media(values: dict[str, Any]) -> Media:
    content = values.pop("content", None)
    return Media(content=None if content is None else b64decode(content), **values)


def _common(values: dict[str, Any]) -> dict[str, Any]:
    at = values.pop("at", None)
    return {"at": datetime.fromisoformat(at) if at else None}


def _plain(value: Any) -> Any:
    """A dataclass as plain JSON values; fields at their defaults are left out."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        given = ((each, getattr(value, each.name)) for each in fields(value))
        return {each.name: _plain(said) for each, said in given if said != each.default}
    return value
