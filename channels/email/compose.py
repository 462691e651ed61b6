"""One outgoing part as the bytes of a mail: 7-bit, folded, and without a way to slip a header in."""

import re
from datetime import datetime
from email.header import Header
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr

from channels.email import threading
from core.messages import Media, Outgoing

LONGEST_SUBJECT = 200
DEFAULT_SUBJECT = "您的售后服务消息"

_POLICY = compat32.clone(linesep="\r\n", max_line_length=76)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")


def mail(part: Outgoing, to: str, address: str, display_name: str, now: datetime) -> bytes:
    """The mail that carries a part to `to` from our `address`; `now` is its Date."""
    root = _body(part)
    root["From"] = _mailbox(display_name, address)
    root["To"] = _mailbox(part.to_name, to)
    subject = _whole(one_line(part.subject)[:LONGEST_SUBJECT]) or DEFAULT_SUBJECT
    # A Header, not its text: the generator would fold the text once more and put an empty line in front.
    root["Subject"] = Header(subject, _charset(subject), header_name="Subject")  # type: ignore[assignment]
    root["Date"] = format_datetime(now)
    root["Message-ID"] = threading.message_id(part.id, address)
    thread = threading.references(part.references, part.in_reply_to)
    if thread:
        root["In-Reply-To"] = threading.references((), part.in_reply_to or thread[-1])[0]
        root["References"] = " ".join(thread)
    if part.automatic:
        root["Auto-Submitted"] = "auto-replied"
        root["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    return root.as_bytes(policy=_POLICY)


def one_line(text: str) -> str:
    """Text that can stand in a header: no line ends, no controls."""
    return _CONTROLS.sub(" ", text).strip()


def _body(part: Outgoing) -> Message:
    lines = part.text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = MIMEText(_whole(lines), "plain", "utf-8")
    if not part.media:
        return text
    root = MIMEMultipart("mixed")
    if lines:
        root.attach(text)
    for file in part.media:
        root.attach(_attachment(file))
    return root


def _attachment(file: Media) -> Message:
    """A file with its name written both ways: RFC 2231, and the encoded word that older Chinese clients read."""
    kind = file.content_type.lower() if _CONTENT_TYPE.fullmatch(file.content_type.lower()) else ""
    main, _, sub = kind.partition("/")
    if main in ("", "multipart", "message"):
        main, sub = "application", "octet-stream"
    entity: MIMEBase = MIMEApplication(file.content or b"", "octet-stream")
    name = _whole(one_line(file.name)[:120]) or "附件"
    entity.set_type(f"{main}/{sub}")
    entity.set_param("name", _encoded(name))
    entity.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    return entity


def _mailbox(name: str, address: str) -> str:
    shown = one_line(name)[:80]
    return formataddr((shown, address)) if shown.isascii() else f"{_encoded(shown)} <{address}>"


def _encoded(text: str) -> str:
    """Encoded words, none longer than 75 characters and none cut inside a character (RFC 2047)."""
    clean = _whole(text)
    return clean if _charset(clean) == "us-ascii" else Header(clean, "utf-8", header_name="Content-Type").encode()


def _charset(text: str) -> str:
    """What a header is written in; text that only looks like an encoded word is encoded, too."""
    return "us-ascii" if text.isascii() and "=?" not in text else "utf-8"


def _whole(text: str) -> str:
    """Text without halves of characters, which cannot travel."""
    return text.encode("utf-8", "replace").decode("utf-8")
