"""Reading a mailbox over IMAP without leaving a trace in it: examined read-only, fetched with BODY.PEEK."""

import imaplib
import re
from dataclasses import dataclass, field

from channels.email.connection import Server
from core.errors import Refused, TryLater

TIMEOUT = 30.0
MOST = 50
"""Mails a call."""
LARGEST = 25 * 1024 * 1024
"""Bytes of a mail that is fetched whole; of a larger one only the headers are."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes a call, so that fifty large mails do not meet in memory."""

_WINDOW, _WIDEST = 2_000, 100_000
_NUMBERS = re.compile(rb"(UID|RFC822\.SIZE) (\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A mail as the server gave it; `size` is what the whole has, also where `raw` is only its headers."""

    uid: int
    size: int
    raw: bytes = field(repr=False)

    @property
    def whole(self) -> bool:
        return self.size <= LARGEST


def read(client: imaplib.IMAP4, folder: str, cursor: str) -> tuple[list[Found], str]:
    """What came after `cursor` ("uidvalidity:uid"), oldest first, and the next cursor. Raise `Refused`.

    The folder is opened anew each time: that is how a server tells what came, and whether its numbers still hold.
    """
    status, _ = client.select(_quoted(folder), readonly=True)
    if status != "OK":
        raise Refused("收信文件夹不存在或无法打开", code="imap")
    validity = _said(client, "UIDVALIDITY") or "0"
    last = _last_seen(cursor, validity)
    found: list[Found] = []
    for uid in _newer(client, last)[:MOST]:
        mail = _one(client, uid)
        if found and mail and sum(len(each.raw) for each in found) + len(mail.raw) > MOST_BYTES:
            break
        found += [mail] if mail else []
        last = uid
    return found, f"{validity}:{last}"


def _last_seen(cursor: str, validity: str) -> int:
    """The last uid read. A new UIDVALIDITY voids all uids (RFC 3501 section 2.3.1.1): from the start again."""
    known, _, uid = cursor.partition(":")
    return int(uid) if known == validity and uid.isdigit() else 0


def _newer(client: imaplib.IMAP4, last: int) -> list[int]:
    """The uids after `last`, looked for in windows: a search over a huge mailbox would answer in one endless line."""
    end = int(_said(client, "UIDNEXT") or 0)
    if not end:
        return _search(client, f"{last + 1}:*", last)
    low, width = last + 1, _WINDOW
    while low < end:
        if found := _search(client, f"{low}:{low + width - 1}", last):
            return found
        low, width = low + width, min(width * 8, _WIDEST)
    return []


def _search(client: imaplib.IMAP4, span: str, last: int) -> list[int]:
    status, answer = client.uid("SEARCH", "UID", span)
    if status != "OK":
        raise TryLater("暂时无法读取收信邮箱", code="imap")
    uids = {int(word) for line in answer if isinstance(line, bytes) for word in line.split() if word.isdigit()}
    return sorted(uid for uid in uids if uid > last)  # "n:*" always names the newest, even below n


def _one(client: imaplib.IMAP4, uid: int) -> Found | None:
    """One mail, or None if it was deleted meanwhile."""
    status, answer = client.uid("FETCH", str(uid), "(RFC822.SIZE)")
    numbers = {name: int(number) for line in answer for name, number in _NUMBERS.findall(_head(line))}
    if status != "OK" or numbers.get(b"UID", uid) != uid or b"RFC822.SIZE" not in numbers:
        return None
    size = numbers[b"RFC822.SIZE"]
    wanted = "(BODY.PEEK[])" if size <= LARGEST else "(BODY.PEEK[HEADER])"
    _, answer = client.uid("FETCH", str(uid), wanted)
    raw = next((line[1] for line in answer if isinstance(line, tuple) and len(line) > 1), None)
    return Found(uid, size, raw) if raw is not None else None


def _head(line: object) -> bytes:
    part = line[0] if isinstance(line, tuple) else line
    return part if isinstance(part, bytes) else b""


def connected(server: Server) -> imaplib.IMAP4:
    """A logged-in connection. Raise `Refused` for a login that is not taken, and what the library raises."""
    client = _connected(server)
    try:
        client.login(server.user, server.password)
        status, offered = client.capability()  # a server may offer more to those it knows
        if status == "OK" and isinstance(offered[-1], bytes):
            client.capabilities = tuple(offered[-1].decode("ascii", "replace").upper().split())
        if "ID" in client.capabilities:
            # 163 and 126 call a client that does not say its name unsafe and show it no folder (RFC 2971).
            client.xatom("ID", '("name" "Yingda" "version" "1")')
    except (imaplib.IMAP4.abort, OSError):
        client.shutdown()
        raise
    except imaplib.IMAP4.error:
        client.shutdown()
        raise Refused("收信邮箱拒绝了账号或授权码", code="imap") from None
    return client


def _connected(server: Server) -> imaplib.IMAP4:
    trust = server.trust()
    if server.security == "tls":
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=trust, timeout=TIMEOUT)
    client = imaplib.IMAP4(server.host, server.port, timeout=TIMEOUT)
    if trust is not None:
        client.starttls(ssl_context=trust)
    return client


def _said(client: imaplib.IMAP4, what: str) -> str:
    """A number that the server gave with the folder; empty if it gave none."""
    _, answer = client.response(what)
    value = answer[0] if answer else None
    return value.decode("ascii", "replace") if isinstance(value, bytes) and value.isdigit() else ""


def _quoted(folder: str) -> str:
    """A folder's name as a quoted string in modified UTF-7 (RFC 3501 section 5.1.3)."""
    out, run = "", ""
    for character in [*folder, ""]:
        if character and not 0x20 <= ord(character) < 0x7F:
            run += character
            continue
        if run:
            encoded = run.encode("utf-7").decode("ascii")
            out += "&" + encoded.strip("+-").replace("/", ",") + "-"
            run = ""
        out += "&-" if character == "&" else character
    return '"' + out.replace("\\", "\\\\").replace('"', '\\"') + '"'
