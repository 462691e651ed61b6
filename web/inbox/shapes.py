"""What the inbox's templates show: the core's views, with the words and groups that a screen adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from core import clock
from core.conversations.listing import Line
from core.conversations.thread import AddressView, MessageView
from core.lengths import WORDS
from core.messages import ChannelFacts, DeliveryState
from web.shown import day, lasting

VIEWS = {"mine": "待我处理", "unassigned": "未分配", "open": "进行中", "closed": "已关闭"}

EMPTY = {
    "mine": ("没有等你处理的会话", "去“未分配”里接手一个，或者等新消息到来。"),
    "unassigned": ("没有未分配的会话", "新消息到来时会出现在这里。"),
    "open": ("没有进行中的会话", "顾客从微信、短信或邮件写来时，会话会出现在这里。"),
    "closed": ("还没有关闭过会话", "处理完的会话关闭后会收在这里。"),
    "find": ("没有找到", "请输入完整的手机号或邮箱。"),
}

STATES = {
    DeliveryState.QUEUED: ("排队中", "queued"),
    DeliveryState.SENDING: ("发送中", "sending"),
    DeliveryState.UNKNOWN: ("结果未知", "unknown"),
    DeliveryState.SENT: ("已发送", "check"),
    DeliveryState.FAILED: ("失败", "failed"),
    DeliveryState.DELIVERED: ("已送达", "checks"),
    DeliveryState.READ: ("已读", "checks"),
}

WAITING_LONG = timedelta(minutes=3)
CLOSING_SOON = timedelta(hours=2)

SHOWN_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
"""Types that a browser shows in our page; everything else is downloaded (SVG, for one, can hold scripts)."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A short remark on a line: its words, and whether it is urgent."""

    words: str
    urgent: bool


def waiting(line: Line) -> Sign | None:
    """How long a person has been waiting for an answer."""
    if line.waiting_since is None:
        return None
    passed = clock.now() - line.waiting_since
    words = f"等待 {lasting(passed)}" if passed >= timedelta(minutes=1) else "刚来信"
    return Sign(words, passed >= WAITING_LONG)


def speaker(line: Line) -> str:
    """Who said what the line shows, where it was not the person."""
    if line.last_state == "kept":
        return "备注："
    return "" if line.last_state in {"", "received"} else "我们："


def closing(closes_at: datetime | None) -> Sign | None:
    """How long a person can still be answered, where that ends."""
    if closes_at is None:
        return None
    left = closes_at - clock.now()
    if left <= timedelta():
        return Sign("已过可回复时间", True)
    return Sign(f"剩 {lasting(left)}可回复", left < CLOSING_SOON)


def days(messages: Iterable[MessageView]) -> list[tuple[str, str, list[MessageView]]]:
    """Messages by day: an id for the day's line, its words, and its messages."""
    local = lambda each: each.created_at.astimezone(clock.SHANGHAI).date()  # noqa: E731
    return [(f"day-{key}", day(first.created_at), [first, *rest]) for key, (first, *rest) in groupby(messages, local)]


def state_of(message: MessageView) -> tuple[str, str] | None:
    """The words and the icon of an outgoing message's state."""
    return STATES.get(DeliveryState(message.state)) if message.direction == "out" else None


def is_picture(content_type: str) -> bool:
    """Whether a file may be shown in place."""
    return content_type in SHOWN_IMAGES


def limits(facts: ChannelFacts) -> Mapping[str, object]:
    """What the composer must know about a channel, as data attributes."""
    return {
        "longest": facts.longest_text,
        "unit": facts.text_unit,
        "words": WORDS[facts.text_unit],
        "signature": facts.signature,
        "parts": facts.most_parts,
        "types": " ".join(facts.media_types),
        "largest": facts.largest_media,
        "subject": "1" if facts.has_subject else "",
        "label": facts.label,
    }


def labels(addresses: Iterable[AddressView]) -> list[tuple[str, str]]:
    """The channels of a person, each once: kind and label."""
    return list(dict.fromkeys((each.kind, each.label) for each in addresses))
