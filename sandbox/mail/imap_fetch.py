"""FETCH: the items that mailbox readers ask for."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.mail.imap_parse import BadCommand
from sandbox.mail.mailbox import Letter

ITEM = re.compile(
    r"(?P<body>BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)\.(?P<size>\d+)>)?)|(?P<name>[A-Z0-9.]+)",
    re.IGNORECASE,
)
PLAIN = {"FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE", "RFC822", "RFC822.HEADER", "RFC822.TEXT"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked for. `section` is what stands in BODY[…]; None for plain items."""

    name: str
    section: str | None = None
    peek: bool = True
    start: int | None = None
    size: int = 0


def items(asked: str, *, uid: bool) -> list[Item]:
    """The items of a FETCH; with `uid`, the UID comes along unasked. Raise `BadCommand`."""
    found = [_item(match) for match in ITEM.finditer(asked.strip("() "))]
    if not found:
        raise BadCommand("nothing to fetch")
    if uid and all(item.name != "UID" for item in found):
        found.insert(0, Item("UID"))
    return found


def _item(match: re.Match[str]) -> Item:
    if match["body"]:
        start = int(match["start"]) if match["start"] else None
        return Item("BODY", match["section"].upper(), bool(match["peek"]), start, int(match["size"] or 0))
    name = match["name"].upper()
    if name not in PLAIN:
        raise BadCommand(f"cannot fetch {name}")
    return Item(name, peek=name not in {"RFC822", "RFC822.TEXT"})


def marks_seen(asked: list[Item]) -> bool:
    return not all(item.peek for item in asked)


def answer(letter: Letter, asked: list[Item]) -> bytes:
    """What stands between the parentheses."""
    return b" ".join(_one(letter, item) for item in asked)


def _one(letter: Letter, item: Item) -> bytes:
    if item.name == "UID":
        return f"UID {letter.uid}".encode()
    if item.name == "FLAGS":
        return f"FLAGS ({' '.join(sorted(letter.flags))})".encode()
    if item.name == "INTERNALDATE":
        return f'INTERNALDATE "{datetime.fromtimestamp(letter.received, UTC):%d-%b-%Y %H:%M:%S %z}"'.encode()
    if item.name == "RFC822.SIZE":
        return f"RFC822.SIZE {len(letter.raw)}".encode()
    section = item.section if item.section is not None else item.name.partition(".")[2]
    content = _section(letter.raw, section)
    label = item.name if item.section is None else f"BODY[{section}]"
    if item.start is not None:
        label, content = f"{label}<{item.start}>", content[item.start : item.start + item.size]
    return f"{label} {{{len(content)}}}\r\n".encode() + content


def _section(raw: bytes, section: str) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    if section == "":
        return raw
    if section == "HEADER":
        return head + b"\r\n\r\n"
    if section == "TEXT":
        return body
    if section.startswith("HEADER.FIELDS ("):
        return _fields(head, set(section[15:].rstrip(")").split()))
    raise BadCommand(f"cannot fetch section {section}")


def _fields(head: bytes, names: set[str]) -> bytes:
    kept = bytearray()
    keep = False
    for line in head.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            keep = line.partition(b":")[0].decode("latin-1").upper() in names
        if keep:
            kept += line + b"\r\n"
    return bytes(kept) + b"\r\n"
