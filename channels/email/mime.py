"""A mail's bytes to its readable parts: headers, text, HTML, files. The compat32 parser with our own decoding: it never
drops what it does not like, and is 16 times as fast as the library's modern policy."""

import binascii
import mimetypes
import quopri
import re
from dataclasses import dataclass, field, replace
from email.errors import MessageError
from email.generator import BytesGenerator
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32, compat32
from functools import cached_property
from io import BytesIO

from channels.email import charsets, html_text
from channels.email.headers import Headers, unpadded_base64
from core.errors import UnreadablePayload
from core.messages import Media

MOST_DELIMITERS = 50_000
"""Lines that could delimit parts; more of them is an attack on our memory, not a mail."""

_READABLE = {"text/plain", "text/html", "text/rfc822-headers", "message/rfc822-headers", "message/feedback-report"}
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_HEADERS_ONLY = re.compile(rb"\r?\n\r?\n")
_UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069<>:\"|?*]")


@dataclass(frozen=True)
class Block:
    """One readable part, in the order of reading."""

    text: str = field(repr=False)
    html: bool = False
    own: bool = True
    """Whether it belongs to this mail, rather than to one passed on inside it."""

    @cached_property
    def plain(self) -> str:
        return html_text.render(self.text) if self.html else self.text


@dataclass(frozen=True)
class Mail:
    """A mail, read. `root` is the library's own tree, for those who look for reports in it."""

    headers: Headers
    root: Message = field(repr=False)
    blocks: tuple[Block, ...] = ()
    files: tuple[Media, ...] = ()

    @cached_property
    def text(self) -> str:
        """Everything readable."""
        return "\n".join(block.plain.strip("\r\n") for block in self.blocks).strip()

    @property
    def html(self) -> str:
        """The HTML parts as they came: hostile until made safe."""
        return "\n".join(block.text for block in self.blocks if block.html)


def read(raw: bytes) -> Mail:
    """Take a mail apart. Raise `UnreadablePayload` only for what is built to exhaust us or to trip the parser."""
    if raw.count(b"\n--") > MOST_DELIMITERS:
        raise UnreadablePayload("more parts than a mail has")
    try:
        root = BytesParser(policy=compat32).parsebytes(raw.lstrip(b"\r\n"))
        blocks, files = _content(root, body=True)
    except RecursionError:
        raise UnreadablePayload("parts nested too deep") from None
    except (ValueError, TypeError):  # the parser reads a boundary's charset and its numbered pieces, whatever they hold
        raise UnreadablePayload("a header that the parser trips over") from None
    return Mail(Headers(root), root, tuple(blocks), tuple(files))


def read_headers(raw: bytes) -> Mail:
    """The headers alone, of a mail whose body is not looked at."""
    head = _HEADERS_ONLY.split(raw.lstrip(b"\r\n"), maxsplit=1)[0]
    root = BytesParser(policy=compat32).parsebytes(head + b"\n\n", headersonly=True)
    return Mail(Headers(root), root)


def _content(part: Message, body: bool = False) -> tuple[list[Block], list[Media]]:
    """What a part holds; `body`: it is the whole mail, whose text is to be read whatever it is called."""
    kind = part.get_content_type().lower()
    if kind == "message/delivery-status" or not part.is_multipart():
        return _leaf(part, kind, body)
    if kind.startswith("message/"):
        return _passed_on(part, kind)
    children = [_content(child) for child in part.get_payload() if isinstance(child, Message)]
    files = [file for _, some in children for file in some]
    if kind == "multipart/alternative":
        return _best([blocks for blocks, _ in children]), files
    return [block for blocks, _ in children for block in blocks], files


def _passed_on(part: Message, kind: str) -> tuple[list[Block], list[Media]]:
    """A mail inside this one: a file, or, if its sender wanted it shown in place, text that is not his own."""
    inner = [child for child in part.get_payload() if isinstance(child, Message)]
    if not inner or Headers(part).value("content-disposition") != "inline":
        return [], [_forwarded(part, inner, kind)]
    headers = Headers(inner[0])
    title = "\n".join(f"{name}: {headers.text(name)}" for name in ("From", "Date", "Subject") if headers.text(name))
    blocks, files = _content(inner[0], body=True)
    return [replace(block, own=False) for block in [Block(title), *blocks]], files


