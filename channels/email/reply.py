"""What the person wrote now: a mail's text without the older mail below it and without signatures.

Read line by line, every pattern over a bounded piece of text, so that the cost is linear in the mail's length. Chinese
clients come first (QQ, 163, Foxmail, Outlook, Apple); what is never done is to cut everything away.
"""

from collections.abc import Sequence

from channels.email import html_text
from channels.email import reply_patterns as seen


def from_text(text: str) -> str:
    """What was written now in a plain text. The whole text if nothing would be left."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    own = _without_signature(_without_quotes(lines))
    return "\n".join(own).strip() or text.strip()


def from_html(html: str) -> str:
    """What was written now in an HTML mail. The whole text if nothing would be left."""
    own = html_text.render_own(html)
    return from_text(own) if own else html_text.render(html)


def _without_quotes(lines: Sequence[str]) -> list[str]:
    """Quoted blocks with their introductions go; at the first older mail that is not marked line by line, all ends."""
    own: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if seen.forwarding(line):
            return [*own, *lines[at:]]
        if line.lstrip().startswith(">"):
            at += 1
            continue
        if seen.separator(line) or seen.header_block(lines, at):
            return _without_ending(own)
        length = seen.introduction(lines, at)
        if not length:
            own.append(line)
            at += 1
            continue
        own.append(seen.before_introduction(line))
        at += length
        if not _quote_follows(lines, at) and any(each.strip() for each in own):
            return own
    return own


def _quote_follows(lines: Sequence[str], at: int) -> bool:
    following = [line for line in lines[at : at + 4] if line.strip()]
    return bool(following) and following[0].lstrip().startswith(">")


def _without_ending(own: list[str]) -> list[str]:
    """Drop what clients put between the reply and the older mail: a rule, and Foxmail's line with one's own address."""
    while own and (not own[-1].strip() or seen.rule(own[-1])):
        own.pop()
    if len(own) > 1 and seen.address_alone(own[-1]):
        own.pop()
    return own


def _without_signature(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        if seen.signature(line) or seen.list_footer(lines, at):
            kept = lines[:at]
            return kept if any(each.strip() for each in kept) else lines[at + 1 :]
    return lines
