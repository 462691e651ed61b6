"""Email as a channel: mails pushed to a signed hook or read over IMAP, answered over SMTP."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

import aiohttp
import structlog

from channels.base import Account, AccountField, Answer, Fetched, RawCall
from channels.email import bounce, compose, imap, mime, reply, reply_patterns, threading, trust
from channels.email.connection import server
from channels.email.imap_session import MailboxSession
from channels.email.mime import Mail
from channels.email.smtp_pool import SmtpPool
from core.errors import BadSetting, Refused, RejectedCall, UnreadablePayload
from core.messages import (
    Accepted,
    ChannelFacts,
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    Event,
    MessageKind,
    MessageReceived,
    Outgoing,
    Person,
)

log = structlog.get_logger(__name__)

FRESH = 300
"""Seconds that a signed call stays valid."""
LONGEST_KEY = 200

_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_ADDRESS = re.compile(r"[\w.+=!#$%&'*/?^`{|}~-]{1,64}@[^\s@<>()\[\],;:\"\\]{1,190}", re.ASCII)
_SECURITY = r"tls|starttls|none"
_PORT = r"\d{0,5}"


class EmailChannel:
    """A mailbox of ours. Raise `BadSetting` on construction where its settings do not go together."""

    kind: ClassVar[str] = "email"
    facts: ClassVar[ChannelFacts] = ChannelFacts(
        label="邮件",
        icon="email",
        longest_text=200_000,
        media_types=("image/", "audio/", "video/", "text/", "application/"),
        largest_media=20 * 1024 * 1024,
        mixed_parts=True,
        has_subject=True,
        largest_call=30 * 1024 * 1024,
    )
    fields: ClassVar[tuple[AccountField, ...]] = (
        AccountField(
            "address", "邮箱地址", "消费者看到的发件地址", example="service@example.com", check=r"[^@\s]+@[^@\s]+"
        ),
        AccountField("display_name", "发件人名称", required=False, example="某某家电售后"),
        AccountField("smtp_host", "发信服务器", example="smtp.example.com"),
        AccountField(
            "smtp_port", "发信端口", "留空则按加密方式取 465 或 587", required=False, example="465", check=_PORT
        ),
        AccountField("smtp_security", "发信加密", "none 只能用于本机", default="tls", example="tls", check=_SECURITY),
        AccountField("smtp_user", "发信账号", required=False, example="service@example.com"),
        AccountField("smtp_password", "发信授权码", secret=True, required=False),
        AccountField("imap_host", "收信服务器", "留空则只通过回调收信", required=False, example="imap.example.com"),
        AccountField(
            "imap_port", "收信端口", "留空则按加密方式取 993 或 143", required=False, example="993", check=_PORT
        ),
        AccountField("imap_security", "收信加密", "none 只能用于本机", required=False, default="tls", check=_SECURITY),
        AccountField("imap_user", "收信账号", required=False, example="service@example.com"),
        AccountField("imap_password", "收信授权码", secret=True, required=False),
        AccountField("imap_folder", "收信文件夹", required=False, default="INBOX", example="INBOX"),
        AccountField("hook_secret", "回调密钥", "给回调签名用；留空则不接受回调", secret=True, required=False),
        AccountField(
            "authserv_id",
            "收信服务器的验证标识",
            "自己的收信服务器写在 Authentication-Results 开头的名字；留空则不认可任何发件人验证",
            required=False,
            example="mx.example.com",
        ),
    )

    def __init__(self, account: Account, http: aiohttp.ClientSession) -> None:  # noqa: ARG002 # the contract's
        self._values = values = account.values
        self._address = values.get("address", "").strip().lower()
        if not _sendable(self._address):
            raise BadSetting("address", "应为邮箱地址，例如 service@example.com")
        self._smtp = SmtpPool(server("smtp", values), self._address)
        self._mailbox: MailboxSession | None = None
        if values.get("imap_host", "").strip():
            self._mailbox = MailboxSession(server("imap", values), values.get("imap_folder") or "INBOX")

    @staticmethod
    def problems(values: Mapping[str, str]) -> Mapping[str, str]:
        """What does not go together among values that are each right by themselves."""
        found = {}
        for protocol in ("smtp", "imap"):
            try:
                if values.get(f"{protocol}_host"):
                    server(protocol, values)
            except BadSetting as wrong:
                found[wrong.name] = wrong.problem
        if values.get("imap_host") and not (values.get("imap_user") and values.get("imap_password")):
            found["imap_user"] = "填写了收信服务器，就要填写收信账号和授权码"
        return found

    def verify(self, call: RawCall) -> None:
        """Check `X-Yingda-Signature: t=<unix seconds>,v1=<hex>`, an HMAC-SHA256 of "<t>." + body by `hook_secret`."""
        secret = self._values.get("hook_secret", "")
        said = _SIGNATURE.fullmatch(call.headers.get("x-yingda-signature", "").strip())
        if not secret or said is None:
            raise RejectedCall("no signature that could be checked")
        wanted = hmac.new(secret.encode(), f"{said[1]}.".encode() + call.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, said[2]):
            raise RejectedCall("wrong signature")
        if abs(time.time() - int(said[1])) > FRESH:
            raise RejectedCall("signed too long ago")

    def parse(self, call: RawCall) -> Sequence[Event]:
        """The mail in a call's body (message/rfc822): at most one event; none for a mail of our own."""
        return self._events(mime.read(call.body), call.body)

    def answer(self, call: RawCall, reply: str = "") -> Answer:  # noqa: ARG002 # the contract's
        return Answer("ok")

    async def send(self, part: Outgoing) -> Accepted:
        """Send one mail. Its Message-ID, made from `part.id`, is what receipts and answers will name."""
        recipient = _sendable(part.to)
        if not recipient:
            raise Refused("收件地址写法不对", recipient_gone=True)
        name = self._values.get("display_name", "")
        mail = compose.mail(part, recipient, self._address, name, datetime.now(UTC))
        await self._smtp.deliver(recipient, mail)
        return Accepted(threading.message_id(part.id, self._address))

    async def fetch(self, cursor: str) -> tuple[Sequence[Fetched], str]:
        """New mails of the mailbox, which stays as it was. Raise `TryLater` or `Refused`, as `send` does."""
        if self._mailbox is None:
            return (), cursor
        found, following = await self._mailbox.fetch(cursor)
        fetched = [await asyncio.to_thread(self._fetched, each) for each in found]  # a large mail takes seconds
        return [each for each in fetched if each is not None], following

    async def wait(self, seconds: float) -> None:
        """Until the mail server announces a mail, at most `seconds`. Raise as `fetch` does."""
        await (self._mailbox.wait(seconds) if self._mailbox else asyncio.sleep(seconds))

    async def close(self) -> None:
        """Let go of the connections that are kept."""
        await self._smtp.close()
        if self._mailbox:
            await self._mailbox.close()

    def _fetched(self, found: imap.Found) -> Fetched | None:
        try:
            mail = mime.read(found.raw) if found.whole else mime.read_headers(found.raw)
            events = self._events(mail, found.raw, whole_size=0 if found.whole else found.size)
        except UnreadablePayload:
            return Fetched(found.raw)
        except Exception as problem:  # one mail must not stand before all that come after it
            log.exception("mail stumbled over", problem=type(problem).__name__)
            return Fetched(found.raw)
        return Fetched(found.raw, tuple(events)) if events else None

    def _events(self, mail: Mail, raw: bytes, whole_size: int = 0) -> list[Event]:
        sender = trust.sender(mail.headers, self._values.get("authserv_id", ""))
        if sender is None:
            raise UnreadablePayload("a mail from nobody")
        if sender.address == self._address:
            return []
        provider_id = next(iter(mail.headers.identifiers("message-id")), "")
        key = (
            provider_id
            if 0 < len(provider_id) <= LONGEST_KEY
            else hashlib.sha256(provider_id.encode() or raw).hexdigest()
        )
        report = bounce.read(mail)
        if report.original_id and report.kind in (bounce.Kind.BOUNCE, bounce.Kind.DELIVERED):
            return [_update(report, key, mail)]
        if report.kind is bounce.Kind.COMPLAINT and threading.is_ours(report.original_id, self._address):
            return [_complaint(report, key, sender, mail)]
        machine = report.kind is not bounce.Kind.MESSAGE or bounce.automatic(mail.headers)
        return [replace(_message(mail, sender, key, whole_size), provider_id=provider_id, automatic=machine)]


