"""`./dev parse email|reply|wechat|sms FILE...`: what would we make of this payload? One JSON object a line."""

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from channels.email import bounce, mime, reply
from channels.email.adapter import own_words
from channels.sms.domestic import read_batch
from channels.sms.form import read_events as read_form_events
from channels.sms.form import read_form
from channels.wechat import payload
from channels.wechat.crypto import Envelope, Undecipherable, is_signed
from channels.wechat.events import read_events
from core.errors import UnreadablePayload
from core.intake.codec import encode

HELP: Final = (
    "print what the product would make of a mail, of a reply's text, or of a callback of WeChat or an SMS gateway"
)

Row = dict[str, object]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=["email", "reply", "wechat", "sms"])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--html", action="store_true", help="reply: the file is HTML")
    parser.add_argument("--token", default="", help="wechat: Token, for bodies that carry their own signature")
    parser.add_argument("--aes-key", default="", help="wechat: EncodingAESKey, for encrypted bodies")
    parser.add_argument("--app-id", default="", help="wechat: AppID, for encrypted bodies")


def run(given: argparse.Namespace) -> int:
    read: Mapping[str, Callable[[bytes], Row]] = {
        "email": _email,
        "reply": lambda raw: _reply(raw, html=given.html),
        "wechat": lambda raw: _wechat(raw, given.token, given.aes_key, given.app_id),
        "sms": _sms,
    }
    for path in given.files:
        try:
            row = read[given.kind](path.read_bytes())
        except (OSError, UnreadablePayload) as problem:
            row = {"ok": False, "error": str(problem)}
        print(json.dumps({"file": str(path), **row}, ensure_ascii=False))
    return 0


def _reply(raw: bytes, *, html: bool) -> Row:
    text = raw.decode("utf-8", "replace")
    return {"reply_text": reply.from_html(text) if html else reply.from_text(text)}


def _email(raw: bytes) -> Row:
    mail = mime.read(raw)
    headers, report = mail.headers, bounce.read(mail)
    name, address = next(iter(headers.addresses("from")), ("", ""))
    date = headers.date()
    row: Row = {
        "ok": True,
        "kind": report.kind,
        "from": {"address": address, "name": name},
        "subject": headers.text("subject"),
        "date": date.strftime("%Y-%m-%dT%H:%M:%SZ") if date else None,
        "message_id": next(iter(headers.identifiers("message-id")), ""),
        "in_reply_to": next(iter(headers.identifiers("in-reply-to")), ""),
        "references": headers.identifiers("references"),
        "text": mail.text,
        "reply_text": own_words(mail),
        "attachments": [
            {
                "name": file.name,
                "content_type": file.content_type,
                "size": len(file.content or b""),
                "sha256": hashlib.sha256(file.content or b"").hexdigest(),
            }
            for file in mail.files
        ],
    }
    if report.recipients:
        row["bounce"] = {"recipients": [_recipient(each) for each in report.recipients]}
    return row


def _recipient(each: bounce.Recipient) -> Row:
    return {"address": each.address, "status": each.status, "hard": each.hard, "reason": each.reason}


def _wechat(raw: bytes, token: str, aes_key: str, app_id: str) -> Row:
    """The events of a callback's body, decrypted where it is encrypted."""
    root = payload.read(raw)
    if encrypted := payload.word(root, "Encrypt"):
        if not _signed(root, token, encrypted):
            raise UnreadablePayload("wrong MsgSignature")
        raw = _decrypted(encrypted, aes_key, app_id)
        root = payload.read(raw)
    return {"ok": True, "encrypted": bool(encrypted), "events": [json.loads(encode(e)) for e in read_events(root, raw)]}


def _sms(raw: bytes) -> Row:
    """The events of Twilio's form, or of a batch in JSON that the domestic gateway pushed."""
    body = raw.strip()
    events = read_batch(body) if body.startswith(b"{") else read_form_events(read_form(body))
    return {"ok": True, "events": [json.loads(encode(each)) for each in events]}


def _signed(root: Element, token: str, encrypted: str) -> bool:
    """A callback is signed in its address, which a file does not have; only a body's own signature can be checked."""
    given = payload.word(root, "MsgSignature")
    return not given or is_signed(given, token, *(payload.word(root, n) for n in ("TimeStamp", "Nonce")), encrypted)


def _decrypted(encrypted: str, aes_key: str, app_id: str) -> bytes:
    try:
        return Envelope(app_id, [aes_key] if aes_key else []).open(encrypted).text
    except Undecipherable:
        raise UnreadablePayload("encrypted with another key or for another app") from None
