"""WeChat's XML, read as what it is: a flat list of short elements from an untrusted sender."""

import re
import xml.etree.ElementTree as ET
from xml.etree.ElementTree import Element, ParseError

from core.errors import UnreadablePayload

DEEPEST = 8
MOST_ELEMENTS = 2000

# What XML 1.0 does not allow in a document at all (2.2).
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Guard(ET.TreeBuilder):
    """Ends the work at the first sign of an attack: nothing is expanded, fetched or nested without end."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.count = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Called before any declaration is read: no document type, hence no entities."""
        raise UnreadablePayload("document type declared")

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
    parser = ET.XMLParser(target=_Guard(), encoding="utf-8")  # noqa: S314  # guarded above
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, ValueError):
        raise UnreadablePayload("not well-formed XML") from None
    if root.tag != "xml":
        raise UnreadablePayload("not a WeChat payload")
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
