"""People who work here: making their accounts, what they may do, and ending them. Names and logins are sealed."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise.exceptions import IntegrityError

from core import clock, database
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.staff import audit
from core.staff.models import ApiToken, OneTimeLink, Staff, StaffSession

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}")
"""Lower case; a mail address will do."""


class Role(StrEnum):
    """What somebody may do. One person may have several."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"
    TEMPLATE_ADMIN = "template_admin"
    ADMIN = "admin"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.AGENT: "客服",
    Role.SUPERVISOR: "客服主管",
    Role.TECHNICIAN: "师傅",
    Role.TEMPLATE_ADMIN: "模板管理员",
    Role.ADMIN: "管理员",
    Role.AUDITOR: "审计员",
}


ANSWERING = frozenset({Role.AGENT, Role.SUPERVISOR})
"""Who works in the inbox."""

RELEASE = """
UPDATE conversation SET assignee_id = NULL WHERE id IN (
  SELECT id FROM conversation WHERE assignee_id = $1 AND state = 'open' ORDER BY id FOR UPDATE
)
"""


@dataclass(frozen=True, slots=True)
class StaffView:
    """An account as it is shown."""

    id: UUID
    login: str = field(repr=False)
    name: str = field(repr=False)
    roles: tuple[Role, ...]
    active: bool
    has_password: bool
    locked_until: datetime | None
    created_at: datetime
    last_seen_at: datetime | None


async def create(desk: Desk, login: str, name: str, roles: Iterable[str], by: UUID | None = None) -> StaffView:
    """A new account, without a password: send its owner a link. Raise `NotAllowed` with what is wrong."""
    login, name, wanted = _login(login), _name(name), _roles(roles)
    key, staff_id = await desk.keyring.system("staff"), new_id()
    row = Staff(
        id=staff_id,
        login_sealed=key.seal("staff.login", staff_id, login.encode()),
        login_index=desk.index.of("login", login),
        name_sealed=key.seal("staff.name", staff_id, name.encode()),
        roles=[str(each) for each in wanted],
        created_at=clock.now(),
    )
    try:
        async with database.transaction():
            await row.save(force_create=True)
            await audit.append("staff.create", f"staff {staff_id}", staff_id=by, detail=" ".join(row.roles))
    except IntegrityError:
        raise NotAllowed("这个登录名已经有人用了") from None
    return await member(desk, staff_id)


async def change_roles(desk: Desk, staff_id: UUID, roles: Iterable[str], by: UUID | None = None) -> StaffView:
    """Give somebody other roles. Raise `NotAllowed` if no administrator would be left.

    Whoever no longer answers leaves their open conversations to everybody.
    """
    wanted = [str(each) for each in _roles(roles)]
    async with database.transaction():
        if Role.ADMIN not in wanted:
            await _keep_an_admin(staff_id)
        row = await _row(staff_id)
        row.roles = wanted
        await row.save(update_fields=["roles"])
        if not ANSWERING & set(wanted):
            await database.run(RELEASE, staff_id)
        await audit.append("staff.roles", f"staff {staff_id}", staff_id=by, detail=" ".join(wanted))
    return await member(desk, staff_id)


async def deactivate(staff_id: UUID, by: UUID | None = None) -> None:
    """End an account: every browser is logged out at once, links are dead, open conversations wait for everybody.

    What they did keeps its author.
    """
    async with database.transaction():
        await _keep_an_admin(staff_id)
        row = await _row(staff_id)
        row.active = False
        await row.save(update_fields=["active"])
        await StaffSession.filter(staff_id=staff_id).delete()
        await OneTimeLink.filter(staff_id=staff_id, used_at=None).delete()
        await database.run(RELEASE, staff_id)
        await audit.append("staff.deactivate", f"staff {staff_id}", staff_id=by)


async def reactivate(staff_id: UUID, by: UUID | None = None) -> None:
    """Let somebody in again, with the password they had."""
    async with database.transaction():
        row = await _row(staff_id)
        row.active = True
        await row.save(update_fields=["active"])
        await audit.append("staff.reactivate", f"staff {staff_id}", staff_id=by)


async def member(desk: Desk, staff_id: UUID) -> StaffView:
    """One account. Raise `NotFound`."""
    return (await _views(desk, [await _row(staff_id)]))[0]


async def members(desk: Desk) -> list[StaffView]:
    """Every account, the active ones first."""
    return await _views(desk, await Staff.all().order_by("-active", "id"))


async def names(desk: Desk, ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called, the deactivated ones too; a program goes by the name of its token."""
    if not ids:
        return {}
    found = {each.id: each.name for each in await _views(desk, await Staff.filter(id__in=set(ids)))}
    programs = set(ids) - set(found)
    if programs:
        found |= {each.id: f"{each.name} (接口)" for each in await ApiToken.filter(id__in=programs)}
    return found


async def _views(desk: Desk, found: Sequence[Staff]) -> list[StaffView]:
    await desk.keyring.system("staff")
    await desk.keyring.need(each.name_sealed for each in found)
    return [_view(desk, each) for each in found]


def _view(desk: Desk, row: Staff) -> StaffView:
    return StaffView(
        id=row.id,
        login=desk.keyring.text("staff.login", row.id, row.login_sealed),
        name=desk.keyring.text("staff.name", row.id, row.name_sealed),
        roles=tuple(Role(each) for each in row.roles),
        active=row.active,
        has_password=bool(row.password_hash),
        locked_until=row.locked_until if row.locked_until and row.locked_until > clock.now() else None,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )


async def _row(staff_id: UUID) -> Staff:
    row = await Staff.get_or_none(id=staff_id)
    if row is None:
        raise NotFound("没有这个账号")
    return row


async def _keep_an_admin(leaving: UUID) -> None:
    """Two administrators who end each other at once must not both succeed: the rows are locked."""
    active = await Staff.filter(active=True).select_for_update().order_by("id")
    admins = [each.id for each in active if Role.ADMIN in each.roles]
    if admins == [leaving]:
        raise NotAllowed("这是最后一位管理员，请先让别人成为管理员")


def _login(value: str) -> str:
    value = value.strip().lower()
    if not LOGIN.fullmatch(value):
        raise NotAllowed("登录名由 2 到 60 个小写字母、数字或 . _ @ - 组成")
    return value


def _name(value: str) -> str:
    value = " ".join(value.split())
    if not 1 <= len(value) <= 40:
        raise NotAllowed("姓名要有 1 到 40 个字")
    return value


def _roles(values: Iterable[str]) -> list[Role]:
    try:
        wanted = sorted({Role(each) for each in values})
    except ValueError:
        raise NotAllowed("没有这个角色") from None
    if not wanted:
        raise NotAllowed("至少选一个角色")
    return wanted
