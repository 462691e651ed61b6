"""The menu below the conversation (自定义菜单): three buttons, five below each.

Source: developers.weixin.qq.com, 创建自定义菜单. Lengths are bytes of UTF-8; they are not on the page any more, and
stand here as others measured them. WeChat shows about four characters of a button and seven of one below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from channels.wechat.api import Api
from core.errors import NotAllowed

MOST_BUTTONS = 3
MOST_BELOW = 5
LONGEST_NAME = 16
LONGEST_NAME_BELOW = 60
LONGEST = {"key": 128, "url": 1024}

# What a tap does → the name under which WeChat wants the button's value. All but `view` come back as events; `click`
# and `scancode_waitmsg` are heard as messages.
TYPES: Mapping[str, str] = {
    "click": "key",
    "view": "url",
    "scancode_push": "key",
    "scancode_waitmsg": "key",
    "pic_sysphoto": "key",
    "pic_photo_or_album": "key",
    "pic_weixin": "key",
    "location_select": "key",
}


@dataclass(frozen=True, slots=True)
class Button:
    """One button: either it does something (`type` with `value`, a key or an address) or it opens those `below` it."""

    name: str
    type: str = ""
    value: str = ""
    below: tuple["Button", ...] = ()


def problems_of(menu: Sequence[Button]) -> list[str]:
    """Why WeChat would not show this menu: zh-CN sentences, none when it would."""
    found = [] if 1 <= len(menu) <= MOST_BUTTONS else [f"一级菜单应有 1 到 {MOST_BUTTONS} 个"]
    for button in menu:
        found += _named(button, LONGEST_NAME)
        if button.below:
            found += _opens(button)
        else:
            found += _does(button)
    return found


async def put(api: Api, menu: Sequence[Button]) -> None:
    """Set the menu. Raise `NotAllowed` with everything that is wrong with it, or what a send raises."""
    if found := problems_of(menu):
        raise NotAllowed("；".join(found))
    await api.put("/cgi-bin/menu/create", {"button": [_told(each) for each in menu]})


def _opens(button: Button) -> Iterator[str]:
    if button.type or button.value:
        yield f"“{button.name}”有子菜单，不能再有动作"
    if len(button.below) > MOST_BELOW:
        yield f"“{button.name}”的子菜单最多 {MOST_BELOW} 个"
    for each in button.below:
        yield from _named(each, LONGEST_NAME_BELOW)
        if each.below:
            yield f"“{each.name}”已是子菜单，下面不能再有菜单"
        yield from _does(each)


def _named(button: Button, longest: int) -> Iterator[str]:
    if not button.name.strip():
        yield "菜单名称不能为空"
    if _length(button.name) > longest:
        yield f"菜单名称“{button.name}”太长，最多 {longest // 3} 个汉字"


def _does(button: Button) -> Iterator[str]:
    """What is wrong with the action of a button that has one."""
    wanted = TYPES.get(button.type)
    if wanted is None:
        yield f"“{button.name}”的动作应为 {'、'.join(TYPES)} 之一"
    elif not button.value:
        yield f"“{button.name}”缺少{'网址' if wanted == 'url' else ' KEY'}"
    elif _length(button.value) > LONGEST[wanted]:
        yield f"“{button.name}”的{'网址' if wanted == 'url' else ' KEY '}太长，最多 {LONGEST[wanted]} 字节"
    elif wanted == "url" and not _is_address(button.value):
        yield f"“{button.name}”的网址应以 https:// 或 http:// 开头"


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(map(str.isspace, value))


def _told(button: Button) -> dict[str, object]:
    """As WeChat wants to be told."""
    if button.below:
        return {"name": button.name, "sub_button": [_told(each) for each in button.below]}
    return {"name": button.name, "type": button.type, TYPES[button.type]: button.value}


def _length(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
