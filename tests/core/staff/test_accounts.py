"""People who work here: made, changed, ended."""

import asyncio

import pytest

from core import database
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.staff import accounts, links, sessions
from core.staff.accounts import Role


async def test_a_name_and_a_login_are_sealed_and_come_back(desk: Desk) -> None:
    made = await accounts.create(desk, "Wang.Wei@example.com ", " 王  伟 ", ["agent", "supervisor"])
    assert (made.login, made.name, made.roles) == ("wang.wei@example.com", "王 伟", (Role.AGENT, Role.SUPERVISOR))
    row = (await database.rows("SELECT * FROM staff"))[0]
    assert not any(b"wang" in bytes(value) or "王".encode() in bytes(value)
                   for value in row.values() if isinstance(value, bytes))  # fmt: skip
    assert await accounts.names(desk, {made.id, new_id()}) == {made.id: "王 伟"}


async def test_a_login_is_taken_whatever_its_case(desk: Desk) -> None:
    await accounts.create(desk, "wang", "王伟", ["agent"])
    with pytest.raises(NotAllowed, match="已经有人用了"):
        await accounts.create(desk, "WANG", "王芳", ["agent"])


@pytest.mark.parametrize(
    ("login", "name", "roles", "wrong"),
    [
        ("", "王伟", ["agent"], "登录名"),
        ("王伟", "王伟", ["agent"], "登录名"),
        ("wang wei", "王伟", ["agent"], "登录名"),
        ("wang", "  ", ["agent"], "姓名"),
        ("wang", "王" * 41, ["agent"], "姓名"),
        ("wang", "王伟", [], "至少选一个角色"),
        ("wang", "王伟", ["owner"], "没有这个角色"),
    ],
)
async def test_what_cannot_be_an_account_says_why(
    desk: Desk, login: str, name: str, roles: list[str], wrong: str
) -> None:
    with pytest.raises(NotAllowed) as problem:
        await accounts.create(desk, login, name, roles)
    assert wrong in problem.value.reason
    assert await accounts.members(desk) == []


async def test_deactivating_logs_out_and_kills_links_but_keeps_the_person(desk: Desk) -> None:
    await accounts.create(desk, "boss", "管理", ["admin"])
    wang = await accounts.create(desk, "wang", "王伟", ["agent"])
    token = await sessions.begin(wang.id)
    link = await links.make(desk, wang.id)
    await accounts.deactivate(wang.id)
    assert await sessions.who(desk, token) is None
    with pytest.raises(NotFound):
        await links.look(desk, link.rpartition("/")[2])
    assert await accounts.names(desk, [wang.id]) == {wang.id: "王伟"}
    with pytest.raises(NotAllowed, match="已停用"):
        await links.make(desk, wang.id)


async def test_somebody_always_stays_administrator(desk: Desk) -> None:
    boss = await accounts.create(desk, "boss", "管理", ["admin"])
    with pytest.raises(NotAllowed, match="最后一位管理员"):
        await accounts.deactivate(boss.id)
    with pytest.raises(NotAllowed, match="最后一位管理员"):
        await accounts.change_roles(desk, boss.id, ["agent"])
    other = await accounts.create(desk, "other", "另一位", ["admin"])
    ended = await asyncio.gather(accounts.deactivate(boss.id), accounts.deactivate(other.id), return_exceptions=True)
    assert [type(each) for each in ended].count(NotAllowed) == 1
