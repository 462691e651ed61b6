"""Web, worker and Valkey are killed again and again while 2,000 callbacks arrive; nothing is lost or doubled."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from commands import demo, process
from commands.embedded import services
from commands.embedded.home import Home
from commands.supervise import Program, Supervisor
from core.settings import load
from sandbox.client import Json, SandboxClient
from tests.conftest import told
from tests.running import free_port, until

PEOPLE = 100
PER_PERSON = {"wechat": 15, "sms": 5}
PATIENT = {"retries": 200, "retry_delay": 0.4, "timeout": 5}
"""A provider's habits, quicker and with more tries than the real ones, so that the test ends before the day does."""

VICTIMS = ("web", "workers", "valkey", "workers", "web", "valkey")


@asynccontextmanager
async def supervised(database_url: str, folder: Path) -> AsyncIterator[tuple[Home, dict[str, str], demo.Sandbox]]:
    """The product under the supervisor of `./dev run`, with a Valkey of its own."""
    home, supervisor = Home(folder / "var"), Supervisor(lambda _name, _line: None)
    home.take()
    try:
        redis = await services.start(home, supervisor, {"REDIS_URL"})
        ports = demo.Sandbox(free_port(), free_port(), free_port())
        environ = told(database_url, redis["REDIS_URL"]) | {"WEB_PORT": str(free_port()), "ANSWER_WAIT_MS": "300"}
        environ |= {"PUBLIC_URL": f"http://127.0.0.1:{environ['WEB_PORT']}"}
        wanted = ("--port", ports.http_port, "--smtp-port", ports.smtp_port, "--imap-port", ports.imap_port)
        supervisor.keep(program(home, "sandbox", environ, *map(str, wanted)))
        for name in ("web", "workers"):
            supervisor.keep(program(home, name, environ))
        yield home, environ, ports
    finally:
        await supervisor.stop()
        home.release()


def program(home: Home, name: str, environ: dict[str, str], *arguments: str) -> Program:
    command = (sys.executable, "-m", name, *arguments)
    return Program(name, command, home.record(name), os.environ | environ, home.log(name))


async def answering(sandbox: SandboxClient) -> bool:
    try:
        return bool(await sandbox.people())
    except OSError:
        return False


async def kill_in_turn(home: Home, sandbox: SandboxClient) -> int:
    """Kill -9 one after another while callbacks are on their way; how many were killed."""
    killed = 0
    for name in VICTIMS:
        victim = await until(lambda name=name: asyncio.to_thread(alive, home, name))  # type: ignore[misc]
        os.kill(victim.pid, signal.SIGKILL)
        killed += 1
        before = (await sandbox.deliveries())["tries"]
        await until(lambda before=before: has_moved(sandbox, before), 30)  # type: ignore[misc]
    return killed


def alive(home: Home, name: str) -> process.Identity | None:
    found = process.read(home.record(name))
    return found if found and found.alive else None


async def has_moved(sandbox: SandboxClient, before: int) -> bool:
    """Whether providers have called on since, so that each killing falls into the middle of the traffic."""
    counts = await sandbox.deliveries()
    return counts["tries"] > before + 50 or not counts["pending"]


def messages(people: list[Json]) -> list[Json]:
    """What everybody writes, one after another and all of them at once."""
    return [
        {"person": each["id"], "channel": kind, "text": f"{each['id']} {kind} {number}"}
        for number in range(max(PER_PERSON.values()))
        for each in people
        for kind, count in PER_PERSON.items()
        if number < count
    ]


async def rows(url: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


async def test_nothing_is_lost_or_doubled_when_processes_die(database_url: str, tmp_path: Path) -> None:
    async with (
        supervised(database_url, tmp_path) as (home, environ, ports),
        SandboxClient(f"http://127.0.0.1:{ports.http_port}") as sandbox,
    ):
        await until(lambda: answering(sandbox), 30)
        for account in (await demo.load(load(environ), ports)).accounts:
            await sandbox.open_account(**account, **PATIENT)
        people = await sandbox.add_people([{"id": f"p{number}"} for number in range(PEOPLE)])
        wanted = messages(people)
        assert len(wanted) == 2000

        await sandbox.say_all(wanted)
        assert await kill_in_turn(home, sandbox) == len(VICTIMS)
        counts = await sandbox.settled(240)
        await until(lambda: nothing_waits(database_url), 60)
        reached = await sandbox.sent()

    assert counts["given_up"] == 0
    assert counts["tries"] > counts["delivered"], "the killing was felt"
    await everything_is_there_once(database_url, len(wanted))
    answers = Counter((each["person"], each["channel"], each["text"]) for each in reached)
    assert answers
    assert set(answers.values()) == {1}, "nobody was answered twice"


async def nothing_waits(url: str) -> bool:
    waiting = (
        "SELECT (SELECT count(*) FROM inbound WHERE state = 'received' AND tries = 0) + (SELECT count(*) FROM outbox"
    )
    found = await rows(url, waiting + " WHERE state IN ('queued', 'claimed', 'sending')) AS waiting")
    return bool(found[0]["waiting"] == 0)


async def everything_is_there_once(url: str, count: int) -> None:
    """Every callback became one message of one open conversation; nothing was set aside."""
    stuck = await rows(url, "SELECT state, error FROM inbound WHERE state IN ('failed', 'unreadable')")
    said = await rows(
        url, "SELECT count(*), count(DISTINCT provider_index) AS distinct FROM message WHERE direction = 'in'"
    )
    talks = await rows(url, "SELECT count(*), count(DISTINCT contact_id) AS people FROM conversation")
    acknowledged = await rows(url, "SELECT state, count(*) FROM outbox GROUP BY state")

    assert stuck == []
    assert (said[0]["count"], said[0]["distinct"]) == (count, count)
    assert (talks[0]["count"], talks[0]["people"]) == (2 * PEOPLE, 2 * PEOPLE)
    assert sum(row["count"] for row in acknowledged) == 2 * PEOPLE
    assert {row["state"] for row in acknowledged} <= {"sent", "delivered", "unknown"}
