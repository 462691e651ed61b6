"""The people who work here: inviting, roles, new one-time links, deactivating."""

from uuid import UUID

from quart import redirect, request

from core.errors import NotAllowed
from core.staff import accounts, links
from core.staff.accounts import Role, StaffView
from web.admin.blueprint import admins, blueprint, readers
from web.here import desk, me
from web.render import Answer, page

FIELD_OF = {"登录名": "login", "姓名": "name", "角色": "roles"}
"""Which field a refusal is about, by the word that it names."""


@blueprint.get("/staff")
@readers
async def staff_list() -> Answer:
    """Everybody."""
    return await page("admin/staff.html", members=await accounts.members(desk()))


@blueprint.get("/staff/new")
@admins
async def staff_new() -> Answer:
    """An empty invitation."""
    return await _invitation("", "", [], "")


@blueprint.post("/staff/new")
@admins
async def staff_invite() -> Answer:
    """Make the account and show its link, this once."""
    form = await request.form
    login, name, roles = form.get("login", ""), form.get("name", ""), form.getlist("roles")
    try:
        staff = await accounts.create(desk(), login, name, roles, me().id)
    except NotAllowed as problem:
        return await _invitation(login, name, roles, problem.reason)
    return await _link(staff)


@blueprint.get("/staff/<uuid:staff_id>")
@admins
async def staff_member(staff_id: UUID) -> Answer:
    """One account, to change."""
    return await _member(await accounts.member(desk(), staff_id))


@blueprint.post("/staff/<uuid:staff_id>/roles")
@admins
async def staff_roles(staff_id: UUID) -> Answer:
    """Give somebody other roles."""
    form = await request.form
    try:
        await accounts.change_roles(desk(), staff_id, form.getlist("roles"), me().id)
    except NotAllowed as problem:
        return await _member(await accounts.member(desk(), staff_id), problem.reason, form.getlist("roles"))
    return redirect(f"/admin/staff/{staff_id}?done=roles", code=303)


@blueprint.post("/staff/<uuid:staff_id>/link")
@admins
async def staff_link(staff_id: UUID) -> Answer:
    """Make a new one-time link and show it, this once."""
    return await _link(await accounts.member(desk(), staff_id))


@blueprint.get("/staff/<uuid:staff_id>/deactivate")
@admins
async def staff_deactivate_page(staff_id: UUID) -> Answer:
    """Ask whether it is meant."""
    staff = await accounts.member(desk(), staff_id)
    return await page(
        "admin/confirm.html",
        here="staff",
        title=f"停用“{staff.name}”？",
        words="对方会立即退出登录，之前的一次性链接也会失效。已做过的操作和记录都会保留，以后可以恢复。",
        action=f"/admin/staff/{staff_id}/deactivate",
        button=f"停用“{staff.name}”",
        back=f"/admin/staff/{staff_id}",
    )


@blueprint.post("/staff/<uuid:staff_id>/deactivate")
@admins
async def staff_deactivate(staff_id: UUID) -> Answer:
    """End the account."""
    try:
        await accounts.deactivate(staff_id, me().id)
    except NotAllowed as problem:
        return await _member(await accounts.member(desk(), staff_id), problem.reason)
    return redirect("/admin/staff", code=303)


@blueprint.post("/staff/<uuid:staff_id>/reactivate")
@admins
async def staff_reactivate(staff_id: UUID) -> Answer:
    """Let somebody in again."""
    await accounts.reactivate(staff_id, me().id)
    return redirect(f"/admin/staff/{staff_id}?done=reactivated", code=303)


async def _invitation(login: str, name: str, roles: list[str], problem: str) -> Answer:
    about = next((name for word, name in FIELD_OF.items() if word in problem), "")
    return await page(
        "admin/staff_new.html",
        422 if problem else 200,
        login=login[:60],
        name=name[:40],
        chosen=roles,
        all_roles=list(Role),
        problem=problem,
        about=about,
    )


async def _member(staff: StaffView, problem: str = "", roles: list[str] | None = None) -> Answer:
    return await page(
        "admin/staff_member.html",
        409 if problem else 200,
        staff=staff,
        chosen=[str(each) for each in staff.roles] if roles is None else roles,
        all_roles=list(Role),
        problem=problem,
        done=request.args.get("done", ""),
    )


async def _link(staff: StaffView) -> Answer:
    link = await links.make(desk(), staff.id, me().id)
    hours = int(links.LASTS.total_seconds() // 3600)
    return await page("admin/staff_link.html", staff=staff, link=link, hours=hours)
