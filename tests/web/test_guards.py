"""Every view says who may, and what it says holds."""

from uuid import uuid4

import aiohttp
import pytest
from quart import Quart

from core.desk import Desk
from core.staff.accounts import Role
from tests.web.conftest import Visit
from tests.web.street import Street
from web.app import create_app
from web.auth import guard_of


def test_every_view_says_who_may(desk: Desk) -> None:
    app = create_app(desk)
    views = {rule.endpoint: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    assert len(views) > 25
    assert [name for name, view in views.items() if not guard_of(view).set] == []
    assert [rule.rule for rule in app.url_map.iter_rules() if rule.websocket] == ["/live"]


def test_only_these_are_open_to_anybody(desk: Desk) -> None:
    app = create_app(desk)
    opened = {rule.rule for rule in app.url_map.iter_rules() if guard_of(app.view_functions[rule.endpoint]).public}
    assert opened <= {
        "/login", "/enter/<token>", "/static/<path:name>", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json",
        "/api/v1/docs",
    }  # fmt: skip


async def test_a_view_that_says_nothing_is_refused(desk: Desk) -> None:
    app: Quart = create_app(desk)

    @app.get("/forgotten")
    async def forgotten() -> str:
        return "in"

    answer = await app.test_client().get("/forgotten")
    assert answer.status_code == 403


async def test_strangers_are_sent_to_the_login_and_back(visit: Visit) -> None:
    stranger = await visit()
    async with stranger.get("/inbox", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/inbox")
    async with stranger.get(f"/inbox/c/{uuid4()}", headers={"HX-Request": "true"}) as answer:
        assert (answer.status, answer.headers["HX-Redirect"], await answer.text()) == (401, "/login", "")
    async with stranger.post(f"/inbox/c/{uuid4()}/close") as answer:
        assert answer.status == 401


@pytest.mark.parametrize("role", [each for each in Role if each not in {Role.AGENT, Role.SUPERVISOR}])
async def test_the_inbox_is_for_those_who_answer(visit: Visit, street: Street, role: Role) -> None:
    other = await visit((await street.hire("other", "旁人", role)).id)
    for path in ("/inbox", f"/inbox/c/{uuid4()}", f"/inbox/files/{uuid4()}"):
        async with other.get(path) as answer:
            assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await other.ws_connect("/live")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
async def test_a_forged_request_is_refused(site: str, visit: Visit, street: Street, headers: dict[str, str]) -> None:
    wang = await street.hire("wang", "王伟")
    conversation = await street.write("sms", "+8613800138000", "你好")
    token = await street.session(wang.id)
    async with (
        aiohttp.ClientSession(site, cookies={"yingda": token}, cookie_jar=aiohttp.CookieJar(unsafe=True)) as forger,
        forger.post(f"/inbox/c/{conversation}/close", headers=headers) as answer,
    ):
        assert answer.status == 403
    async with (await visit(wang.id)).get("/inbox?view=unassigned") as answer:
        assert str(conversation) in await answer.text()


async def test_the_live_line_is_for_our_own_pages(site: str, visit: Visit, street: Street) -> None:
    wang = await visit((await street.hire("wang", "王伟")).id)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await wang.ws_connect("/live", headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403
    async with wang.ws_connect("/live", headers={"Origin": site}) as line:
        assert not line.closed
    stranger = await visit()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await stranger.ws_connect("/live", headers={"Origin": site})


async def test_headers_keep_foreign_code_and_caches_away(visit: Visit, street: Street) -> None:
    wang = await visit((await street.hire("wang", "王伟")).id)
    async with wang.get("/inbox") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers
        assert "<script>" not in await answer.text()
        assert " style=" not in await answer.text()


async def test_static_files_are_kept_only_under_their_digest(visit: Visit) -> None:
    stranger = await visit()
    async with stranger.get("/login") as answer:
        page = await answer.text()
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    async with stranger.get(address) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.content_type == "text/css"
    async with stranger.get(address.partition("?")[0]) as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
    async with stranger.get("/static/vendor/htmx.min.js") as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")
    for wrong in ("/static/../auth.py", "/static/%2e%2e/auth.py", "/static/none.css", "/static/"):
        async with stranger.get(wrong) as answer:
            assert answer.status == 404
