"""`./dev run`: everything at once, for a newcomer and for a day's work."""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from commands import ports, rootkey
from commands.embedded import services
from commands.embedded.home import Home, Unable, held
from commands.paths import var
from commands.supervise import Program, Supervisor, until_stopped
from commands.terminal import say

HELP = "start everything: database, bell, web, worker and the sandbox with its phone"
PORTS = {
    "--port": ("web", "WEB_PORT", 8000),
    "--sandbox-port": ("sandbox", "SANDBOX_PORT", 8010),
    "--smtp-port": ("sandbox's mail in", "SANDBOX_SMTP_PORT", 8025),
    "--imap-port": ("sandbox's mailboxes", "SANDBOX_IMAP_PORT", 8143),
}

PATIENCE = 25.0
"""Seconds that a process has to end in order: a worker lets what it is sending land for up to 20."""


def arguments(parser: argparse.ArgumentParser) -> None:
    for flag, (owner, name, port) in PORTS.items():
        default = os.environ.get(name, str(port))
        parser.add_argument(flag, type=int, default=default, metavar="N", help=f"port of the {owner} ({default})")
    parser.add_argument("--no-demo", action="store_true", help="load no demonstration data")
    parser.add_argument("--no-sandbox", action="store_true", help="start no sandbox")


def run(given: argparse.Namespace) -> int:
    with held(var()) as home:
        ports.check(_ports(given))
        return until_stopped(_serve(given, home))


async def _serve(given: argparse.Namespace, home: Home) -> int:
    supervisor = Supervisor(say)
    try:
        environ = os.environ | await _prepare(given, home, supervisor)
        if not given.no_sandbox:
            supervisor.keep(_python("sandbox", home, environ, "sandbox", *_sandbox(given, home)))
        supervisor.keep(_python("worker", home, environ, "workers"))
        supervisor.keep(_python("web", home, environ, "web"))
        await _ready(given.port)
        _welcome(given, home, environ["PUBLIC_URL"])
        await asyncio.Event().wait()
        return 0
    finally:
        say("dev", "stopping")
        await supervisor.stop()


async def _prepare(given: argparse.Namespace, home: Home, supervisor: Supervisor) -> dict[str, str]:
    """Services, tables, demonstration; return the settings that the processes need on top of the environment."""
    wanted = [name for name in services.BOTH if not os.environ.get(name)]
    if wanted:
        say("dev", f"starting the embedded {' and '.join(SERVICE_NAMES[name] for name in wanted)}")
    ours = await services.start(home, supervisor, wanted) | _settings(given, home)
    home.publish(ours)
    environ = os.environ | ours
    say("dev", "bringing the tables up to date")
    await _done(supervisor, _python("migrate", home, environ, "core.database", "migrate"))
    if given.no_demo:
        await _done(supervisor, _python("login", home, environ, "commands", "staff", "first"))
    else:
        say("dev", "loading the demonstration")
        await _done(supervisor, _python("demo", home, environ, "commands.demo", *_demo(given, home)))
    return ours


SERVICE_NAMES = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Valkey"}


def _settings(given: argparse.Namespace, home: Home) -> dict[str, str]:
    ours = {
        "WEB_PORT": str(given.port),
        "PUBLIC_URL": os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{given.port}",
        "PYTHONUNBUFFERED": "1",
    }
    return ours | rootkey.setting(home)


def _python(name: str, home: Home, environ: Mapping[str, str], module: str, *words: str) -> Program:
    command = (sys.executable, "-m", module, *words)
    return Program(name, command, home.record(name), environ, patience=PATIENCE)


async def _done(supervisor: Supervisor, program: Program) -> None:
    if await supervisor.once(program):
        raise Unable(f"Cannot go on: {program.name} failed, its lines above say why.")


def _ports(given: argparse.Namespace) -> dict[str, tuple[str, int]]:
    wanted = {flag: (owner, getattr(given, _attribute(flag))) for flag, (owner, _, _) in PORTS.items()}
    return {flag: what for flag, what in wanted.items() if flag == "--port" or not given.no_sandbox}


def _attribute(flag: str) -> str:
    return flag.strip("-").replace("-", "_")


def _demo(given: argparse.Namespace, home: Home) -> list[str]:
    words = ["--http-port", given.sandbox_port, "--smtp-port", given.smtp_port, "--imap-port", given.imap_port]
    return [str(word) for word in (*words, "--config", _config(home), "--logins", _logins(home))]


def _sandbox(given: argparse.Namespace, home: Home) -> list[str]:
    if not _config(home).exists():
        _config(home).write_text('{"accounts": []}')
    words = ["--host", "127.0.0.1", "--port", given.sandbox_port, "--smtp-port", given.smtp_port]
    return [str(word) for word in (*words, "--imap-port", given.imap_port, "--config", _config(home))]


def _config(home: Home) -> Path:
    return home.path / "sandbox.json"


def _logins(home: Home) -> Path:
    return home.path / "logins.json"


async def _ready(port: int) -> None:
    waited = 0
    while not await asyncio.to_thread(_answers, port):
        await asyncio.sleep(0.1)
        waited += 1
        if waited % 200 == 0:
            say("dev", "web is not ready yet; the lines above say why")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _welcome(given: argparse.Namespace, home: Home, public_url: str) -> None:
    lines = ["", "应答已经运行：", f"  收件箱  {public_url}/"]
    if not given.no_sandbox:
        lines.append(f"  体验台  http://127.0.0.1:{given.sandbox_port}/  （一部手机：微信、短信、邮件）")
    lines += _login_lines(home)
    print(*lines, "", "按 Ctrl-C 停止。", "", sep="\n", flush=True)


def _login_lines(home: Home) -> list[str]:
    """The links are shown once and kept nowhere."""
    path = _logins(home)
    if not path.exists():
        return []
    logins = json.loads(path.read_text())
    path.unlink()
    return (
        ["  登录（每个链接只能用一次）：", *(f"    {login['label']}  {login['url']}" for login in logins)]
        if logins
        else []
    )
