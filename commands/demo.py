"""The demonstration: accounts on the sandbox's providers, staff to log in as, and what the sandbox must know."""

import argparse
import asyncio
import base64
import json
import os
import secrets
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from channels import FACTS, with_defaults
from core import settings
from core.desk import Desk, close_desk, open_desk
from core.intake.accounts import add_account, change_account, hook_url, opened
from core.intake.models import ChannelAccount
from core.staff import accounts, links
from core.staff.accounts import Role
from core.staff.models import Staff


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
    """Load what is missing of the demonstration; loading it again keeps what is there and gives new links."""
    desk = await open_desk(configured, FACTS)
    try:
        logins = [await _login(desk, *each) for each in STAFF]
        known = [await _account(desk, kind, name, values) for kind, name, values in _accounts(sandbox)]
    finally:
        await close_desk(desk)
    return Demo(tuple(logins), tuple(known))


STAFF = (
    ("xiaoying", "客服小应", (Role.AGENT,)),
    ("zhuguan", "主管大林", (Role.AGENT, Role.SUPERVISOR)),
    ("admin", "管理员", (Role.ADMIN, Role.SUPERVISOR)),
)
"""Who can be logged in as. None of them has a password until its link has been used."""

PLACES = ("api_base", "smtp_port", "imap_port")
"""What follows the sandbox's ports; everything else stays as it was first made."""


async def _login(desk: Desk, login: str, name: str, roles: tuple[Role, ...]) -> Login:
    found = await Staff.get_or_none(login_index=desk.index.of("login", login))
    staff_id = found.id if found else (await accounts.create(desk, login, name, roles)).id
    return Login(f"{name}（{login}）", await links.make(desk, staff_id))


def _accounts(sandbox: Sandbox) -> list[tuple[str, str, dict[str, str]]]:
    """An account at each of the sandbox's providers, with secrets of its own."""
    here = f"http://127.0.0.1:{sandbox.http_port}"
    secret = secrets.token_hex(16)
    wechat = {
        "app_id": "wx" + secrets.token_hex(8),
        "app_secret": secret,
        "token": secrets.token_hex(8),
        "aes_key": base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=").replace("+", "A").replace("/", "B"),
        "mode": "safe",
        "api_base": f"{here}/wechat",
    }
    sms = {
        "account_sid": "AC" + secrets.token_hex(16),
        "auth_token": secret,
        "number": "+12025550123",
        "api_base": f"{here}/twilio",
    }
    email = {"address": "service@example.com", "display_name": "应答家电售后"}
    for side, port in (("smtp", sandbox.smtp_port), ("imap", sandbox.imap_port)):
        email |= {f"{side}_host": "127.0.0.1", f"{side}_port": str(port), f"{side}_security": "none"}
    email |= {"imap_user": "service@example.com", "imap_password": secret}
    return [("wechat", "应答家电（服务号）", wechat), ("sms", "售后短信", sms), ("email", "售后邮箱", email)]


async def _account(desk: Desk, kind: str, name: str, values: dict[str, str]) -> dict[str, str]:
    """Make the account, or bring the one that is there to the sandbox's ports; what the sandbox must know of it."""
    row = await ChannelAccount.filter(kind=kind, name=name).first()
    if row is None:
        made = await add_account(desk, kind, name, with_defaults(kind, values), ())
        public_id = made.public_id
    else:
        public_id = row.public_id
        values = await opened(desk, row) | {place: values[place] for place in PLACES if place in values}
        await change_account(desk, row.id, name, values, (), active=row.active)
    told = {key: value for key, value in values.items() if value}
    if kind == "email":
        told = {"address": values["address"], "user": values["imap_user"], "password": values["imap_password"]}
    else:
        told["hook_url"] = hook_url(desk, kind, public_id)
    return {"kind": kind, "name": name, **told}


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
