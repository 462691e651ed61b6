"""Mails that machines write about mail: bounces, delivery receipts, complaints, auto-replies.

Structured reports (RFC 3464, RFC 5965) are read as such; the others by what mail systems have been writing for decades,
Chinese providers' HTML-only 退信 among them. `hard`: the address itself is gone; anything else may work another day.
"""

import re
from dataclasses import dataclass, field
from email.message import Message
from enum import StrEnum

from channels.email import bounce_reasons as reasons
from channels.email import bounce_told as told
from channels.email import mime
from channels.email.headers import Headers
from channels.email.mime import Mail


class Kind(StrEnum):
    """What a mail is, by who or what wrote it."""

    MESSAGE = "message"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of a mail to one address. `status` is an enhanced code (RFC 3463) or else an SMTP code."""

    address: str = field(repr=False)
    status: str
    hard: bool
    reason: str
    """In zh-CN."""
    final: bool = True
    """False: the mail system is still trying."""


@dataclass(frozen=True, slots=True)
class Report:
    """A mail about mail; `original_id` is the Message-ID of the mail it is about, if that can be told."""

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    original_id: str = ""


LONGEST_LOOK = 20_000
"""Characters of a bounce's text that are searched."""

MOST_GROUPS = 50
"""Groups of a delivery status that are read: we write to one person at a time."""

_DAEMON = re.compile(
    r"^(?:mailer-?daemon|post_?master|mail\.?delivery\.?(?:sub)?system|mailadmin|"
    r"bounces?)\b",
    re.I,
)
_DAEMON_NAME = re.compile(
    r"mailer-?daemon|mail (?:delivery|administrator)|delivery (?:sub)?system|"
    r"系统退信",
    re.I,
)
_SUBJECT = re.compile(
    r"undeliver|returned mail|return(?:ing|ed) (?:message )?to sender|failure noti|delivery (?:status )?notif|"
    r"non.?delivery|"
    r"(?:delivery|mail|message|sending)[\w :-]{0,30}(?:fail|error|delay|problem|undeliver|incomplete)|"
    r"fail(?:ed|ure)[\w :-]{0,20}(?:delivery|mail|message)|could not be delivered|not delivered|rejected|"
    r"退信|退件|(?:邮件|投递)(?:发送|投递)?(?:失败|未能|被退回|被拒)|无法(?:投递|送达)|未送达|投遞|傳送失敗",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"(?:could|can|was|were|did|has|have)(?:n't| ?not)(?: be| been)? (?:deliver|reach)|unable to deliver|"
    r"undeliverable|"
    r"delivery (?:to the following|has) fail|permanent (?:fatal )?errors?|returned to (?:the )?sender|"
    r"following address|following recipient|error (?:occurred )?while trying to deliver|"
    r"error delivering your mail|"
    r"user unknown|unknown user|no such user|invalid user|^\s{0,8}RCPT TO:|mailbox (?:is )?full|"
    r"could not send|transcript of session|"
    r"message has been (?:rejected|blocked)|"
    r"\"notificationType|退信原因|无法(?:投递|送达|发送)|退回|投递失败|发送失败|未能送达|被退信|拒收",
    re.IGNORECASE | re.MULTILINE,
)
_ORIGINAL_STARTS = re.compile(
    r"^[ >|]*-{2,}.{0,60}(?:below this line|original message|unsent message|message text follows|"
    r"copy of (?:the|your) message|"
    r"returned message|message header|原始邮件|原邮件).{0,60}$|^original message follows.{0,20}$"
    r"|^(?:received|return-path|dkim-signature): ?.{0,200}$",
    re.IGNORECASE | re.MULTILINE,
)
_MESSAGE_ID = re.compile(r"^[ >|]*message-id:\s{0,5}(<[^<>\s]{3,900}>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[\w.+=/-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_AUTO_SUBJECT = re.compile(
    r"^\s*(?:re: ?)?(?:\[?(?:自动回复|自动答复|自動回覆|自动应答|外出自动答复)|auto(?:matic)?[- ]?(?:reply|"
    r"response|answer)|out of (?:the )?office|"
    r"automatische antwort|réponse automatique|respuesta automática|vacation|away (?:from|until)|不在办公室)",
    re.IGNORECASE,
)
_FEEDBACK = re.compile(r"^feedback-type: ?([\w-]{1,40})", re.IGNORECASE | re.MULTILINE)
_MADE_BY_A_PERSON = {"", "no"}
_SNS = re.compile(r"notificationType\\?\"\s?:\s?\\?\"(Bounce|Complaint|Delivery)")
_OF_SNS = {"Bounce": Kind.BOUNCE, "Complaint": Kind.COMPLAINT, "Delivery": Kind.DELIVERED}


