"""Reading IMAP commands: tags, arguments, number sets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

ARGUMENT = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')


class BadCommand(Exception):
    """A command that makes no sense."""

    def __init__(self, why: str, tag: str = "*") -> None:
        super().__init__(why)
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `by_uid` where it came with UID before it."""

    tag: str
    name: str
    rest: str
    by_uid: bool = False

    def need(self, most: int) -> list[str]:
        """The first arguments, as written. Raise `BadCommand` where some are missing."""
        found = ARGUMENT.findall(self.rest)
        if len(found) < most:
            raise BadCommand("arguments are missing", self.tag)
        return found[:most]

    def split(self) -> tuple[str, str]:
        """The number set and what follows it."""
        numbers, _, rest = self.rest.partition(" ")
        if not rest:
            raise BadCommand("arguments are missing", self.tag)
        return numbers, rest.strip()


def parse(line: bytes) -> Command:
    """A command out of a line. Raise `BadCommand`."""
    tag, _, text = line.decode("utf-8", "surrogateescape").partition(" ")
    name, _, rest = text.partition(" ")
    by_uid = name.upper() == "UID"
    if by_uid:
        name, _, rest = rest.partition(" ")
    if not tag or not name:
        raise BadCommand("a command is a tag and a name", tag or "*")
    return Command(tag, name.upper(), rest.strip(), by_uid)


def unquote(argument: str) -> str:
    """The text of a quoted string or an atom."""
    if argument.startswith('"') and argument.endswith('"') and len(argument) > 1:
        return re.sub(r"\\(.)", r"\1", argument[1:-1])
    return argument


def announced(line: bytes) -> tuple[int, bool] | None:
    """The size of the literal that a line announces, and whether the client waits for leave to send it."""
    head = line.rstrip(b"\r\n")
    if not head.endswith(b"}") or b"{" not in head:
        return None
    size = head[head.rindex(b"{") + 1 : -1]
    return (int(size.rstrip(b"+")), not size.endswith(b"+")) if size.rstrip(b"+").isdigit() else None


def as_quoted(literal: bytes) -> bytes:
    """A literal as the quoted string that says the same."""
    return b'"' + literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def selected(numbers: str, among: Sequence[int] | int) -> list[int]:
    """Positions (from 0) that a set like 1:3,7,10:* names: among UIDs, or among so many sequence numbers.

    `*` is the highest there is, so 10:* names the last letter even where its number is 4 (RFC 3501, 9, seq-range).
    """
    known = list(range(1, among + 1)) if isinstance(among, int) else list(among)
    if not known:
        return []
    wanted: set[int] = set()
    for each in numbers.split(","):
        first, colon, last = each.partition(":")
        low, high = _bound(first, known[-1]), _bound(last if colon else first, known[-1])
        wanted |= {number for number in known if min(low, high) <= number <= max(low, high)}
    return [position for position, number in enumerate(known) if number in wanted]


def _bound(number: str, highest: int) -> int:
    if number == "*":
        return highest
    if not number.isdigit():
        raise BadCommand("that is no number set")
    return int(number)
