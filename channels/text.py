"""Cut a long text into parts that a channel takes, where a reader would cut it.

Nothing is added or trimmed: the parts joined are the text.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable

from core.lengths import MEASURES

# The best place to cut comes first: after a line, after a sentence, after a clause or a word.
BREAKS = (
    re.compile(r"\n+"),
    re.compile(r"[。！？；!?;…]+[”’」』）)\"']*|\.(?=\s)"),
    re.compile(r"[，、,：:]+|\s+"),
)

ZERO_WIDTH_JOINER = "\u200d"
Measure = Callable[[str], int]


def cut(text: str, longest: int, unit: str = "characters", before: str = "") -> list[str]:
    """The text in parts of at most `longest` units: `characters`, `bytes` of UTF-8 or SMS `segments`.

    `before` is what the channel itself puts before every part: it takes room, and is not in the parts.
    An empty text has no parts.
    What people see as one character (an emoji of several code points, a letter with its marks) stays whole unless it
    alone is longer than a part. `longest` must hold any single code point: 4 for bytes.
    """
    count = MEASURES[unit]
    measure: Measure = lambda part: count(before + part)  # noqa: E731
    if longest < measure("😀"):
        raise ValueError("a part must hold at least one character")
    parts = []
    while text:
        end = len(text) if measure(text) <= longest else _end(text, longest, measure)
        parts.append(text[:end])
        text = text[end:]
    return parts


def _end(text: str, longest: int, measure: Measure) -> int:
    """Where the first part ends: the best break in its second half, else between two characters."""
    most = _most(text, longest, measure)
    for pattern in BREAKS:
        ends = [found.end() for found in pattern.finditer(text, 0, most) if found.end() > most // 2]
        if ends and _divides(text, ends[-1]):
            return ends[-1]
    whole = next((end for end in range(most, 0, -1) if _divides(text, end)), 0)
    return whole or most


def _most(text: str, longest: int, measure: Measure) -> int:
    """The most code points that fit. Every unit counts at least one for 153 code points, so the search is bounded."""
    reach = range(1, min(len(text), longest * 160) + 1)
    return bisect_right(reach, longest, key=lambda end: measure(text[:end]))


def _divides(text: str, at: int) -> bool:
    """Whether a reader sees two characters around `at` (the cases of UAX #29 that people really write)."""
    if at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if before == ZERO_WIDTH_JOINER or _extends(after):
        return False
    return not (_is_flag_half(before) and _is_flag_half(after) and _flag_halves(text, at) % 2)


def _extends(character: str) -> bool:
    """Marks, joiners, variation selectors, skin tones and tags belong to the character before them."""
    return (
        unicodedata.category(character) in {"Mn", "Me", "Mc"}
        or character in {ZERO_WIDTH_JOINER, "\u200c"}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves(text: str, at: int) -> int:
    count = 0
    while count < at and _is_flag_half(text[at - 1 - count]):
        count += 1
    return count
