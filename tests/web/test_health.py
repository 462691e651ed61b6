"""Alive, ready, and numbers: for whoever watches, and for nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from core import database, metrics
from core.bell import Bell
from core.desk import Desk
from core.staff import tokens
from tests.web.served import served
from tests.web.street import Street
from web.app import create_app

NOWHERE = "redis://127.0.0.1:1/0"
PROXIED = {"X-Forwarded-For": "203.0.113.9"}


@pytest.fixture
async def http(site: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(site) as session:
        yield session


async def numbers(http: aiohttp.ClientSession) -> dict[str, float]:
    """Every sample by its name and labels."""
    async with http.get("/metrics") as response:
        assert response.status == 200
        text = await response.text()
    return {
        f"{sample.name}{sorted(sample.labels.items()) if sample.labels else ''}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_process_that_answers_is_alive(http: aiohttp.ClientSession) -> None:
    async with http.get("/healthz") as response:
        assert (response.status, await response.text()) == (200, "ok\n")


async def test_a_migrated_database_makes_it_ready(http: aiohttp.ClientSession) -> None:
    async with http.get("/readyz") as response:
        assert response.status == 200
        assert await response.json() == {"ready": True, "database": True, "migrated": True, "redis": True}


async def test_redis_being_away_is_told_and_does_not_matter(desk: Desk) -> None:
    lonely = replace(desk, bell=Bell.at(NOWHERE))
    async with (
        served(create_app(lonely)) as site,
        aiohttp.ClientSession(site) as http,
        http.get("/readyz") as response,
    ):
        told = await response.json()
    await lonely.bell.close()
    assert (response.status, told["ready"], told["redis"]) == (200, True, False)


async def test_a_database_that_lacks_a_migration_is_not_ready(http: aiohttp.ClientSession) -> None:
    await database.run("DELETE FROM tortoise_migrations WHERE name = '0002_once_only'")
    async with http.get("/readyz") as response:
        told = await response.json()
    assert (response.status, told["ready"], told["migrated"]) == (503, False, False)


async def test_a_newer_database_is_ready(http: aiohttp.ClientSession) -> None:
    await database.run("INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('core', '9999_next', now())")
    async with http.get("/readyz") as response:
        assert response.status == 200


async def test_a_database_that_is_away_is_not_ready(desk: Desk, database_url: str) -> None:
    async with served(create_app(desk)) as site, aiohttp.ClientSession(site) as http:
        await database.disconnect()
        await database.connect(database_url.replace("/yd_test_", "/gone_"))
        async with http.get("/readyz") as response:
            told = await response.json()
    assert (response.status, told["database"]) == (503, False)


async def test_what_waits_is_counted(http: aiohttp.ClientSession, street: Street) -> None:
    await street.write("sms", "+8613800138000", "漏水了")
    await database.run("UPDATE inbound SET state = 'received', received_at = now() - interval '90 seconds'")
    found = await numbers(http)
    assert found["yingda_journal_rows[('state', 'received')]"] == 1
    assert found["yingda_journal_rows[('state', 'unreadable')]"] == 0
    assert found["yingda_journal_oldest_seconds"] >= 90
    assert found["yingda_journal_last_hour[('channel', 'sms'), ('state', 'received')]"] == 1


async def test_requests_are_counted_by_template_not_by_address(http: aiohttp.ClientSession) -> None:
    for path in ("/enter/one", "/enter/two", "/nothing/here"):
        async with http.get(path) as response:
            assert response.status == 404
    found = await numbers(http)
    assert found["yingda_requests_total[('method', 'GET'), ('route', '/enter/<token>'), ('status', '404')]"] >= 2
    assert found["yingda_requests_total[('method', 'GET'), ('route', '-'), ('status', '404')]"] >= 1
    assert not [name for name in found if "one" in name.split("route")[-1].split(",")[0]]


async def test_an_invented_method_makes_no_series_of_its_own(http: aiohttp.ClientSession) -> None:
    async with http.request("INVENTED", "/healthz"):
        pass
    assert not [name for name in await numbers(http) if "INVENTED" in name]


async def test_calls_of_providers_are_counted_by_outcome(http: aiohttp.ClientSession) -> None:
    name = "yingda_intake_total[('channel', 'wechat'), ('outcome', 'refused')]"
    before = (await numbers(http)).get(name, 0)
    metrics.taken_in("wechat", "refused")
    assert (await numbers(http))[name] == before + 1


async def test_numbers_are_for_this_machine_or_a_token_with_that_scope(http: aiohttp.ClientSession) -> None:
    _, wrong = await tokens.create("看板", ["read"], timedelta(days=1))
    _, right = await tokens.create("监控", ["metrics"], timedelta(days=1))
    for secret, status in (("", 401), (wrong, 403), (right, 200)):
        sent = PROXIED | ({"Authorization": f"Bearer {secret}"} if secret else {})
        async with http.get("/metrics", headers=sent) as response:
            assert response.status == status
