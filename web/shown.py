"""How times, sizes and channels are written on screens: times in Asia/Shanghai, as people say them."""

from datetime import datetime, timedelta

from channels import FACTS
from core import clock as time


def clock(at: datetime) -> str:
    """10:02."""
    return at.astimezone(time.SHANGHAI).strftime("%H:%M")


def moment(at: datetime) -> str:
    """2026年11月3日 10:02:07, for hovering over a short time."""
    local = at.astimezone(time.SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M:%S}"


def day(at: datetime) -> str:
    """今天, 昨天, 11月3日, 2025年11月3日: what a day line says."""
    local, today = at.astimezone(time.SHANGHAI).date(), time.now().astimezone(time.SHANGHAI).date()
    if local == today:
        return "今天"
    if local == today - timedelta(days=1):
        return "昨天"
    written = f"{local.month}月{local.day}日"
    return written if local.year == today.year else f"{local.year}年{written}"


def ago(at: datetime) -> str:
    """刚刚, 5 分钟前, 10:02, 昨天 14:02, 11月3日."""
    passed = time.now() - at
    if passed < timedelta(minutes=1):
        return "刚刚"
    if passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} 分钟前"
    written = day(at)
    if written == "今天":
        return clock(at)
    return f"昨天 {clock(at)}" if written == "昨天" else written


def lasting(passed: timedelta) -> str:
    """3 分钟, 2 小时, 4 天: how long something has lasted or will."""
    minutes = max(0, int(passed.total_seconds() // 60))
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    return f"{minutes // 60} 小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)} 天"


def size(count: int) -> str:
    """812 B, 34 KB, 2.1 MB."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count // 1024} KB"
    return f"{count / 1024 / 1024:.1f} MB"


def mark(kind: str) -> str:
    """The name of the icon, and of the colour, that marks a channel; `chat` for one that we no longer have."""
    return FACTS[kind].icon if kind in FACTS else "chat"
