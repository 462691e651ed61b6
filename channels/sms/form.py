"""What Twilio's form says: a message that came in, or how far one of ours has come.

Source: twilio.com/docs/messaging/guides/webhook-request and .../outbound-message-status-in-status-callbacks.
"""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from multidict import MultiDict

from channels.sms.codes import reason_for
from channels.sms.numbers import e164
from core.errors import UnreadablePayload
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

Form = MultiDict[str]

MOST_FIELDS = 200
MOST_MEDIA = 10

# Twilio's words → ours. `scheduled` and `accepted` wait at Twilio; the initial status has no callback.
STATES: dict[str, DeliveryState] = {
    "accepted": DeliveryState.QUEUED,
    "scheduled": DeliveryState.QUEUED,
    "queued": DeliveryState.QUEUED,
    "sending": DeliveryState.SENDING,
    "sent": DeliveryState.SENT,
    # Some recipients of a group; it did leave.
    "partially_delivered": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}

# Twilio's own keywords, and what people in China write to be left alone. Only the whole message counts.
STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "退订", "td", "拒收"}
)
START_WORDS = frozenset({"start", "yes", "unstop"})

KINDS = {"image": MessageKind.IMAGE, "audio": MessageKind.VOICE, "video": MessageKind.VIDEO}
NAMES = {MessageKind.IMAGE: "图片", MessageKind.VOICE: "语音", MessageKind.VIDEO: "视频", MessageKind.FILE: "文件"}


def read_form(body: bytes) -> Form:
    """All fields, repeated ones too: the signature covers each. Raise `UnreadablePayload`."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UnreadablePayload("not a form in UTF-8") from None
    return MultiDict(pairs)


def read_events(form: Form) -> Sequence[Event]:
    """The events of a form. Raise `UnreadablePayload`."""
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if not re.fullmatch(r"[A-Z]{2}[0-9a-zA-Z]{1,62}", sid):
        raise UnreadablePayload("no message id")
    if "MessageStatus" in form:
        return _receipt(form, sid)
    if "From" in form and ("Body" in form or "NumMedia" in form):
        return _message(form, sid)
    raise UnreadablePayload("neither a message nor a receipt")


def _message(form: Form, sid: str) -> Sequence[Event]:
    sender = Person(e164(form["From"]))
    media = _media(form)
    message = MessageReceived(
        dedupe_key=sid,
        sender=sender,
        text=form.get("Body", "") or ("" if media else "[空白短信]"),
        kind=_kind(media[0].content_type) if media else MessageKind.TEXT,
        provider_id=sid,
        media=media,
    )
    change = _change(form)
    # The change comes first: whoever answers the message already knows what may be sent.
    return (ContactChanged(f"{sid}:{change}", sender, change), message) if change else (message,)


def _change(form: Form) -> ContactChange | None:
    """Advanced Opt-Out says it itself; without it the whole message is the keyword."""
    told = form.get("OptOutType", "").upper()
    said = form.get("Body", "").strip().casefold()
    if told == "STOP" or (not told and said in STOP_WORDS):
        return ContactChange.OPTED_OUT
    if told == "START" or (not told and said in START_WORDS):
        return ContactChange.OPTED_IN
    return None


def _media(form: Form) -> tuple[Media, ...]:
    count = form.get("NumMedia", "0")
    number = int(count) if re.fullmatch(r"[0-9]{1,2}", count) else 0
    found = []
    for index in range(min(number, MOST_MEDIA)):
        if address := form.get(f"MediaUrl{index}"):
            content_type = form.get(f"MediaContentType{index}", "application/octet-stream")
            found.append(Media(NAMES[_kind(content_type)], content_type, reference=address))
    return tuple(found)


def _kind(content_type: str) -> MessageKind:
    return KINDS.get(content_type.partition("/")[0], MessageKind.FILE)


def _receipt(form: Form, sid: str) -> Sequence[Event]:
    status, code = form["MessageStatus"], form.get("ErrorCode", "")[:20]
    if status not in STATES:
        raise UnreadablePayload("a status that Twilio did not have when this was written")
    state = STATES[status]
    failed = state is DeliveryState.FAILED
    update = DeliveryUpdate(
        dedupe_key=f"{sid}:{status}",
        provider_id=sid,
        state=state,
        code=code if failed else "",
        reason=reason_for(code) if failed else "",
    )
    if failed and code == "21610" and form.get("To"):
        # Twilio keeps its own list of who wrote STOP; this is how we hear of what we missed.
        person = Person(e164(form["To"]))
        return (ContactChanged(f"{sid}:opted_out", person, ContactChange.OPTED_OUT), update)
    return (update,)
