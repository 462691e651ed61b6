"""`./dev token`: programs' keys to /api/v1 and /metrics."""

import argparse
from datetime import datetime, timedelta
from uuid import UUID

from commands.desk import at_desk
from core import clock
from core.desk import Desk
from core.staff import tokens
from core.staff.tokens import TokenView

HELP = "make, list and revoke tokens for the API"


def arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="add|list|revoke", required=True)
    add = acts.add_parser("add", help="make a token; it is shown once")
    add.add_argument("name", help="which program it is for")
    add.add_argument("--scope", action="append", required=True, choices=tokens.SCOPES, help="repeat for several")
    add.add_argument("--days", type=int, default=30, help="how long it works (30)")
    acts.add_parser("list", help="every token, never the secrets")
    acts.add_parser("revoke", help="end a token at once").add_argument("token", type=UUID, help="its id")


def run(given: argparse.Namespace) -> int:
    acts = {"add": _add, "list": _list, "revoke": _revoke}
    return at_desk(lambda desk: acts[given.act](desk, given))


async def _add(desk: Desk, given: argparse.Namespace) -> int:
    del desk
    token, secret = await tokens.create(given.name, given.scope, timedelta(days=given.days))
    _print(token)
    print(f"  {secret}")
    print("  令牌只显示这一次，请现在保存。")
    return 0


async def _list(desk: Desk, given: argparse.Namespace) -> int:
    del desk, given
    found = await tokens.tokens()
    for each in found:
        _print(each)
    if not found:
        print("还没有令牌：./dev token add 名称 --scope read --days 30")
    return 0


async def _revoke(desk: Desk, given: argparse.Namespace) -> int:
    del desk
    await tokens.revoke(given.token)
    print("已停用")
    return 0


def _print(token: TokenView) -> None:
    used = f"最近使用 {_day(token.last_used_at)}" if token.last_used_at else "还没有用过"
    print(f"{token.id}  {token.name}  {' '.join(token.scopes)}  {_state(token)}  {used}")


def _state(token: TokenView) -> str:
    if token.revoked_at:
        return "已停用"
    return f"有效至 {_day(token.expires_at)}" if token.expires_at > clock.now() else "已过期"


def _day(moment: datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
