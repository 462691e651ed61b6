"""The menu below the conversation (自定义菜单): three buttons, five below each."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.asks import Json
from sandbox.wechat.errors import Trouble

LONGEST_KEY, LONGEST_URL = 128, 1024
KEYED = {
    "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select",
}  # fmt: skip
OTHERS = {"miniprogram", "media_id", "view_limited", "article_id", "article_view_limited"}


@dataclass(frozen=True, slots=True)
class Level:
    """How many buttons a level has, how long their names are in bytes of UTF-8, and the codes of its errors."""

    most: int
    longest_name: int
    wrong_number: int
    wrong_type: int
    wrong_name: int
    wrong_key: int
    wrong_url: int


TOP = Level(3, 16, 40016, 40017, 40018, 40019, 40020)
BELOW = Level(5, 60, 40023, 40024, 40025, 40026, 40027)


def check(menu: Json) -> None:
    """Raise `Trouble` for a menu that the platform would not show."""
    _check_level(menu.get("button"), TOP)


def _check_level(buttons: object, level: Level) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= level.most:
        raise Trouble(level.wrong_number)
    for button in buttons:
        if not isinstance(button, Mapping):
            raise Trouble(level.wrong_number)
        _check_length(button.get("name"), level.longest_name, level.wrong_name)
        if "sub_button" not in button:
            _check_action(button, level)
        elif level is TOP:
            _check_level(button["sub_button"], BELOW)
        else:
            raise Trouble(40022)


def _check_action(button: Json, level: Level) -> None:
    kind = button.get("type")
    if kind == "view":
        _check_length(button.get("url"), LONGEST_URL, level.wrong_url)
    elif kind in KEYED:
        _check_length(button.get("key"), LONGEST_KEY, level.wrong_key)
    elif kind not in OTHERS:
        raise Trouble(level.wrong_type)


def _check_length(value: object, longest: int, code: int) -> None:
    if not isinstance(value, str) or not 0 < len(value.encode()) <= longest:
        raise Trouble(code)
