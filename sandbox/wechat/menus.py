"""The menu below the conversation (自定义菜单): three buttons, five below each."""

from collections.abc import Mapping

from sandbox.asks import Json
from sandbox.wechat.errors import Trouble

NAME_BYTES = (16, 60)
"""Longest name of a button and of one below it, in bytes of UTF-8."""


def check(menu: Json) -> None:
    """Raise `Trouble` for a menu that the platform would not show."""
    _check_level(menu.get("button"), most=3, depth=0)


def _check_level(buttons: object, *, most: int, depth: int) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= most:
        raise Trouble(40016)
    for button in buttons:
        if not isinstance(button, Mapping) or not isinstance(button.get("name"), str):
            raise Trouble(40016)
        if len(button["name"].encode()) > NAME_BYTES[depth]:
            raise Trouble(40018)
        if "sub_button" in button and depth == 0:
            _check_level(button["sub_button"], most=5, depth=1)
