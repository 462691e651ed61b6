"""HTML mail to text: all of it, or without the quoted mail that clients wrap in elements of their own.

A scanner, not a tree: text, line ends and which quote we stand in are all that is asked for, and every tree builder
tried (html.parser, html5ever) can be made to take quadratic time. What people see as HTML is made safe elsewhere.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "includetail", "li", "main", "nav", "ol",
    "p", "pre", "section", "table", "tbody", "thead", "tr", "ul",
}  # fmt: skip
_CELLS = {"td", "th"}
_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}
_UNSEEN = {"script", "style", "title", "template", "noscript", "select"}
_LINE_END = "\x00"

_QUOTE_CLASSES = (
    "gmail_quote", "gmail_extra", "yahoo_quoted", "qmbox", "foxmail_quote", "moz-cite-prefix", "protonmail_quote",
    "zmail_extra", "alimail-quote", "ntes-mailmaster-quote", "outlook_quote",
)  # fmt: skip
_QUOTE_IDS = {"isreplycontent", "ntes-pcmail-quote", "ntes-mailmaster-quote", "mail-editor-reference-message-container"}
_REST_IDS = {"divrplyfwdmsg", "appendonsend", "origbody", "replysplit"}
_OUTLOOK_LINE = re.compile(r"border-top:\s*(?:solid\s*)?#(?:b5c4df|e1e1e1)")

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?][^<>]{0,4000}>|"
    r"<(?P<close>/?)(?P<tag>[a-zA-Z][\w:-]{0,40})(?P<attributes>[^<>]{0,8000})>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"\b(class|id|type|style)\s{0,9}=\s{0,9}(\"[^\"]{0,4000}\"|'[^']{0,4000}'|[^\s\"'>]{1,400})", re.I
)
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")


@dataclass(slots=True)
class _Piece:
    """Text, and the number of the outermost quote it stands in (0: none, `_REST`: the older mail after a mark)."""

    text: str
    quote: int


_REST = -1


class _Reader:
    """Collects pieces; knows whether we are inside a quote by counting the element that opened it."""

    def __init__(self) -> None:
        self.pieces: list[_Piece] = []
        self.marked: set[int] = set()
        """Quotes that a client marked as such; the others are mere indented blocks."""
        self._quote = self._count = self._nested = self._preformatted = 0
        self._quote_tag = ""

    def text(self, raw: str) -> None:
        said = html.unescape(raw).replace(_LINE_END, "")
        self._add(said.replace("\n", _LINE_END if self._preformatted > 0 else " "))

    def opens(self, tag: str, attributes: str) -> None:
        given = {name.lower(): value.strip("\"'").lower() for name, value in _ATTRIBUTE.findall(attributes)}
        if _opens_rest(given):
            self._quote, self._quote_tag = _REST, ""
        marked = _is_quote(tag, given)
        if not self._quote and (marked or tag == "blockquote") and tag not in _VOID:
            self._count += 1
            self._quote, self._quote_tag, self._nested = self._count, tag, 0
        if marked and self._quote > 0:
            self.marked.add(self._quote)
        self._nested += tag == self._quote_tag
        self._preformatted += tag == "pre"
        self._break(tag)
        if tag == "li":
            self._add("- ")

    def closes(self, tag: str) -> None:
        self._break(tag)
        self._preformatted -= tag == "pre"
        if tag == self._quote_tag:
            self._nested -= 1
            if self._nested <= 0:
                self._quote, self._quote_tag = 0, ""

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._add(_LINE_END)
        elif tag in _BLOCKS:
            self._add("\n")
        elif tag in _CELLS:
            self._add(" ")

    def _add(self, text: str) -> None:
        self.pieces.append(_Piece(text, self._quote))


def render(markup: str) -> str:
    """All the text of an HTML mail."""
    return _joined(_read(markup).pieces)


def render_own(markup: str) -> str:
    """The text outside quoted mail: marked quotes go, or of unmarked indented blocks the last. May be empty."""
    reader = _read(markup)
    gone = reader.marked | {_REST}
    unmarked = [piece.quote for piece in reader.pieces if piece.quote > 0]
    if unmarked and not reader.marked:
        gone.add(max(unmarked))
    return _joined([piece for piece in reader.pieces if piece.quote not in gone])


def _read(markup: str) -> _Reader:
    reader = _Reader()
    for text, token in _tokens(markup):
        reader.text(text)
        if token is None or not token["tag"]:
            continue
        tag = token["tag"].lower()
        if token["close"]:
            reader.closes(tag)
        else:
            reader.opens(tag, token["attributes"])
    return reader


def _tokens(markup: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """The markup as (text, the tag after it); elements whose content nobody sees are left out whole."""
    at = 0
    while token := _TOKEN.search(markup, at):
        yield markup[at : token.start()], token
        at = token.end()
        tag = (token["tag"] or "").lower()
        if tag in _UNSEEN and not token["close"]:
            end = re.compile(f"</{tag}", re.IGNORECASE).search(markup, at)
            at = end.start() if end else len(markup)
    yield markup[at:], None


def _joined(pieces: list[_Piece]) -> str:
    """Blocks (parted by newlines) that hold anything get lines of their own; a <br> ends a line inside one."""
    lines: list[str] = []
    for block in "".join(piece.text for piece in pieces).split("\n"):
        inside = [_SPACES.sub(" ", line).strip() for line in block.split(_LINE_END)]
        if len(inside) > 1 and not inside[-1]:
            inside.pop()
        elif inside == [""]:
            continue
        lines += inside
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_quote(tag: str, given: dict[str, str]) -> bool:
    classes = given.get("class", "").split()
    if any(name.startswith(_QUOTE_CLASSES) for name in classes) or given.get("id", "") in _QUOTE_IDS:
        return True
    return tag == "includetail" or (tag == "blockquote" and given.get("type", "") == "cite")


def _opens_rest(given: dict[str, str]) -> bool:
    """An element from which on everything is the older mail: its parts follow as siblings, not inside."""
    return given.get("id", "") in _REST_IDS or bool(_OUTLOOK_LINE.search(given.get("style", "")))
