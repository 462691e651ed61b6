"""One-time links: an invitation, or a way back in. Looking at one does not use it up (mail scanners look)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core import clock, database
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.staff import audit, passwords
from core.staff.accounts import Role, StaffView, create, member
from core.staff.handed_out import hash_of, new_secret
from core.staff.models import OneTimeLink, Staff, StaffSession

LASTS = timedelta(hours=72)
GONE = "这个链接已经用过、已过期或不存在。设置过密码的请直接登录，否则请管理员再给一个链接"
FIRST_ADMIN_LOCK = 0x5944_4641  # "YDFA": processes that start together make one first administrator


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link that still works: whose it is, and whether a password must be chosen."""

    staff: StaffView
    needs_password: bool
    expires_at: datetime


async def make(desk: Desk, staff_id: UUID, by: UUID | None = None, lasts: timedelta = LASTS) -> str:
    """A link's full address, shown once. Links made earlier for this person stop working."""
    staff = await member(desk, staff_id)
    if not staff.active:
        raise NotAllowed("这个账号已停用")
    token, kept = new_secret()
    async with database.transaction():
        await OneTimeLink.filter(staff_id=staff_id, used_at=None).delete()
        await OneTimeLink.create(id=new_id(), staff_id=staff_id, token_hash=kept, expires_at=clock.now() + lasts)
        await audit.append("link.make", f"staff {staff_id}", staff_id=by)
    return f"{desk.settings.public_url}/enter/{token}"


async def look(desk: Desk, token: str) -> LinkView:
    """What a link is for. Raise `NotFound` if it does not work (any more)."""
    row = await OneTimeLink.get_or_none(token_hash=hash_of(token), used_at=None, expires_at__gt=clock.now())
    staff = await member(desk, row.staff_id) if row else None
    if row is None or staff is None or not staff.active:
        raise NotFound(GONE)
    return LinkView(staff, not staff.has_password, row.expires_at)


async def use(desk: Desk, token: str, password: str = "") -> UUID:
    """Use a link up; return whose it was. A password given with it is theirs from now on, and needed if they have none.

    Whoever has forgotten theirs gets a link: a new password ends what was begun with the old one.
    Raise `NotFound` or `NotAllowed`.
    """
    link = await look(desk, token)
    fresh = await passwords.hashed(password) if password or link.needs_password else ""
    async with database.transaction():
        used = await database.run(
            "UPDATE one_time_link SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
            hash_of(token),
            clock.now(),
        )
        if used != 1:
            raise NotFound(GONE)
        if fresh:
            await Staff.filter(id=link.staff.id).update(password_hash=fresh)
            await StaffSession.filter(staff_id=link.staff.id).delete()
        await Staff.filter(id=link.staff.id).update(failed_logins=0, locked_until=None)
        await audit.append("link.use", f"staff {link.staff.id}", staff_id=link.staff.id)
    return link.staff.id


async def ensure_first_admin(desk: Desk) -> str | None:
    """A link for the first administrator while nobody who could administrate has a password; None after that."""
    async with database.transaction():
        await database.rows("SELECT pg_advisory_xact_lock($1)", FIRST_ADMIN_LOCK)
        admins = [each for each in await Staff.filter(active=True) if Role.ADMIN in each.roles]
        if any(each.password_hash for each in admins):
            return None
        if admins:
            return await make(desk, admins[0].id)
        first = await create(desk, "admin", "管理员", [Role.ADMIN, Role.SUPERVISOR])
        return await make(desk, first.id)
