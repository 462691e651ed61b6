"""Inviting people, their roles, and ending accounts."""

import re
from uuid import UUID

from core.desk import Desk
from core.staff import accounts
from core.staff.accounts import StaffView
from core.staff.models import Staff
from tests.web.admin.visitor import Visitor
from tests.web.street import Street

NEW: dict[str, str | list[str]] = {"login": "zhao", "name": "赵新人", "roles": ["agent", "supervisor"]}


def link_in(html: str) -> str:
    found = re.search(r'value="http://[^"]+(/enter/[^"]+)"', html)
    assert found is not None
    return found[1]


async def test_somebody_is_invited_by_a_link_that_is_shown_once(desk: Desk, admin: Visitor) -> None:
    shown = await admin.post("/admin/staff/new", NEW)
    assert shown.status == 200
    link = link_in(shown.html)
    assert (await admin.get(link)).status == 200
    listed = await admin.get("/admin/staff")
    assert "赵新人" in listed.text
    assert "等待接受邀请" in listed.text
    assert link not in listed.html
    member = next(each for each in await accounts.members(desk) if each.login == "zhao")
    assert set(member.roles) == {"agent", "supervisor"}


async def test_a_new_link_ends_the_one_before(admin: Visitor) -> None:
    first = link_in((await admin.post("/admin/staff/new", NEW)).html)
    staff_id = (await Staff.all().order_by("-id").first() or Staff()).id
    second = link_in((await admin.post(f"/admin/staff/{staff_id}/link")).html)
    assert (await admin.get(first)).status == 404
    assert (await admin.get(second)).status == 200


async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(admin: Visitor) -> None:
    wrong_login = await admin.post("/admin/staff/new", NEW | {"login": "Zhao 新"})
    assert wrong_login.status == 422
    assert 'id="login-problem"' in wrong_login.html
    assert 'value="赵新人"' in wrong_login.html
    assert 'id="roles-problem"' in (await admin.post("/admin/staff/new", NEW | {"roles": []})).html
    assert 'id="name-problem"' in (await admin.post("/admin/staff/new", NEW | {"name": ""})).html
    await admin.post("/admin/staff/new", NEW)
    assert 'id="login-problem"' in (await admin.post("/admin/staff/new", NEW)).html


async def test_roles_change_and_the_last_administrator_stays(admin: Visitor, boss: StaffView) -> None:
    shown = await admin.post(f"/admin/staff/{boss.id}/roles", {"roles": ["agent"]})
    assert shown.status == 409
    assert "最后一位管理员" in shown.text
    shown = await admin.post(f"/admin/staff/{boss.id}/roles", {"roles": ["admin", "auditor"]})
    assert "角色已保存" in shown.text


async def test_an_account_is_ended_after_a_question_and_comes_back(desk: Desk, admin: Visitor, street: Street) -> None:
    staff_id = (await street.hire("wang", "王客服", "agent")).id
    assert "停用“王客服”？" in (await admin.get(f"/admin/staff/{staff_id}/deactivate")).text
    assert await active(desk, staff_id)
    await admin.post(f"/admin/staff/{staff_id}/deactivate")
    assert not await active(desk, staff_id)
    await admin.post(f"/admin/staff/{staff_id}/reactivate")
    assert await active(desk, staff_id)


async def test_the_last_administrator_cannot_be_ended(desk: Desk, admin: Visitor, boss: StaffView) -> None:
    assert (await admin.post(f"/admin/staff/{boss.id}/deactivate")).status == 409
    assert await active(desk, boss.id)


async def test_auditors_look_and_cannot_act(auditor: Visitor, boss: StaffView) -> None:
    assert "陈管理" in (await auditor.get("/admin/staff")).text
    assert (await auditor.get(f"/admin/staff/{boss.id}")).status == 403
    assert (await auditor.post("/admin/staff/new", NEW)).status == 403
    assert (await auditor.post(f"/admin/staff/{boss.id}/link")).status == 403


async def active(desk: Desk, staff_id: UUID) -> bool:
    return (await accounts.member(desk, staff_id)).active
