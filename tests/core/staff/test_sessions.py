"""Logging in, being logged in, being locked out."""

import asyncio
from datetime import timedelta

import pytest

from core import clock
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.staff import accounts, audit, links, passwords, sessions
from core.staff.accounts import StaffView
from core.staff.models import AuditEntry, StaffSession

GOOD = "correct horse 电池"


@pytest.fixture
async def wang(desk: Desk) -> StaffView:
    """Somebody who has chosen a password."""
    made = await accounts.create(desk, "wang", "王伟", ["agent"])
    await links.use(desk, (await links.make(desk, made.id)).rpartition("/")[2], GOOD)
    return made


async def fails(desk: Desk, login: str, password: str) -> str:
    with pytest.raises(NotAllowed) as problem:
        await sessions.log_in(desk, login, password)
    return problem.value.reason


async def test_a_password_begins_a_session_that_only_its_token_opens(desk: Desk, wang: StaffView) -> None:
    token = await sessions.log_in(desk, " WANG ", GOOD)
    me = await sessions.who(desk, token)
    assert me is not None
    assert (me.id, me.name, me.roles) == (wang.id, "王伟", frozenset({accounts.Role.AGENT}))
    assert await sessions.who(desk, token[:-1]) is None
    assert token.encode() not in [row.token_hash for row in await StaffSession.all()]


@pytest.mark.usefixtures("wang")
async def test_unknown_login_wrong_password_and_locked_account_say_the_same(desk: Desk) -> None:
    said = {await fails(desk, "nobody", GOOD), await fails(desk, "wang", "wrong password")}
    for _ in range(4):
        said.add(await fails(desk, "wang", "wrong password"))
    said.add(await fails(desk, "wang", GOOD))
    assert said == {sessions.WRONG}
    assert await AuditEntry.filter(act="login", succeeded=False).count() == 7


async def test_five_failures_lock_for_fifteen_minutes(desk: Desk, wang: StaffView) -> None:
    await asyncio.gather(*(fails(desk, "wang", "wrong password") for _ in range(5)))
    await fails(desk, "wang", GOOD)
    assert (await accounts.member(desk, wang.id)).locked_until is not None
    with clock.held(clock.now() + timedelta(minutes=15, seconds=1)):
        await fails(desk, "wang", "wrong password")  # a new count: not locked by the first one after
        assert await sessions.log_in(desk, "wang", GOOD)


@pytest.mark.usefixtures("wang")
async def test_four_failures_are_forgotten_by_a_success(desk: Desk) -> None:
    for _ in range(2):
        for _ in range(4):
            await fails(desk, "wang", "wrong password")
        await sessions.log_in(desk, "wang", GOOD)


async def test_an_idle_session_ends_and_work_keeps_it(desk: Desk, wang: StaffView) -> None:
    began = clock.now()
    with clock.held(began):
        token = await sessions.begin(wang.id)
    for minutes in (25, 50):
        with clock.held(began + timedelta(minutes=minutes)):
            assert await sessions.who(desk, token)
    with clock.held(began + timedelta(minutes=75)):
        assert await sessions.who(desk, token, touch=False)
    with clock.held(began + timedelta(minutes=81)):
        assert await sessions.who(desk, token) is None, "looking in the background is not work"


async def test_no_session_outlasts_twelve_hours(desk: Desk, wang: StaffView) -> None:
    began = clock.now()
    with clock.held(began):
        token = await sessions.begin(wang.id)
    for minutes in range(0, 12 * 60, 25):
        with clock.held(began + timedelta(minutes=minutes)):
            assert await sessions.who(desk, token)
    with clock.held(began + timedelta(hours=12)):
        assert await sessions.who(desk, token) is None
        assert await sessions.sweep() >= 1
    assert await StaffSession.filter(staff_id=wang.id).count() == 0


async def test_logging_out_ends_the_session_on_the_server(desk: Desk, wang: StaffView) -> None:
    token = await sessions.begin(wang.id)
    me = await sessions.who(desk, token)
    assert me is not None
    await sessions.log_out(me)
    assert await sessions.who(desk, token) is None


async def test_a_changed_password_logs_out_elsewhere(desk: Desk, wang: StaffView) -> None:
    here, there = await sessions.begin(wang.id), await sessions.begin(wang.id)
    me = await sessions.who(desk, here)
    assert me is not None
    with pytest.raises(NotAllowed, match="现在的密码不对"):
        await sessions.change_password(me, "wrong password", "another good one")
    await sessions.change_password(me, GOOD, "another good one")
    assert await sessions.who(desk, here)
    assert await sessions.who(desk, there) is None
    assert await sessions.log_in(desk, "wang", "another good one")


@pytest.mark.parametrize("weak", ["short", "1234567890", "Password123", "aaaaaaaaaaaa", "x" * 201])
async def test_weak_passwords_are_refused_with_a_reason(weak: str) -> None:
    with pytest.raises(NotAllowed):
        await passwords.hashed(weak)


async def test_too_many_at_once_are_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 1)
    first, second = await asyncio.gather(passwords.matches("", "x"), passwords.matches("", "x"), return_exceptions=True)
    assert first is False
    assert isinstance(second, NotAllowed)


async def test_a_link_works_once_and_not_late(desk: Desk) -> None:
    made = await accounts.create(desk, "li", "李娜", ["agent"])
    first = (await links.make(desk, made.id)).rpartition("/")[2]
    token = (await links.make(desk, made.id)).rpartition("/")[2]
    with pytest.raises(NotFound):
        await links.look(desk, first)
    with clock.held(clock.now() + timedelta(hours=73)), pytest.raises(NotFound):
        await links.look(desk, token)
    assert (await links.look(desk, token)).needs_password
    with pytest.raises(NotAllowed):
        await links.use(desk, token, "short")
    used = await asyncio.gather(*(links.use(desk, token, GOOD) for _ in range(3)), return_exceptions=True)
    assert [each for each in used if each == made.id] == [made.id]
    again = (await links.make(desk, made.id)).rpartition("/")[2]
    assert not (await links.look(desk, again)).needs_password
    assert await links.use(desk, again) == made.id
    assert await sessions.log_in(desk, "li", GOOD)


async def test_the_first_administrator_is_invited_until_there_is_one(desk: Desk) -> None:
    invited = await asyncio.gather(*(links.ensure_first_admin(desk) for _ in range(3)))
    assert len(await accounts.members(desk)) == 1
    link = await links.ensure_first_admin(desk)
    assert link is not None
    assert link not in invited
    assert link.startswith("http://127.0.0.1:8000/enter/")
    await links.use(desk, link.rpartition("/")[2], GOOD)
    assert await links.ensure_first_admin(desk) is None


@pytest.mark.usefixtures("wang")
async def test_what_happened_to_an_account_is_in_the_audit_trail(desk: Desk) -> None:
    await sessions.log_in(desk, "wang", GOOD)
    assert [each.act for each in await AuditEntry.all().order_by("seq")] == [
        "staff.create", "link.make", "link.use", "login",
    ]  # fmt: skip
    assert await audit.verify() is None
