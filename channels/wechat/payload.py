"""WeChat's XML, read as what it is: a flat list of short elements from an untrusted sender."""

import re
import xml.etree.ElementTree as ET
from xml.etree.ElementTree import Element, ParseError

from core.errors import UnreadablePayload

DEEPEST = 8
MOST_ELEMENTS = 2000
PIECE = 16 * 1024
"""Bytes that the parser is given at a time."""

# What XML 1.0 does not allow in a document at all (2.2).
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# Only a prolog can hold a document type, hence declare entities; WeChat's has no more than the XML declaration.
# Asked of the bytes, before there is a parser: expat goes on to expand entities after a handler has objected.
PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^<>]{0,200}\?>\s*)?<xml[\s>]")


class _Guard(ET.TreeBuilder):
    """Counts along, and ends the work where it goes beyond anything that WeChat sends."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.count = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self.depth += 1
        self.count += 1
        if self.depth > DEEPEST or self.count > MOST_ELEMENTS:
            raise UnreadablePayload("more elements than WeChat sends")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self.depth -= 1
        return super().end(tag)


def read(body: bytes) -> Element:
    """The root of a payload. Raise `UnreadablePayload` for anything that is not plain, small XML in UTF-8."""
    if not PROLOG.match(body):
        raise UnreadablePayload("not a WeChat payload")
    parser = ET.XMLParser(target=_Guard(), encoding="utf-8")  # noqa: S314  # guarded above
    try:
        # In pieces: what comes after the first objection is not looked at.
        for start in range(0, len(body), PIECE):
            parser.feed(body[start : start + PIECE])
        root: Element = parser.close()
    except (ParseError, ValueError):
        raise UnreadablePayload("not well-formed XML") from None
    return root


def word(root: Element, path: str) -> str:
    """An identifier or number inside the payload; empty when it is not there."""
    return (root.findtext(path) or "").strip()


def prose(root: Element, path: str) -> str:
    """What a person wrote, with every space they typed; empty when it is not there."""
    return root.findtext(path) or ""


def cdata(text: str) -> str:
    """A text inside CDATA that cannot end it early; characters that XML cannot carry are left out."""
    return "<![CDATA[" + NOT_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>") + "]]>"
