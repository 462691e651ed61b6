"""The product as people run it: web, worker and sandbox as processes of their own, on ports of their own."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import aiohttp

from commands import demo
from core.settings import load
from sandbox.client import SandboxClient

ROOT = Path(__file__).parent.parent
T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(what: Callable[[], Awaitable[T | None]], seconds: float = 20.0) -> T:
    """Wait until `what` gives something true, and return it; fail with its last answer once the time is up."""
    end = time.monotonic() + seconds
    while True:
        found = await what()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s, and still: {found!r}")
        await asyncio.sleep(0.05)


@dataclass
class Running:
    """Processes that can be killed and started again, the sandbox's client, and who may log in."""

    environment: dict[str, str]
    folder: Path
    url: str
    sandbox: SandboxClient = field(init=False)
    logins: tuple[demo.Login, ...] = ()
    _processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        """Start `python -m <module>`; what it says goes to a log in the test's folder."""
        command = (sys.executable, "-m", name, *arguments)
        environ = os.environ | self.environment
        with (self.folder / f"{name}.log").open("ab") as log:
            out = asyncio.subprocess.PIPE if name == "sandbox" else log
            self._processes[name] = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=environ, stdout=out, stderr=log
            )
        return self._processes[name]

    async def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a process and wait for its end."""
        process = self._processes.pop(name)
        if process.returncode is None:
            process.send_signal(how)
        await process.wait()

    async def stop(self) -> None:
        """End everything that was started here."""
        for name in list(self._processes):
            await self.kill(name, signal.SIGTERM if name == "sandbox" else signal.SIGKILL)

    async def ready(self) -> None:
        """Wait until web says that it is."""
        async with aiohttp.ClientSession() as http:
            await until(lambda: self._answers(http), 30)

    async def _answers(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def logs(self) -> str:
        """Everything that the processes said."""
        return "\n".join(each.read_text(errors="replace") for each in self.folder.glob("*.log"))


@asynccontextmanager
async def running(environment: Mapping[str, str], folder: Path) -> AsyncIterator[Running]:
    """Sandbox, web and worker with the demonstration loaded."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    place = Running({**environment, "WEB_PORT": str(port), "PUBLIC_URL": url}, folder, url)
    try:
        ports = await _sandbox(place)
        async with SandboxClient(f"http://127.0.0.1:{ports.http_port}") as place.sandbox:
            loaded = await demo.load(load(place.environment), ports)
            place.logins = loaded.logins
            for account in loaded.accounts:
                await place.sandbox.open_account(**account)
            await place.start("web")
            await place.start("workers")
            await place.ready()
            yield place
    finally:
        await place.stop()


async def _sandbox(place: Running) -> demo.Sandbox:
    process = await place.start("sandbox", "--port", "0", "--smtp-port", "0", "--imap-port", "0")
    if process.stdout is None:
        raise AssertionError("the sandbox has no voice")
    said = json.loads(await process.stdout.readline())
    return demo.Sandbox(said["http"], said["smtp"], said["imap"])
