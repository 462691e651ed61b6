"""Header fields: unfolded, decoded (RFC 2047, raw 8-bit), and taken apart: addresses, identifiers, parameters."""

import base64
import re
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from email.utils import getaddresses, parsedate_tz

from channels.email import charsets

LONGEST = 20_000
"""Characters of one field that are looked at."""

_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^\r\n]{0,4000}?)\?=")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_ADDRESS = re.compile(r"[^\s<>@,;:\"'()\[\]]{1,64}@[^\s<>@,;:\"'()]{1,255}")
_IDENTIFIER = re.compile(r"<([^<>\s]{1,990})>")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


class Headers:
    """The fields of a message or part, read from its raw form: nothing is lost to the library's own repairs."""

    def __init__(self, part: Message) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in part.raw_items():
            self._fields.setdefault(name.strip().lower(), []).append(_readable(str(value)[:LONGEST]))

    def all(self, name: str) -> list[str]:
        """Every field of that name, in order, 8-bit bytes decoded, encoded words as they came."""
        return self._fields.get(name, [])

    def raw(self, name: str) -> str:
        """The first field of that name on one line, encoded words as they came; empty if absent."""
        return next(iter(self.all(name)), "")

    def text(self, name: str) -> str:
        """The first field of that name as a person would read it."""
        return words(self.raw(name))

    def has(self, name: str) -> bool:
        return name in self._fields

    def parameter(self, field: str, name: str) -> str:
        """A parameter of a structured field, from any of the three ways of writing one that is not ASCII."""
        carrier = Message()
        carrier["X"] = self.raw(field)
        try:
            found = carrier.get_param(name, header="X")
        except (TypeError, ValueError):  # the library stumbles over pieces that are numbered only in part
            return ""
        if isinstance(found, tuple):
            charset, _, value = found
            return charsets.decode(value.encode("raw_unicode_escape"), charset or "")
        return words(found) if isinstance(found, str) else ""

    def value(self, field: str) -> str:
        """A structured field without its parameters, in lower case."""
        return self.raw(field).partition(";")[0].strip().lower()

    def addresses(self, field: str) -> list[tuple[str, str]]:
        """(name, address in lower case) of everyone in an address field; what holds no address is left out."""
        found = []
        for value in self.all(field):
            for name, address in getaddresses([value]):
                if match := _ADDRESS.fullmatch(address.strip()):
                    found.append((words(name).strip("\"' "), match[0].lower()))
            if not found and (loose := _ADDRESS.search(value)):
                found.append((words(value[: loose.start()]).strip("\"' <"), loose[0].lower()))
        return found

    def identifiers(self, field: str) -> tuple[str, ...]:
        """The message ids in a field, each in its angle brackets."""
        value = self.raw(field)
        found = _IDENTIFIER.findall(value)
        if not found:
            found = [word for word in value.split() if "@" in word and len(word) < 990]
        return tuple(dict.fromkeys(f"<{each.strip('<>')}>" for each in found))

    def date(self) -> datetime | None:
        """When the sender says it was written, in UTC; None if it does not say anything believable."""
        for value in self.all("date"):
            if moment := _moment(value):
                return moment
        return None


def words(value: str) -> str:
    """Decode encoded words (RFC 2047). Neighbours of one charset are joined first: some clients cut mid-character."""
    out: list[str] = []
    pending, charset, end = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        if pending and (between.strip() or word[1].lower() != charset):
            out.append(charsets.decode(pending, charset))
            pending = b""
        if between.strip() or not end:
            out.append(between)
        pending, charset, end = pending + _bytes_of(word[2], word[3]), word[1].lower(), word.end()
    if pending:
        out.append(charsets.decode(pending, charset))
    out.append(value[end:])
    return _CONTROLS.sub("", "".join(out)).replace("\n", " ").replace("\t", " ").strip()


def unpadded_base64(data: bytes) -> bytes:
    """Base64 as it is met: foreign characters in it, padding missing or in the middle."""
    clean = re.sub(rb"[^A-Za-z0-9+/=]", b"", data)
    whole = []
    for piece in re.split(rb"=+", clean):
        usable = piece[: len(piece) - (len(piece) % 4 == 1)]
        whole.append(base64.b64decode(usable + b"=" * (-len(usable) % 4)))
    return b"".join(whole)


def _bytes_of(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8")
    if encoding in "bB":
        return unpadded_base64(data)
    return _HEX.sub(lambda pair: bytes([int(pair[1], 16)]), data.replace(b"_", b" "))


def _readable(value: str) -> str:
    """One line of text: 8-bit bytes, which nobody declared, guessed."""
    line = _FOLD.sub(" ", value)
    if line.isascii():
        return line.strip()
    return charsets.guess(line.encode("utf-8", "surrogateescape")).strip()


def _moment(value: str) -> datetime | None:
    try:
        parts = parsedate_tz(value)
        if parts is None:
            return None
        zone = timezone(timedelta(seconds=parts[9] or 0))
        return datetime(*parts[:6], tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
