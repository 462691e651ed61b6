"""A sandbox as its own process, and a stand-in for the product."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from sandbox.client import SandboxClient
from tests.sandbox.standin import Ports, Product

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0


@pytest.fixture(scope="session")
async def ports() -> AsyncIterator[Ports]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "sandbox"),
        *("--port", "0", "--smtp-port", "0", "--imap-port", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
    yield Ports(**json.loads(line))
    process.terminate()
    assert await asyncio.wait_for(process.wait(), START_SECONDS) == 0


@pytest.fixture(scope="session")
async def sandbox_client(ports: Ports) -> AsyncIterator[SandboxClient]:
    async with SandboxClient(ports.base) as client:
        yield client


@pytest.fixture
async def sandbox(sandbox_client: SandboxClient) -> SandboxClient:
    """The sandbox with no accounts, nothing said yet, no faults and the right time."""
    await sandbox_client.close_accounts()
    await sandbox_client.reset()
    return sandbox_client


@pytest.fixture(scope="session")
async def _product() -> AsyncIterator[Product]:
    product = Product()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", product.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    product.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield product
    await runner.cleanup()


@pytest.fixture
def product(_product: Product) -> Product:
    _product.reset()
    return _product


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
