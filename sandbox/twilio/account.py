"""One Twilio account with its number, its messages and who opted out of hearing from it."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from sandbox.asks import Json, text
from sandbox.hooks import Hook, hook
from sandbox.people import e164

TIMEOUT, RETRIES, RETRY_DELAY = 15.0, 0, 1.0
"""Twilio waits 15 s and, unless told otherwise, does not ask again."""
MOST_MESSAGES = 20_000
API_VERSION = "2010-04-01"


@dataclass(slots=True)
class Message:
    """One message resource. Times are Unix seconds of the sandbox's clock."""

    sid: str
    to: str
    sender: str
    body: str
    direction: str
    segments: int
    created: float
    status: str
    media: tuple[str, ...] = ()
    """Keys of kept files (incoming), or addresses (outgoing)."""
    callback: str = ""
    error_code: int | None = None
    updated: float = 0.0
    sent: float | None = None


@dataclass(slots=True)
class TwilioAccount:
    """Settings and state."""

    account_sid: str
    auth_token: str
    number: str
    name: str
    hook: Hook
    messages: "OrderedDict[str, Message]" = field(default_factory=OrderedDict)
    opted_out: set[str] = field(default_factory=set)

    def keep(self, message: Message) -> Message:
        self.messages[message.sid] = message
        if len(self.messages) > MOST_MESSAGES:
            self.messages.popitem(last=False)
        return message

    def uri(self, rest: str) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/{rest}"

    def shown(self) -> dict[str, object]:
        """Without secrets."""
        return {
            "kind": "sms",
            "key": self.account_sid,
            "name": self.name,
            "number": self.number,
            "hook_url": self.hook.url,
        }


def opened(given: Json, before: TwilioAccount | None) -> TwilioAccount:
    """An account out of its settings; one that was there keeps its messages. Raise `BadAsk`."""
    account = TwilioAccount(
        account_sid=text(given, "account_sid"),
        auth_token=text(given, "auth_token"),
        number=e164(text(given, "number")),
        name=text(given, "name", "应答家电售后"),
        hook=hook(given, timeout=TIMEOUT, retries=RETRIES, retry_delay=RETRY_DELAY),
    )
    if before:
        account.messages, account.opted_out = before.messages, before.opted_out
    return account


def resource(account: TwilioAccount, message: Message) -> dict[str, object]:
    """The message as Twilio's JSON."""
    path = account.uri(f"Messages/{message.sid}")
    return {
        "account_sid": account.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _rfc2822(message.created),
        "date_sent": None if message.sent is None else _rfc2822(message.sent),
        "date_updated": _rfc2822(message.updated or message.created),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": message.sender,
        "messaging_service_sid": None,
        "num_media": str(len(message.media)),
        "num_segments": str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": message.to,
        "uri": f"{path}.json",
    }


def _rfc2822(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC))
