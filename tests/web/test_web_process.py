"""`python -m web` as a process: it starts, refuses to start, and stops with inboxes open."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator

import aiohttp
import pytest

from core.staff.accounts import StaffView
from tests.running import free_port
from tests.web.street import Street


async def start(environment: dict[str, str]) -> Process:
    """A web process with these settings."""
    given = {"PATH": os.environ["PATH"], **environment}
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "web", env=given, stdout=PIPE, stderr=PIPE)


@pytest.fixture
async def web(environment: dict[str, str]) -> AsyncIterator[tuple[Process, str]]:
    """A web process that answers, and its address."""
    port = free_port()
    process = await start(environment | {"WEB_PORT": str(port)})
    address = f"http://127.0.0.1:{port}"
    async with asyncio.timeout(30), aiohttp.ClientSession() as http:
        while True:
            assert process.returncode is None
            try:
                async with http.get(address + "/healthz") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
    yield process, address
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_a_wrong_setting_stops_the_start_with_one_sentence(environment: dict[str, str]) -> None:
    process = await start(environment | {"PUBLIC_URL": "http://desk.example.com"})
    said, complained = await process.communicate()
    assert process.returncode == 2
    assert (said, complained.decode()) == (b"", "PUBLIC_URL: outside this machine it must start with https://\n")


@pytest.fixture
async def wang(street: Street) -> StaffView:
    """The agent."""
    return await street.hire("wang", "王伟")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_although_an_inbox_is_open(
    web: tuple[Process, str], street: Street, wang: StaffView, sign: signal.Signals
) -> None:
    process, address = web
    cookies = {"yingda": await street.session(wang.id)}
    async with (
        aiohttp.ClientSession(address, cookies=cookies) as client,
        client.ws_connect("/live", headers={"Origin": address}) as line,
        asyncio.timeout(30),
    ):
        process.send_signal(sign)
        while not line.closed:
            await line.receive()
        await process.wait()
    assert process.returncode == 0


async def test_it_says_nothing_about_the_server_and_serves_hooks_beside_pages(web: tuple[Process, str]) -> None:
    _, address = web
    async with aiohttp.ClientSession(address) as stranger:
        async with stranger.get("/login") as answer:
            assert (answer.status, answer.headers.get("Server")) == (200, None)
        async with stranger.post("/hooks/sms/nobody") as answer:
            assert answer.status == 404
