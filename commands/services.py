"""`./dev services`: only the embedded PostgreSQL and Valkey, for one's own experiments."""

import argparse
import asyncio
import shlex

from commands import rootkey
from commands.embedded import services
from commands.embedded.home import Home, held
from commands.paths import var
from commands.supervise import Supervisor, until_stopped
from commands.terminal import say

HELP = "start only the embedded PostgreSQL and Valkey, and print the settings that lead there"


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(given: argparse.Namespace) -> int:
    del given
    with held(var()) as home:
        return until_stopped(_serve(home))


async def _serve(home: Home) -> int:
    supervisor = Supervisor(say)
    try:
        environ = await services.start(home, supervisor) | rootkey.setting(home)
        home.publish(environ)
        print(*(f"export {name}={shlex.quote(value)}" for name, value in environ.items()), sep="\n", flush=True)
        await asyncio.Event().wait()
        return 0
    finally:
        await supervisor.stop()
