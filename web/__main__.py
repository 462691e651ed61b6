"""`python -m web`: the pages, the API and the door for providers, in one process. Any number may run."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

import uvicorn
import uvloop

from channels import FACTS
from core import log as logs
from core.desk import Desk, close_desk, open_desk
from core.errors import BadSetting
from core.settings import Settings, load
from web.app import create_app
from web.hooks import open_door
from web.hooks.door import Door, Receive, Scope, Send

GRACE = 5
"""Seconds that requests and open inboxes have to end after SIGTERM."""

App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def run(settings: Settings) -> None:
    """Serve until told to stop."""
    desk = await open_desk(settings, FACTS)
    try:
        async with open_door(desk) as door:
            await uvicorn.Server(_config(settings, _application(desk, door))).serve()
    finally:
        await close_desk(desk)


def _application(desk: Desk, door: Door) -> App:
    pages = create_app(desk)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/hooks/"):
            await door(scope, receive, send)
        else:
            await pages(scope, receive, send)  # type: ignore[arg-type]  # Quart names ASGI's scopes one by one

    return application


def _config(settings: Settings, app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.web_host,
        port=settings.web_port,
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE,
        ws_max_size=64 * 1024,
    )


def main() -> int:
    """The web process; exit code 2 for a wrong setting."""
    try:
        settings = load()
    except BadSetting as problem:
        print(problem, file=sys.stderr)  # noqa: T201 a command line's face
        return 2
    logs.set_up(settings.log_level)
    # uvicorn raises the signal that stopped it once more when it has finished: leave then, closing what is open.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
