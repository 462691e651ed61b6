"""Requests that no page of ours makes: refused for what they are, never an error of ours."""

from uuid import uuid4

import pytest

from core.staff.accounts import Role
from tests.web.conftest import Visit
from tests.web.street import PASSWORD, Street

BROKEN = "//["
LONG_AGO = "0001-01-01T00:00:00%2B23:59"


async def test_a_way_onward_that_is_no_address_leads_to_the_start(visit: Visit, street: Street) -> None:
    await street.hire("wang", "王伟")
    wang = await visit()
    async with wang.get("/login", params={"next": BROKEN}) as answer:
        assert answer.status == 200
    form = {"login": "wang", "password": PASSWORD, "next": BROKEN}
    async with wang.post("/login", data=form, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_an_origin_that_is_no_address_is_not_ours(visit: Visit) -> None:
    stranger = await visit()
    del stranger.headers["Sec-Fetch-Site"]
    async with stranger.post("/login", headers={"Origin": "http://["}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    "path",
    [
        f"/inbox/more?after=~{LONG_AGO}~{uuid4()}",
        f"/inbox/more?after={LONG_AGO}~2026-01-01T00:00:00Z~{uuid4()}",
        f"/admin/system?parts={LONG_AGO}",
        f"/admin/system?inbound={LONG_AGO}",
        f"/admin/audit?before={10**30}",
        "/admin/audit?before=-1",
        f"/inbox/list?count={10**30}",
    ],
)
async def test_numbers_and_moments_beyond_all_bounds_are_no_server_error(
    visit: Visit, street: Street, path: str
) -> None:
    everything = await visit((await street.hire("wang", "王伟", Role.AGENT, Role.ADMIN)).id)
    async with everything.get(path) as answer:
        assert answer.status in {200, 400}


async def test_a_name_that_no_database_takes_is_refused_beside_its_field(visit: Visit, street: Street) -> None:
    admin = await visit((await street.hire("wang", "王伟", Role.ADMIN)).id)
    form = {"name": "短\0信", "account_sid": "AC" + "0" * 32, "auth_token": "x", "number": "+14155550100"}
    async with admin.post("/admin/channels/new/sms", data=form) as answer:
        assert answer.status == 422
        assert "名字" in await answer.text()
