"""One account at the gateway: its signature and template, what it sent, who refused, and what waits to be pushed."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from sandbox.asks import Json, text
from sandbox.hooks import Hook, hook

TIMEOUT, RETRIES, RETRY_DELAY = 5.0, 3, 5.0
MOST_MESSAGES = 20_000


@dataclass(slots=True)
class Message:
    """One accepted text. `status` is the last word of the network, empty while it travels."""

    id: str
    out_id: str
    phone: str
    text: str
    segments: int
    status: str = ""


@dataclass(slots=True)
class Waiting:
    """One entry for the next push; `pushed` is done when its push is over, with whether it was taken."""

    entry: dict[str, object]
    pushed: "asyncio.Future[bool]"


@dataclass(slots=True)
class GatewayAccount:
    """Settings and state."""

    app_key: str
    app_secret: str
    signature: str
    template: str
    name: str
    hook: Hook
    messages: "OrderedDict[str, Message]" = field(default_factory=OrderedDict)
    """By `out_id`."""
    opted_out: set[str] = field(default_factory=set)
    waiting: list[Waiting] = field(default_factory=list)

    def keep(self, message: Message) -> Message:
        self.messages[message.out_id] = message
        if len(self.messages) > MOST_MESSAGES:
            self.messages.popitem(last=False)
        return message

    def shown(self) -> dict[str, object]:
        """Without secrets."""
        return {
            "kind": "sms_cn",
            "key": self.app_key,
            "name": self.name,
            "number": f"【{self.signature}】",
            "hook_url": self.hook.url,
        }


def opened(given: Json, before: GatewayAccount | None) -> GatewayAccount:
    """An account out of its settings; one that was there keeps its messages. Raise `BadAsk`."""
    account = GatewayAccount(
        app_key=text(given, "app_key"),
        app_secret=text(given, "app_secret"),
        signature=text(given, "signature"),
        template=text(given, "template"),
        name=text(given, "name", "应答家电售后"),
        hook=hook(given, timeout=TIMEOUT, retries=RETRIES, retry_delay=RETRY_DELAY),
    )
    if before:
        account.messages, account.opted_out, account.waiting = before.messages, before.opted_out, before.waiting
    return account
