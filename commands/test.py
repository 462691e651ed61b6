"""`./dev test`: what the tests need, then pytest."""

import argparse
import asyncio
import os
import secrets
import signal
import sys
from pathlib import Path

from commands import browser
from commands.embedded import postgres, services
from commands.embedded.home import Busy, Home, held
from commands.paths import ROOT, var
from commands.supervise import Supervisor, until_stopped
from commands.terminal import say

HELP = "run the tests; what is not named here goes to pytest"
SYSTEM = {
    "TEST_DATABASE_URL": "postgres://postgres@127.0.0.1:5432/postgres",
    "TEST_REDIS_URL": "redis://127.0.0.1:6379/9",
}
NOT_FOR_TESTS = ("DATABASE_URL", "REDIS_URL", "ROOT_KEY", "ROOT_KEY_FILE", "PUBLIC_URL", "WEB_PORT")
"""A deployment's settings: tests must never reach what they lead to."""


def arguments(parser: argparse.ArgumentParser) -> None:
    where = "embedded: our own, for this run (default); system: TEST_DATABASE_URL and TEST_REDIS_URL, or local servers"
    parser.add_argument("--services", choices=("embedded", "system"), default="embedded", help=where)


def run(given: argparse.Namespace) -> int:
    environ = {name: value for name, value in os.environ.items() if name not in NOT_FOR_TESTS}
    rest, without = given.rest, ""
    try:
        environ["CHROMIUM"] = browser.find()
    except browser.NoBrowser as reason:
        rest, without = ["-m", "not browser", *rest], f"\nThe browser tests were left out. {reason}"
    folder = var() / "tests"
    _sweep(folder)
    with held(folder / secrets.token_hex(4)) as home:
        try:
            return until_stopped(_test(environ, rest, home, given.services == "embedded"), stopped=130)
        finally:
            home.remove()
            print(without)


def _sweep(folder: Path) -> None:
    """End and remove what killed runs left; those that still go on hold their folder."""
    for left in folder.glob("*"):
        try:
            with held(left) as home:
                home.remove()
        except Busy:
            continue


async def _test(environ: dict[str, str], rest: list[str], home: Home, embedded: bool) -> int:
    supervisor = Supervisor(say)
    try:
        if embedded:
            say("dev", "starting PostgreSQL and Valkey for the tests")
            ours = await services.start(home, supervisor, careless=True)
            urls = {"TEST_DATABASE_URL": postgres.url(home, "postgres"), "TEST_REDIS_URL": ours["REDIS_URL"]}
            return await _pytest(environ | urls, rest, home)
        return await _pytest(SYSTEM | environ, rest, home)
    finally:
        await supervisor.stop()


async def _pytest(environ: dict[str, str], rest: list[str], home: Home) -> int:
    """Run pytest at this terminal. Ctrl-C reaches it directly; we wait for what it makes of that."""
    signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which pytest would inherit
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "commands.child", str(os.getpid()), str(int(signal.SIGKILL)), str(home.record("pytest")),
        sys.executable, "-m", "pytest", *rest, cwd=ROOT, env=environ,
    )  # fmt: skip
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
