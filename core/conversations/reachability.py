"""Whether a person may be written to through an address right now, and if not, why: in words for the agent."""

from datetime import datetime

from core import clock
from core.conversations.models import Address
from core.lengths import WORDS
from core.messages import ChannelFacts


def closes_at(facts: ChannelFacts, last_in_at: datetime | None) -> datetime | None:
    """When the window for answering closes; None where there is no window."""
    if facts.reply_window is None or last_in_at is None:
        return None
    return last_in_at + facts.reply_window


def why_not(facts: ChannelFacts, address: Address) -> str:
    """The reason why nothing can be sent there, or an empty text."""
    if address.opted_out_at is not None:
        return "对方已退订，不能再向此地址发送"
    if address.unreachable_at is not None:
        return "对方已取消关注或地址失效，暂时无法送达"
    if facts.reply_window is not None and address.last_in_at is None:
        return "对方还没有从这里发来过消息，不能主动发送"
    closing = closes_at(facts, address.last_in_at)
    if closing is not None and closing <= clock.now():
        return "已超过可回复时间，对方再次来信后才能回复"
    return ""


def file_why_not(facts: ChannelFacts, content_type: str, size: int) -> str:
    """The reason why a file cannot go this way, or an empty text."""
    if not any(_is(content_type, each) for each in facts.media_types):
        return f"{facts.label}不能发送这种文件"
    if size > facts.largest_media:
        return f"文件太大，{facts.label}最多 {facts.largest_media // 1024 // 1024} MB"
    return ""


def _is(content_type: str, wanted: str) -> bool:
    return content_type.startswith(wanted) if wanted.endswith("/") else content_type == wanted


def text_why_not(facts: ChannelFacts, text: str) -> str:
    """The reason why a text cannot go this way even in parts, or an empty text."""
    length, most = facts.length_of(text), facts.longest_text * facts.most_parts
    if length <= most:
        return ""
    return f"内容太长，{facts.label}最多 {most} {WORDS[facts.text_unit]}，现在是 {length}"
