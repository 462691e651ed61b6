"""`./dev parse email|reply FILE...`: what would we make of this payload? One JSON object a line."""

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from channels.email import bounce, mime, reply
from channels.email.adapter import own_words
from core.errors import UnreadablePayload

HELP: Final = "print what the product would make of a mail, or of a reply's text"

Row = dict[str, object]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=["email", "reply"])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--html", action="store_true", help="reply: the file is HTML")


def run(given: argparse.Namespace) -> int:
    read: Mapping[str, Callable[[bytes], Row]] = {
        "email": _email,
        "reply": lambda raw: _reply(raw, html=given.html),
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
