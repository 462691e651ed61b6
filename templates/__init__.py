"""The texts that administrators own, and the placeholder language they are written in. Imports nothing of ours.

A text holds `{{占位符}}` and nothing else that could reach code or data.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DEFAULTS = Path(__file__).parent / "defaults" / "zh-CN"

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]{1,40}?)\s*\}\}")


class BadTemplate(Exception):
    """A text that cannot be rendered: a placeholder without a value, or no such text."""


@cache
def text_of(key: str) -> str:
    """The shipped text of a key, such as `conversation.received`. Raise `BadTemplate`."""
    path = DEFAULTS / f"{key}.txt"
    if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", key) or not path.is_file():
        raise BadTemplate(f"no text for {key}")
    return path.read_text(encoding="utf-8").strip()


def placeholders(text: str) -> set[str]:
    """The names that a text asks for."""
    return set(_PLACEHOLDER.findall(text))


def render(key: str, values: Mapping[str, str]) -> str:
    """A text with its values. Raise `BadTemplate` rather than send a placeholder to anyone."""
    text = text_of(key)
    missing = placeholders(text) - values.keys()
    if missing:
        raise BadTemplate(f"{key}: no value for {', '.join(sorted(missing))}")
    if re.search(r"\{\{|\}\}", _PLACEHOLDER.sub("", text)):
        raise BadTemplate(f"{key}: braces that are no placeholder")
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)