def read(mail: Mail) -> Report:
    """What a mail is, and about which mail and which addresses it speaks."""
    text = mail.text[:LONGEST_LOOK]
    if _complains(mail, text):
        return Report(Kind.COMPLAINT, original_id=_original_id(mail) if _by_a_person(mail, text) else "")
    if status := _part(mail.root, "message/delivery-status"):
        return _structured(mail, mime.delivery_fields(status))
    if notice := _SNS.search(text):
        return _told(mail, text, _OF_SNS[notice[1]])
    if mail.headers.has("x-failed-recipients") or _is_told_bounce(mail, text):
        return _told(mail, text, Kind.BOUNCE)
    if _answers_by_itself(mail.headers):
        return Report(Kind.AUTO_REPLY)
    return Report(Kind.MESSAGE)


def automatic(headers: Headers) -> bool:
    """Whether a machine wrote it (RFC 3834 and what systems add beside it): shown, never answered automatically."""
    sender = next(iter(headers.addresses("from")), ("", ""))[1]
    return (
        headers.value("auto-submitted").split(" ")[0] not in _MADE_BY_A_PERSON
        or headers.value("precedence") in {"bulk", "list", "junk", "auto_reply"}
        or any(headers.has(name) for name in ("list-id", "list-unsubscribe", "x-auto-response-suppress", "feedback-id"))
        or headers.raw("return-path").replace(" ", "") == "<>"
        or bool(_DAEMON.match(sender))
        or sender.startswith(("no-reply@", "noreply@", "do-not-reply@", "donotreply@"))
        or _answers_by_itself(headers)
    )


