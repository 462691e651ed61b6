"""One process, one loop: the HTTP APIs and the page, SMTP and IMAP, on the ports asked for."""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvicorn

from sandbox.app import Providers, application
from sandbox.asks import BadAsk, parts, text
from sandbox.gate import Asgi, Gate
from sandbox.hooks import Hooks
from sandbox.mail.imap import serve_imap
from sandbox.mail.smtp import serve_smtp
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen (port 0: any free one) and the accounts to start with."""

    host: str
    port: int
    smtp_port: int
    imap_port: int
    config: Path | None


class _Server(uvicorn.Server):
    """Leaves signals to us: three servers stop together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT. Prints the ports as one line of JSON first. Raise `BadAsk` or `OSError`."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of what it does itself
    http = _listen(options.host, options.port)
    world = World(f"http://{options.host}:{http.getsockname()[1]}")
    hooks = Hooks(world)
    providers = Providers(world, hooks)
    _open_accounts(providers, options.config)
    app = cast("Asgi", application(world, hooks, providers))
    smtp = await serve_smtp(world, providers.email, options.host, options.smtp_port)
    imap = await serve_imap(world, providers.email, options.host, options.imap_port)
    await hooks.start()
    ports = {"http": http, "smtp": smtp.sockets[0], "imap": imap.sockets[0]}
    sys.stdout.write(json.dumps({name: each.getsockname()[1] for name, each in ports.items()}) + "\n")
    sys.stdout.flush()
    try:
        await _serve_http(world, app, http)
    finally:
        smtp.close()
        imap.close()
        await world.stop()
        await hooks.stop()


async def _serve_http(world: World, app: Asgi, listening: socket.socket) -> None:
    config = uvicorn.Config(
        Gate(app, world),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)

    def stop() -> None:
        server.should_exit = True
        world.live.close()

    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop)
    await server.serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.create_server((host, port), backlog=1024)
    listening.setblocking(False)
    return listening


def _open_accounts(providers: Providers, path: Path | None) -> None:
    if path is None:
        return
    try:
        given = json.loads(path.read_text())
    except (OSError, ValueError) as problem:
        raise BadAsk(f"{path}: {problem}") from None
    for account in parts(given, "accounts"):
        kind = text(account, "kind")
        if kind not in providers.by_channel:
            raise BadAsk(f"{path}: kind should be one of {', '.join(providers.by_channel)}")
        providers.by_channel[kind].open_account(account)
