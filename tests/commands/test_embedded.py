"""The embedded PostgreSQL and Valkey: real ones, ours, and gone when we are."""

import asyncio
import os
import pwd
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from commands import process
from commands.embedded import postgres, services, valkey
from commands.embedded.home import Home, held
from commands.paths import ROOT
from commands.supervise import Supervisor
from core import database
from tests.commands.waiting import PATIENCE, Heard, recorded, until, wait_until

Parent = Callable[..., subprocess.Popen[bytes]]


@asynccontextmanager
async def served(path: Path, heard: Heard, careless: bool = True) -> AsyncIterator[tuple[Home, dict[str, str]]]:
    """Both services, from start to stop."""
    supervisor = Supervisor(heard)
    with held(path) as home:
        try:
            yield home, await services.start(home, supervisor, careless=careless)
        finally:
            await supervisor.stop()


async def value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def both_answer(home: Home) -> None:
    place = postgres.place(home)
    async with asyncio.timeout(PATIENCE):
        while not (await valkey.answers(home) and await postgres.answers(home, place)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def running(home: Home, name: str) -> int:
    found = process.read(home.record(name))
    assert found
    return found.pid


def access(path: Path) -> tuple[int, str]:
    """Whose it is, and who may."""
    found = path.stat()
    return found.st_uid, oct(stat.S_IMODE(found.st_mode))


def noted(path: Path) -> Path:
    return Path(path.read_text())


async def test_both_answer_and_remember(tmp_path: Path, heard: Heard) -> None:
    async with served(tmp_path, heard) as (home, environ):
        await value(environ["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS it")
        async with Redis.from_url(environ["REDIS_URL"]) as redis:
            await redis.set("kept", "too")
        started = recorded(home.path)
    assert len(started) == 2
    assert not any(each.alive for each in started)
    async with served(tmp_path, heard) as (_, environ):
        assert await value(environ["DATABASE_URL"], "SELECT it FROM kept") == 42
        async with Redis.from_url(environ["REDIS_URL"]) as redis:
            assert await redis.get("kept") == b"too"
    assert heard == []


async def test_the_address_suits_the_product_too(tmp_path: Path, heard: Heard) -> None:
    async with served(tmp_path, heard) as (_, environ):
        await database.migrate(environ["DATABASE_URL"])
        assert await value(environ["DATABASE_URL"], "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")


async def test_data_is_unicode_and_time_is_utc(tmp_path: Path, heard: Heard) -> None:
    async with served(tmp_path, heard) as (_, environ):
        found = await value(environ["DATABASE_URL"], "SELECT upper('é张') || current_setting('timezone')")
    assert found == "É张UTC"


async def test_nobody_but_us_can_reach_them(tmp_path: Path, heard: Heard) -> None:
    async with served(tmp_path, heard) as (home, environ):
        assert access(home.sockets) == (os.geteuid(), "0o700")
        assert await value(environ["DATABASE_URL"], "SHOW listen_addresses") == ""
        async with Redis.from_url(environ["REDIS_URL"]) as redis:
            assert (await redis.config_get("port"))["port"] == "0"


@pytest.mark.parametrize("name", ["postgres", "valkey"])
async def test_one_that_is_killed_comes_back(tmp_path: Path, heard: Heard, name: str) -> None:
    async with served(tmp_path, heard, careless=False) as (home, environ):
        await value(environ["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS it")
        os.kill(running(home, name), signal.SIGKILL)
        await until(lambda: heard.by(name), "the restart to be announced")
        assert heard.by(name)[0].startswith("was ended by SIGKILL")
        await both_answer(home)
        assert await value(environ["DATABASE_URL"], "SELECT it FROM kept") == 42


async def test_a_number_that_a_stranger_has_now_does_not_stop_the_start(tmp_path: Path, heard: Heard) -> None:
    async with served(tmp_path, heard):
        pass
    (tmp_path / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}/postgres\n1\n5432\n")
    async with served(tmp_path, heard) as (_, environ):
        assert await value(environ["DATABASE_URL"], "SELECT 1") == 1
    assert heard == []


async def test_making_the_data_folder_cut_short_leaves_no_half(tmp_path: Path, heard: Heard) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new/PG_VERSION").write_text("1")
    async with served(tmp_path, heard) as (_, environ):
        assert await value(environ["DATABASE_URL"], "SELECT 1") == 1


def test_a_kill_leaves_no_process_and_no_harm(parent: Parent, tmp_path: Path) -> None:
    environ = os.environ | {"YINGDA_VAR": str(tmp_path / "var")}
    for _ in range(2):
        ours = parent("-m", "commands", "services", environ=environ)
        wait_until(lambda: Home(tmp_path / "var").published(), "both to answer")
        started = recorded(tmp_path / "var")
        assert len(started) == 2
        ours.kill()
        ours.wait(5)
        wait_until(lambda: not any(each.alive for each in started), "both to end")  # noqa: B023
        sockets = noted(tmp_path / "var/sockets")
        with held(tmp_path / "var"):
            assert not sockets.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs, and can make, a copy for nobody")
async def test_where_namespaces_are_refused_a_copy_runs_as_nobody(
    tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_mapping", lambda: ("false",))
    nobody = pwd.getpwnam("nobody").pw_uid
    before = access(tmp_path)
    async with served(tmp_path / "home", heard) as (home, environ):
        assert await value(environ["DATABASE_URL"], "SELECT 1") == 1
        assert access(Path("/proc", str(running(home, "postgres"))))[0] == nobody
        assert access(noted(home.elsewhere)) == (nobody, "0o700")
    async with served(tmp_path / "home", heard) as (home, environ):
        assert await value(environ["DATABASE_URL"], "SELECT 1") == 1
    elsewhere = noted(home.elsewhere)
    home.remove()
    with pytest.raises(FileNotFoundError):
        access(elsewhere)
    assert access(tmp_path) == before
    assert heard == []


ORDINARY = """
import asyncio, sys
from pathlib import Path
from commands.embedded import postgres, services
from commands.embedded.home import held
from commands.supervise import Supervisor
async def serve(home):
    supervisor = Supervisor(lambda who, text: print(who, text))
    try:
        await services.start(home, supervisor, careless=True)
        print(*postgres.place(home).prefix[:2])
    finally:
        await supervisor.stop()
with held(Path(sys.argv[1])) as home:
    asyncio.run(serve(home))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside pytest's own, which is closed to everybody else."""
    with tempfile.TemporaryDirectory(prefix="yingda-", dir="/tmp") as path:
        yield Path(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="where an ordinary user runs the tests, all of them show this")
@pytest.mark.parametrize(("uid", "prefix"), [(65534, ""), (54321, "unshare --user")], ids=["known", "nameless"])
def test_an_ordinary_user_needs_nothing_special(uid: int, prefix: str, folder: Path) -> None:
    who = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    python = _reachable_python(who)
    if not python:
        pytest.skip("an ordinary user cannot reach this folder, or no Python 3.11 or newer")
    os.chown(folder, uid, uid)
    packages = {"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]), "PATH": os.defpath}
    command = [*who, python, "-c", ORDINARY, str(folder / "var")]
    done = subprocess.run(command, env=packages, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, prefix, "")


NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 11))"


def _reachable_python(who: tuple[str, ...]) -> str:
    """One that an ordinary user may start, and that may read our code."""
    start = f"os.execv(sys.executable, ['python', '-c', {NEW_ENOUGH!r}])"
    code = f"import os, sys; os.listdir({str(ROOT / 'commands')!r}); {start}"
    for python in (sys.executable, "/usr/bin/python3"):
        tried = subprocess.run([*who, python, "-c", code], capture_output=True, check=False)  # noqa: S603
        if tried.returncode == 0:
            return python
    return ""
