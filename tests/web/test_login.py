"""Coming in and going out, over HTTP."""

from dataclasses import replace

import aiohttp
import pytest
from yarl import URL

from core.desk import Desk
from core.staff import accounts, links, sessions
from tests.web.conftest import Visit
from tests.web.served import served
from tests.web.street import PASSWORD, Street
from web.app import create_app


async def test_a_login_leads_where_one_wanted_to_go(visit: Visit, street: Street) -> None:
    await street.hire("wang", "王伟")
    wang = await visit()
    form = {"login": "wang", "password": PASSWORD, "next": "/inbox"}
    async with wang.post("/login", data=form, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/inbox")
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    async with wang.get("/inbox") as answer:
        assert answer.status == 200
        assert "王伟" in await answer.text()


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "x"])
async def test_a_login_never_leads_to_another_site(visit: Visit, street: Street, onward: str) -> None:
    await street.hire("wang", "王伟")
    wang = await visit()
    form = {"login": "wang", "password": PASSWORD, "next": onward}
    async with wang.post("/login", data=form, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/"


async def test_a_failed_login_keeps_what_was_typed_but_the_password(visit: Visit, street: Street) -> None:
    await street.hire("wang", "王伟")
    wang = await visit()
    async with wang.post("/login", data={"login": 'wa"ng<', "password": "my secret pass"}) as answer:
        page = await answer.text()
        assert answer.status == 422
        assert sessions.WRONG in page
        assert 'value="wa&#34;ng&lt;"' in page
        assert "my secret pass" not in page
        assert "Set-Cookie" not in answer.headers


async def test_logging_out_ends_the_session_for_a_copied_cookie_too(visit: Visit, street: Street, site: str) -> None:
    hired = await street.hire("wang", "王伟")
    wang = await visit(hired.id)
    copied = wang.cookie_jar.filter_cookies(URL(site))["yingda"].value
    async with wang.post("/logout", allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/login"
    async with (
        aiohttp.ClientSession(site, cookies={"yingda": copied}) as thief,
        thief.get("/inbox", allow_redirects=False) as answer,
    ):
        assert answer.status == 303


async def test_a_link_is_used_by_pressing_not_by_looking(desk: Desk, visit: Visit) -> None:
    made = await accounts.create(desk, "li", "李娜", ["agent"])
    path = (await links.make(desk, made.id)).removeprefix("http://127.0.0.1:8000")
    li = await visit()
    for _ in range(2):
        async with li.get(path) as answer:
            assert answer.status == 200
            assert "李娜" in await answer.text()
            assert answer.headers["Referrer-Policy"] == "no-referrer"
    async with li.post(path, data={"password": PASSWORD, "again": "another one"}) as answer:
        assert (answer.status, "不一样" in await answer.text()) == (422, True)
    async with li.post(path, data={"password": "short", "again": "short"}) as answer:
        assert (answer.status, "至少要有 10 个字符" in await answer.text()) == (422, True)
    async with li.post(path, data={"password": PASSWORD, "again": PASSWORD}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")
    async with li.get("/inbox") as answer:
        assert answer.status == 200
    for method in ("GET", "POST"):
        async with li.request(method, path, data={}) as answer:
            assert answer.status == 404
            assert "已经用过" in await answer.text()


async def test_ones_own_password_is_changed_with_the_old_one(visit: Visit, street: Street) -> None:
    wang = await visit((await street.hire("wang", "王伟")).id)
    fresh = {"password": "another good one", "again": "another good one"}
    async with wang.post("/me/password", data={"old": "wrong password", **fresh}) as answer:
        assert (answer.status, "现在的密码不对" in await answer.text()) == (422, True)
    async with wang.post("/me/password", data={"old": PASSWORD, **fresh}) as answer:
        assert (answer.status, "密码已修改" in await answer.text()) == (200, True)


async def test_guessing_at_a_browser_left_open_locks_as_at_the_login(visit: Visit, street: Street) -> None:
    wang = await visit((await street.hire("wang", "王伟")).id)
    fresh = {"password": "another good one", "again": "another good one"}
    for _ in range(5):
        async with wang.post("/me/password", data={"old": "wrong password", **fresh}) as answer:
            assert answer.status == 422
    async with wang.post("/me/password", data={"old": PASSWORD, **fresh}) as answer:
        assert (answer.status, "15 分钟后再试" in await answer.text()) == (422, True)


async def test_whoever_forgot_the_password_sets_a_new_one_with_a_link(desk: Desk, visit: Visit, street: Street) -> None:
    wang = await street.hire("wang", "王伟")
    elsewhere = await visit(wang.id)
    path = (await links.make(desk, wang.id)).removeprefix("http://127.0.0.1:8000")
    here = await visit()
    new = "a password to remember"
    async with here.post(path, data={"password": new, "again": new}, allow_redirects=False) as answer:
        assert answer.status == 303
    async with elsewhere.get("/inbox", allow_redirects=False) as answer:
        assert answer.status == 303, "what was begun with the old password has ended"
    for password, status in ((PASSWORD, 422), (new, 303)):
        stranger = await visit()
        given = {"login": "wang", "password": password}
        async with stranger.post("/login", data=given, allow_redirects=False) as answer:
            assert answer.status == status


async def test_a_link_lets_in_without_a_new_password_too(desk: Desk, visit: Visit, street: Street) -> None:
    path = (await links.make(desk, (await street.hire("wang", "王伟")).id)).removeprefix("http://127.0.0.1:8000")
    wang = await visit()
    async with wang.post(path, data={"password": "", "again": ""}, allow_redirects=False) as answer:
        assert answer.status == 303
    async with (await visit()).post(
        "/login", data={"login": "wang", "password": PASSWORD}, allow_redirects=False
    ) as answer:
        assert answer.status == 303


async def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(desk: Desk, street: Street) -> None:
    await street.hire("wang", "王伟")
    secure = replace(desk, settings=replace(desk.settings, public_url="https://desk.example.com"))
    async with served(create_app(secure)) as address, aiohttp.ClientSession(address) as wang:
        form = {"login": "wang", "password": PASSWORD}
        async with wang.post("/login", data=form, headers={"Origin": address}, allow_redirects=False) as answer:
            assert answer.headers["Set-Cookie"].startswith("__Host-yingda=")
            assert "Secure" in answer.headers["Set-Cookie"]
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
