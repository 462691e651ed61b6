"""The demonstration: accounts on the sandbox's providers, staff to log in as, and what the sandbox must know."""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core import settings


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where the providers' side listens, on 127.0.0.1."""

    http_port: int
    smtp_port: int
    imap_port: int


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody to log in as: what they are called, and a link that works once."""

    label: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Demo:
    """What was loaded: `accounts` in the form that the sandbox's configuration takes."""

    logins: tuple[Login, ...] = ()
    accounts: tuple[dict[str, str], ...] = field(default=(), repr=False)


async def load(configured: settings.Settings, sandbox: Sandbox) -> Demo:
    """Load what is missing of the demonstration; loading it again changes nothing but gives new links."""
    del configured, sandbox
    return Demo()


def main() -> None:
    """`python -m commands.demo`: load, write the sandbox's configuration and the logins for `./dev run` to show."""
    parser = argparse.ArgumentParser()
    for name in ("--http-port", "--smtp-port", "--imap-port"):
        parser.add_argument(name, type=int, required=True)
    for name in ("--config", "--logins"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args(sys.argv[1:])
    sandbox = Sandbox(given.http_port, given.smtp_port, given.imap_port)
    demo = asyncio.run(load(settings.load(), sandbox))
    _write(given.config, {"accounts": demo.accounts})
    _write(given.logins, [asdict(login) for login in demo.logins])


def _write(path: Path, content: object) -> None:
    """Secrets: for our eyes only from the first byte."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
