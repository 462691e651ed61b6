"""Temporary media (新增临时素材): three days, with the platform's limits per type."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.wechat.errors import Trouble

LIFE = 3 * 86_400.0
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limit:
    """What a type may hold."""

    content_types: tuple[str, ...]
    most_bytes: int


LIMITS: Mapping[str, Limit] = {
    "image": Limit(("image/jpeg", "image/png", "image/gif", "image/bmp"), 10 * MEGABYTE),
    "voice": Limit(("audio/amr", "audio/mpeg", "audio/mp3", "audio/x-amr"), 2 * MEGABYTE),
    "video": Limit(("video/mp4",), 10 * MEGABYTE),
    "thumb": Limit(("image/jpeg",), 64 * 1024),
}


def check(kind: str, content_type: str, content: bytes) -> None:
    """Raise `Trouble` where the platform would not take the file."""
    limit = LIMITS.get(kind)
    if limit is None:
        raise Trouble(40004)
    if not content:
        raise Trouble(41005)
    if content_type not in limit.content_types:
        raise Trouble(40005)
    if len(content) > limit.most_bytes:
        raise Trouble(40006)