def _best(choices: list[list[Block]]) -> list[Block]:
    """Of several forms of one text the plain one, if it says anything: quotes are marked in it, and nothing hides."""
    said = [blocks for blocks in choices if any(block.plain.strip() for block in blocks)]
    plain = [blocks for blocks in said if not any(block.html for block in blocks)]
    return next(iter(plain or said), [])


def _leaf(part: Message, kind: str, body: bool) -> tuple[list[Block], list[Media]]:
    if kind == "message/delivery-status":
        return [Block(delivery_fields(part))], []
    headers = Headers(part)
    name = _file_name(headers)
    content = _decoded(part, headers)
    attached = headers.value("content-disposition") == "attachment" or (bool(name) and not body)
    if (kind in _READABLE or kind.startswith("multipart/")) and not attached:
        return [Block(_text(headers, content, kind), html=kind == "text/html")], []
    if not content and not name and not headers.has("content-disposition"):
        return [], []
    inline_id = headers.raw("content-id").strip("<> ")
    return [], [Media(name or _unnamed(kind), kind, content, inline_id=inline_id)]


def delivery_fields(part: Message) -> str:
    """The groups of fields of a delivery status (RFC 3464 section 2.1) as text, a blank line between groups."""
    groups = [child for child in part.get_payload() if isinstance(child, Message)] if part.is_multipart() else []
    if not groups:
        return charsets.guess(_decoded(part, Headers(part)))
    lines = ["\n".join(f"{name}: {value}" for name, value in group.raw_items()) for group in groups]
    text = "\n\n".join(line for line in lines if line)
    return charsets.guess(text.encode("utf-8", "surrogateescape"))


def _forwarded(part: Message, inner: list[Message], kind: str) -> Media:
    name = _file_name(Headers(part))
    if not name and inner:
        name = _safe_name(Headers(inner[0]).text("subject")[:60] + ".eml")
    return Media(name or "mail.eml", kind, b"".join(_as_bytes(child) for child in inner))


class _AsItCame(Compat32):
    """Writes headers as they were read: the library's own folding changes them, and stumbles over broken ones."""

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}\n".encode("utf-8", "surrogateescape")


def _as_bytes(message: Message) -> bytes:
    written = BytesIO()
    try:
        BytesGenerator(written, mangle_from_=False, policy=_AsItCame()).flatten(message)
    except (UnicodeError, LookupError, ValueError, TypeError, AttributeError, MessageError):
        written.write(str(message.get_payload()).encode("utf-8", "replace"))
    return written.getvalue()


def _decoded(part: Message, headers: Headers) -> bytes:
    """The bytes of a leaf. What breaks its own encoding is taken as it is."""
    payload = part._payload  # type: ignore[attr-defined] # get_payload() decodes by its own guess of the charset
    data = _transferred(payload) if isinstance(payload, str) else b""
    encoding = headers.raw("content-transfer-encoding").strip("\"' ;").partition(";")[0].strip().lower()
    if encoding == "base64":
        return unpadded_base64(data)
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return _uudecoded(data) or data
    return data


def _transferred(payload: str) -> bytes:
    try:
        return payload.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return payload.encode("utf-8", "surrogateescape")


def _uudecoded(data: bytes) -> bytes:
    lines = iter(data.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return b""
    out = []
    for line in lines:
        if line.strip() in (b"end", b"`"):
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(out)


def _text(headers: Headers, content: bytes, kind: str) -> str:
    charset = headers.parameter("content-type", "charset")
    if kind == "text/html" and not charset and (said := _META_CHARSET.search(content, 0, 4096)):
        charset = said[1].decode("ascii", "replace")
    text = charsets.decode(content, charset)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _file_name(headers: Headers) -> str:
    name = headers.parameter("content-disposition", "filename") or headers.parameter("content-type", "name")
    return _safe_name(name)


def _safe_name(name: str) -> str:
    """A name without folders, controls and direction tricks; its end, with the extension, is kept."""
    last = re.split(r"[/\\]", name)[-1]
    clean = _UNSAFE_IN_NAMES.sub("_", last).strip(" .")
    return clean if len(clean) <= 120 else clean[:100] + clean[-20:]


def _unnamed(kind: str) -> str:
    return "附件" + (mimetypes.guess_extension(kind) or ".bin")
