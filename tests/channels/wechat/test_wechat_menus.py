"""The menu below the conversation: refused here with what is wrong, or shown by the platform."""

import pytest

from channels.wechat.menus import Button, problems_of

REPAIR = Button("报修", "click", "REPAIR")
HELP = Button(
    "自助服务", below=(Button("故障自查", "click", "CHECK"), Button("商城", "view", "https://shop.example.com/"))
)


def below(*buttons: Button) -> list[Button]:
    return [Button("更多", below=buttons)]


@pytest.mark.parametrize(
    "menu",
    [
        [REPAIR],
        [REPAIR, HELP, REPAIR],
        below(*[REPAIR] * 5),
        [Button("五个汉字x", "click", "k" * 128)],
        below(Button("二" * 20, "view", "https://example.com/" + "p" * 1004)),
        [Button("扫一扫", "scancode_waitmsg", "SCAN"), Button("位置", "location_select", "WHERE")],
    ],
)
def test_what_wechat_shows_has_no_problems(menu: list[Button]) -> None:
    assert problems_of(menu) == []


@pytest.mark.parametrize(
    ("menu", "told"),
    [
        ([], "一级菜单应有 1 到 3 个"),
        ([REPAIR] * 4, "一级菜单应有 1 到 3 个"),
        (below(*[REPAIR] * 6), "“更多”的子菜单最多 5 个"),
        (below(HELP), "“自助服务”已是子菜单，下面不能再有菜单"),
        ([Button("更多", "click", "K", (REPAIR,))], "“更多”有子菜单，不能再有动作"),
        ([Button(" ", "click", "K")], "菜单名称不能为空"),
        ([Button("六个汉字太长", "click", "K")], "菜单名称“六个汉字太长”太长，最多 5 个汉字"),
        (below(Button("长" * 21, "click", "K")), f"菜单名称“{'长' * 21}”太长，最多 20 个汉字"),
        ([Button("报修", "hologram", "K")], "“报修”的动作应为 click、view"),
        ([Button("报修")], "“报修”的动作应为 click、view"),
        ([Button("报修", "click")], "“报修”缺少 KEY"),
        ([Button("商城", "view")], "“商城”缺少网址"),
        ([Button("报修", "click", "键" * 43)], "“报修”的 KEY 太长，最多 128 字节"),
        ([Button("商城", "view", "https://example.com/" + "p" * 1005)], "“商城”的网址太长，最多 1024 字节"),
        ([Button("商城", "view", "javascript:alert(1)")], "“商城”的网址应以 https:// 或 http:// 开头"),
        ([Button("商城", "view", "https://")], "“商城”的网址应以 https:// 或 http:// 开头"),
        ([Button("商城", "view", "https://[")], "“商城”的网址应以 https:// 或 http:// 开头"),
        ([Button("商城", "view", "https://example.com/a b")], "“商城”的网址应以 https:// 或 http:// 开头"),
    ],
)
def test_what_it_would_not_show_is_said_in_chinese(menu: list[Button], told: str) -> None:
    assert any(each.startswith(told) for each in problems_of(menu))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert len(problems_of([Button("报修"), Button("", "view", "https://example.com/"), *[REPAIR] * 2])) == 3
