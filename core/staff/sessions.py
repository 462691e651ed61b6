"""Logging in and being logged in. A session lives in the database: logging out ends it there, too."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from core import clock, database
from core.desk import Desk
from core.errors import NotAllowed
from core.ids import new_id
from core.staff import audit, passwords
from core.staff.accounts import Role, member
from core.staff.handed_out import hash_of, new_secret
from core.staff.models import Staff, StaffSession

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
"""How exact `seen_at` is: a row written for every request would cost more than it tells."""

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
WRONG = "登录名或密码不正确。连续 5 次不正确，账号会锁定 15 分钟。"
"""One sentence for an unknown login, a wrong password and a locked account: none of them is told apart."""


@dataclass(frozen=True, slots=True)
class Me:
    """Who is logged in, and in which session."""

    id: UUID
    session_id: UUID
    name: str = field(repr=False)
    roles: frozenset[Role]


async def log_in(desk: Desk, login: str, password: str) -> str:
    """Check a password and begin a session; return its token. Raise `NotAllowed`, always with the same words."""
    row = await Staff.get_or_none(login_index=desk.index.of("login", login.strip().lower()))
    fits = await passwords.matches(row.password_hash if row else "", password)
    if row is None:
        await audit.append("login", "staff unknown", succeeded=False)
        raise NotAllowed(WRONG)
    if not fits:
        await _count_failure(row.id)
        raise NotAllowed(WRONG)
    if not await _clear_failures(row.id):
        await audit.append("login", f"staff {row.id}", staff_id=row.id, detail="locked", succeeded=False)
        raise NotAllowed(WRONG)
    await audit.append("login", f"staff {row.id}", staff_id=row.id)
    return await begin(row.id)


async def begin(staff_id: UUID) -> str:
    """Begin a session for somebody who has shown who they are; return its token."""
    token, kept = new_secret()
    now = clock.now()
    await StaffSession.create(
        id=new_id(), staff_id=staff_id, token_hash=kept, created_at=now, seen_at=now, expires_at=now + LONGEST
    )
    await Staff.filter(id=staff_id).update(last_seen_at=now)
    return token


async def who(desk: Desk, token: str, *, touch: bool = True) -> Me | None:
    """Whose session this is, or None once it has ended. `touch` says that a person did something."""
    now = clock.now()
    row = await StaffSession.get_or_none(token_hash=hash_of(token), expires_at__gt=now, seen_at__gt=now - IDLE)
    if row is None:
        return None
    staff = await member(desk, row.staff_id)
    if not staff.active:
        return None
    if touch and now - row.seen_at > SEEN_EVERY:
        await StaffSession.filter(id=row.id).update(seen_at=now)
        await Staff.filter(id=staff.id).update(last_seen_at=now)
    return Me(staff.id, row.id, staff.name, frozenset(staff.roles))


async def log_out(me: Me) -> None:
    """End this session."""
    async with database.transaction():
        await StaffSession.filter(id=me.session_id).delete()
        await audit.append("logout", f"staff {me.id}", staff_id=me.id)


async def change_password(me: Me, old: str, new: str) -> None:
    """Somebody changes their own password; their other browsers are logged out. Raise `NotAllowed`.

    Wrong guesses count like those at the login: a browser left open is no place to try passwords in peace.
    """
    row = await Staff.get(id=me.id)
    if not await passwords.matches(row.password_hash, old):
        await _count_failure(me.id, "staff.password")
        raise NotAllowed(f"现在的密码不对。连续 {TRIES} 次不对，账号会锁定 15 分钟。")
    if not await _clear_failures(me.id):
        raise NotAllowed("密码不对的次数太多，请 15 分钟后再试")
    fresh = await passwords.hashed(new)
    async with database.transaction():
        await Staff.filter(id=me.id).update(password_hash=fresh)
        await StaffSession.filter(staff_id=me.id).exclude(id=me.session_id).delete()
        await audit.append("staff.password", f"staff {me.id}", staff_id=me.id)


async def sweep() -> int:
    """Delete sessions that have ended; return how many."""
    now = clock.now()
    return await database.run("DELETE FROM staff_session WHERE expires_at <= $1 OR seen_at <= $2", now, now - IDLE)


async def _count_failure(staff_id: UUID, act: str = "login") -> None:
    """Counted in one statement: guesses that come together all count. A lock that has run out starts a new count."""
    now = clock.now()
    async with database.transaction():
        await database.run(
            """UPDATE staff SET
                 failed_logins = CASE WHEN locked_until <= $2 THEN 1 ELSE failed_logins + 1 END,
                 locked_until = CASE WHEN locked_until <= $2 THEN NULL
                                     WHEN failed_logins + 1 >= $3 THEN COALESCE(locked_until, $4)
                                     ELSE locked_until END
               WHERE id = $1 AND failed_logins < 30000""",
            staff_id,
            now,
            TRIES,
            now + LOCKED_FOR,
        )
        await audit.append(act, f"staff {staff_id}", staff_id=staff_id, succeeded=False)


async def _clear_failures(staff_id: UUID) -> bool:
    """Forget failures, unless the account is locked or ended: then False."""
    cleared = await database.run(
        """UPDATE staff SET failed_logins = 0, locked_until = NULL
           WHERE id = $1 AND active AND (locked_until IS NULL OR locked_until <= $2)""",
        staff_id,
        clock.now(),
    )
    return cleared == 1
