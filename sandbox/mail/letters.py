"""Letters written as people's mail programs write them, and letters read for the phone."""

import html
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import format_datetime, formataddr, make_msgid

from sandbox.asks import Upload

SHANGHAI = timezone(timedelta(hours=8))
QUOTED_LINES = 40


@dataclass(frozen=True, slots=True)
class Quoted:
    """The letter that is being answered."""

    message_id: str
    references: str
    sender: str
    receiver: str
    subject: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes. `quote` names the mail program whose way of quoting is used; empty: none."""

    sender: str
    sender_name: str
    receiver: str
    subject: str
    text: str
    at: float
    files: tuple[Upload, ...] = ()
    answers: Quoted | None = None
    quote: str = ""
    authenticated: bool = True


def write(draft: Draft) -> EmailMessage:
    """The letter, with the stamp of the mail server that took it in."""
    letter = EmailMessage(policy=policy.SMTP)
    verdict = "pass" if draft.authenticated else "fail"
    domain = draft.sender.rpartition("@")[2]
    letter["Authentication-Results"] = (
        f"mx.{draft.receiver.rpartition('@')[2]}; dmarc={verdict} header.from={domain}; spf={verdict}; dkim={verdict}"
    )
    letter["From"] = formataddr((draft.sender_name, draft.sender))
    letter["To"] = draft.receiver
    letter["Subject"] = draft.subject
    letter["Date"] = format_datetime(datetime.fromtimestamp(draft.at, SHANGHAI))
    letter["Message-ID"] = make_msgid(domain=domain)
    if draft.answers:
        letter["In-Reply-To"] = draft.answers.message_id
        letter["References"] = f"{draft.answers.references} {draft.answers.message_id}".strip()
    _write_body(letter, draft)
    for file in draft.files:
        kind, _, subkind = file.content_type.partition("/")
        letter.add_attachment(file.content, maintype=kind, subtype=subkind or "octet-stream", filename=file.name)
    return letter


def _write_body(letter: EmailMessage, draft: Draft) -> None:
    quoted = _QUOTES[draft.quote](draft.answers) if draft.quote and draft.answers else ""
    letter.set_content(draft.text + (f"\n\n{quoted}" if quoted else "") + "\n", cte="base64")
    if draft.quote:  # these programs always send both forms
        own = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line in draft.text.splitlines())
        below = f'<blockquote type="cite">{html.escape(quoted).replace(chr(10), "<br>")}</blockquote>'
        letter.add_alternative(own + (below if quoted else ""), subtype="html", cte="base64")


def _lines(text: str) -> list[str]:
    return text.splitlines()[:QUOTED_LINES]


def _quote_qq(letter: Quoted) -> str:
    head = [
        "------------------ 原始邮件 ------------------",
        f"发件人: {letter.sender}",
        f"发送时间: {_day(letter.at)}",
        f"收件人: {letter.receiver}",
        f"主题: {letter.subject}",
    ]
    return "\n".join([*head, "", *_lines(letter.text)])


def _quote_163(letter: Quoted) -> str:
    head = f"在 {datetime.fromtimestamp(letter.at, SHANGHAI):%Y-%m-%d %H:%M:%S}，{letter.sender} 写道："
    return "\n".join([head, *(f"> {line}" for line in _lines(letter.text))])


def _quote_outlook(letter: Quoted) -> str:
    head = [
        f"发件人: {letter.sender}",
        f"发送时间: {_day(letter.at)}",
        f"收件人: {letter.receiver}",
        f"主题: {letter.subject}",
    ]
    return "\n".join([*head, "", *_lines(letter.text)])


def _quote_gmail(letter: Quoted) -> str:
    moment = datetime.fromtimestamp(letter.at, SHANGHAI)
    return "\n".join(
        [
            f"{letter.sender} 于{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}写道：",
            *(f"> {line}" for line in _lines(letter.text)),
        ]
    )


_QUOTES = {"qq": _quote_qq, "163": _quote_163, "outlook": _quote_outlook, "gmail": _quote_gmail}
QUOTES = tuple(_QUOTES)


def _day(at: float) -> str:
    moment = datetime.fromtimestamp(at, SHANGHAI)
    return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter as a mail program shows it."""

    message_id: str
    in_reply_to: str
    references: str
    sender: str
    subject: str
    text: str
    files: tuple[Upload, ...]


def read(raw: bytes) -> Opened:
    """Open a letter; however odd it is, something is shown."""
    letter = BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)
    body = letter.get_body(("plain", "html"))
    files = []
    for part in letter.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            files.append(Upload(part.get_filename() or "附件", part.get_content_type(), content))
    return Opened(
        message_id=_header(letter, "Message-ID"),
        in_reply_to=_header(letter, "In-Reply-To"),
        references=_header(letter, "References"),
        sender=_header(letter, "From"),
        subject=_header(letter, "Subject"),
        text=_text(body) if body else "",
        files=tuple(files),
    )


def _header(letter: EmailMessage, name: str) -> str:
    try:
        return str(letter.get(name, ""))
    except (ValueError, LookupError, AttributeError, TypeError):  # the library trips over some broken headers
        return ""


def _text(part: MIMEPart) -> str:
    content = part.get_payload(decode=True)
    written = content if isinstance(content, bytes) else b""
    try:
        text = written.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = written.decode("gb18030", "replace")
    return text.replace("\r\n", "\n").rstrip()


def bounce(raw: bytes, recipient: str, postmaster: str, sender: str, at: float) -> bytes:
    """The report that a letter could not be delivered (RFC 3464)."""
    returned = read(raw)
    boundary = "sandbox-report"
    moment = format_datetime(datetime.fromtimestamp(at, UTC))
    return "\r\n".join(
        [
            "Return-Path: <>",
            f"From: Mail Delivery System <{postmaster}>",
            f"To: {sender}",
            "Subject: Undelivered Mail Returned to Sender",
            f"Date: {moment}",
            f"Message-ID: {make_msgid(domain='mx.example.com')}",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
            "",
            f"--{boundary}",
            "Content-Type: text/plain; charset=utf-8",
            "",
            "The recipient's mailbox does not exist.",
            f"--{boundary}",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example.com",
            "",
            f"Final-Recipient: rfc822; {recipient}",
            "Action: failed",
            "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 5.1.1 no such user",
            f"--{boundary}",
            "Content-Type: text/rfc822-headers",
            "",
            f"Message-ID: {returned.message_id}",
            f"--{boundary}--",
            "",
        ]
    ).encode()