def own_words(mail: Mail) -> str:
    """What the sender wrote now, by whichever form of the text the mail has; of a mail passed on, all of it."""
    own = [block for block in mail.blocks if block.own]
    if reply_patterns.forwards(mail.headers.text("subject")):
        said = [block.plain for block in own]
    else:
        said = [reply.from_html(block.text) if block.html else reply.from_text(block.text) for block in own]
    return "\n".join(text for text in said if text).strip()


def _message(mail: Mail, sender: Person, key: str, whole_size: int) -> MessageReceived:
    headers = mail.headers
    text, everything = own_words(mail), mail.text
    if whole_size:
        text = everything = f"[邮件过大（{whole_size / 1024 / 1024:.1f} MB），正文和附件没有下载，请到邮箱中查看]"
    elif not text and not mail.files:
        text = headers.text("subject") or "[空邮件]"
    return MessageReceived(
        dedupe_key=key,
        sender=sender,
        text=text,
        kind=_kind(mail, text),
        subject=headers.text("subject"),
        full_text=everything,
        sent_at=headers.date(),
        media=mail.files,
        in_reply_to=next(iter(headers.identifiers("in-reply-to")), ""),
        references=threading.references(headers.identifiers("references")),
    )


def _kind(mail: Mail, text: str) -> MessageKind:
    if text or not mail.files:
        return MessageKind.TEXT
    return MessageKind.IMAGE if mail.files[0].content_type.startswith("image/") else MessageKind.FILE


def _update(report: bounce.Report, key: str, mail: Mail) -> DeliveryUpdate:
    """What a report says of our mail. A warning that the system is still trying changes nothing but is kept."""
    first = next(iter(report.recipients), None)
    waiting = first is not None and not first.final
    state = DeliveryState.DELIVERED if report.kind is bounce.Kind.DELIVERED else DeliveryState.FAILED
    return DeliveryUpdate(
        dedupe_key=key,
        provider_id=report.original_id,
        state=DeliveryState.SENT if waiting else state,
        code=first.status if first else "",
        reason=first.reason if first and state is DeliveryState.FAILED else "",
        at=mail.headers.date(),
    )


def _complaint(report: bounce.Report, key: str, sender: Person, mail: Mail) -> ContactChanged:
    """Somebody told their provider that our mail is spam (RFC 5965): they get no more of them.

    Anybody can write such a report, and most hide whose it is: it counts for whomever the mail it returns went to.
    """
    return ContactChanged(key, sender, ContactChange.OPTED_OUT, mail.headers.date(), about=report.original_id)


def _sendable(address: str) -> str:
    """An address as it can travel (its domain in ASCII), or nothing if it cannot."""
    clean = address.strip()
    if not _ADDRESS.fullmatch(clean) or ".." in clean:
        return ""
    local, _, _ = clean.rpartition("@")
    try:
        return f"{local}@{threading.domain(clean)}"
    except ValueError:
        return ""
