"""One mail account of the product's: its address, its mailbox, or the hook that its mail is pushed to."""

import hashlib
import hmac
from dataclasses import dataclass, field

from sandbox.asks import Json, text
from sandbox.hooks import Hook, Request, hook
from sandbox.mail.mailbox import Mailbox

TIMEOUT, RETRIES, RETRY_DELAY = 30.0, 3, 5.0


@dataclass(slots=True)
class MailAccount:
    """Settings and the mailbox. With a hook and its secret, mail is pushed and the mailbox stays empty."""

    address: str
    user: str
    password: str
    name: str
    hook: Hook
    hook_secret: str
    mailbox: Mailbox = field(default_factory=Mailbox)

    @property
    def pushes(self) -> bool:
        return bool(self.hook.url and self.hook_secret)

    def admits(self, user: str, password: str) -> bool:
        """Whether these are the account's own."""
        return hmac.compare_digest(f"{user}\0{password}".encode(), f"{self.user}\0{self.password}".encode())

    def push(self, raw: bytes, now: float) -> Request:
        """One try: the letter as it is, signed with the time."""
        at = str(int(now))
        mac = hmac.digest(self.hook_secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hex()
        headers = {"Content-Type": "message/rfc822", "X-Yingda-Signature": f"t={at},v1={mac}"}
        return Request(self.hook.url, raw, headers)

    def shown(self) -> dict[str, object]:
        """Without secrets."""
        return {
            "kind": "email",
            "key": self.address,
            "name": self.name,
            "address": self.address,
            "hook_url": self.hook.url,
        }


def opened(given: Json, before: MailAccount | None) -> MailAccount:
    """An account out of its settings; one that was there keeps its mailbox. Raise `BadAsk`."""
    address = text(given, "address").lower()
    account = MailAccount(
        address=address,
        user=text(given, "user", address),
        password=text(given, "password", ""),
        name=text(given, "name", "应答家电售后"),
        hook=hook(given, timeout=TIMEOUT, retries=RETRIES, retry_delay=RETRY_DELAY),
        hook_secret=text(given, "hook_secret", ""),
    )
    if before:
        account.mailbox = before.mailbox
    return account