def _answers_by_itself(headers: Headers) -> bool:
    said = headers.value("auto-submitted").split(" ")[0]
    told = any(headers.has(name) for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from"))
    return said == "auto-replied" or told or bool(_AUTO_SUBJECT.match(headers.text("subject")))


def _complains(mail: Mail, text: str) -> bool:
    if mail.headers.parameter("content-type", "report-type").lower() == "feedback-report":
        return True
    if _part(mail.root, "message/feedback-report"):
        return True
    hotmail = mail.headers.text("subject").lower().startswith("complaint about message from")
    unsubscribes = "sent this email to unsubscribe from the message" in text
    return hotmail or unsubscribes or bool(_FEEDBACK.search(text))


def _by_a_person(mail: Mail, text: str) -> bool:
    """Whether somebody pressed 垃圾邮件, rather than a server reporting on signatures (RFC 6591) or praising us."""
    report = _part(mail.root, "message/feedback-report")
    kind = _FEEDBACK.search(mime.delivery_fields(report) if report else text)
    return kind is None or kind[1].lower() in {"abuse", "fraud", "opt-out", "opt-out-list", "other"}


def _is_told_bounce(mail: Mail, text: str) -> bool:
    """Sent by a mail system, or by nobody, and saying so: a consumer may well write of a parcel 无法送达."""
    headers = mail.headers
    name, address = next(iter(headers.addresses("from")), (headers.text("from"), ""))
    nobody = headers.raw("return-path").replace(" ", "") == "<>"
    system = bool(
        _DAEMON.match(address) or _DAEMON_NAME.search(name) or _DAEMON.match(headers.raw("from").strip('<" '))
    )
    subject = bool(_SUBJECT.search(headers.text("subject")))
    says = bool(_SAYS_SO.search(text))
    if _AUTO_SUBJECT.match(headers.text("subject")):
        return system and says
    return (system or nobody) and system + nobody + subject + says >= 2


_ARRIVED = {"delivered", "relayed", "expanded", "deliverable"}
"""RFC 3464 section 2.3.3, and what Postfix calls an address that it only probed."""


def _structured(mail: Mail, fields: str) -> Report:
    """A delivery status (RFC 3464): a group of fields about the mail, then one for each address."""
    text = mail.text[:LONGEST_LOOK]
    groups = [_fields(group) for group in fields[: 10 * LONGEST_LOOK].split("\n\n")[:MOST_GROUPS]]
    about = [group for group in groups if "action" in group or "final-recipient" in group or "status" in group]
    recipients = tuple(_recipient(group, text) for group in about)
    actions = {group.get("action", "failed").split(" ")[0].lower() for group in about}
    kind = Kind.DELIVERED if actions and actions <= _ARRIVED else Kind.BOUNCE
    if not recipients:
        return _told(mail, text, Kind.BOUNCE)
    own_id = next((group["original-message-id"] for group in groups if "original-message-id" in group), "")
    return Report(kind, recipients, own_id.strip() or _original_id(mail))


def _fields(group: str) -> dict[str, str]:
    unfolded = re.sub(r"\n[ \t]+", " ", group)
    pairs = (line.partition(":") for line in unfolded.split("\n")[:200] if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _recipient(group: dict[str, str], text: str) -> Recipient:
    named = _ADDRESS.search(group.get("final-recipient", "") or group.get("original-recipient", ""))
    address = named[0].lower() if named else ""
    said, status = group.get("diagnostic-code", ""), group.get("status", "")
    action = group.get("action", "").partition(" ")[0].lower()
    if action in _ARRIVED:
        return Recipient(address, reasons.code(said, status), False, "已送达")
    if action.startswith("delayed"):
        return Recipient(address, reasons.code(said, status), False, "对方服务器暂时没有接收，仍在重试", final=False)
    sections = told.sections(text)
    about = sections.get(address, text) if len(sections) > 1 else text
    return _judged(address, said or about, status, f"{said}\n{about}")


def _judged(address: str, said: str, status: str, around: str) -> Recipient:
    """What became of an address by what was `said` of it; `around` tells when that was said."""
    found = reasons.find(said, status)
    code = reasons.code(said, status)
    if found is reasons.UNKNOWN_USER and not code.startswith("5.1.") and told.filtered(around):
        found = reasons.FILTERED
    return Recipient(address, code, found.hard, found.reason)


def _told(mail: Mail, text: str, kind: Kind) -> Report:
    """A report in words only."""
    start = _ORIGINAL_STARTS.search(text, 40)
    said = text[: start.start()] if start else text
    if len(said.strip()) < 40:
        said = text
    sections = told.sections(said)
    if kind is Kind.DELIVERED:
        return Report(kind, (Recipient(_named(mail, said), "", False, "已送达"),), _original_id(mail))
    if len(sections) > 1:
        recipients = tuple(_judged(address, about, "", about) for address, about in sections.items())
    else:
        recipients = (_judged(_named(mail, said), said, "", said),)
    return Report(kind, recipients, _original_id(mail))


def _named(mail: Mail, said: str) -> str:
    """The address that a report in words is about."""
    failed = mail.headers.addresses("x-failed-recipients")
    ours = {address for _, address in mail.headers.addresses("to") + mail.headers.addresses("from")}
    named = [each.lower() for each in _ADDRESS.findall(said)]
    return failed[0][1] if failed else next((each for each in named if each not in ours), "")


def _original_id(mail: Mail) -> str:
    """The Message-ID of the mail that came back: from the copy that is attached, quoted, or referred to."""
    for kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"):
        if (part := _part(mail.root, kind)) is None:
            continue
        inner = [child for child in part.get_payload() if isinstance(child, Message)] if part.is_multipart() else []
        if inner:
            found = Headers(inner[0]).identifiers("message-id")
        else:
            found = tuple(_MESSAGE_ID.findall(str(part.get_payload())[:LONGEST_LOOK]))
        if found:
            return found[0]
    quoted = _MESSAGE_ID.findall(mail.text[: 4 * LONGEST_LOOK])
    referred = mail.headers.identifiers("in-reply-to") + mail.headers.identifiers("references")
    return next(iter([*quoted, *referred]), "")


def _part(root: Message, kind: str) -> Message | None:
    """The first part of a content type, not looking into mails that are attached."""
    waiting = [root]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_type().lower() == kind:
            return part
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            waiting += [child for child in part.get_payload() if isinstance(child, Message)]
    return None
