"""`./dev staff`: people who work here, for the first start and for when nobody can log in."""

import argparse

from commands.desk import at_desk
from core.desk import Desk
from core.errors import NotFound
from core.privacy import masking
from core.staff import accounts, links
from core.staff.accounts import Role, StaffView

HELP = "invite people, give them a new one-time link, list and deactivate them"


def arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="first|add|link|list|deactivate|reactivate", required=True)
    add = acts.add_parser("add", help="make an account and print the link that opens it once")
    add.add_argument("login")
    add.add_argument("name")
    roles = [str(each) for each in Role]
    add.add_argument("--role", action="append", required=True, choices=roles, help="repeat for several")
    acts.add_parser("first", help="print a link for the first administrator, while there is none")
    acts.add_parser("list", help="everybody, with masked names")
    for act, told in (("link", "print a new one-time link"), ("deactivate", "end an account"), ("reactivate", "undo")):
        acts.add_parser(act, help=told).add_argument("login")


def run(given: argparse.Namespace) -> int:
    acts = {"first": _first, "add": _add, "link": _link, "list": _list}
    acts |= {"deactivate": _deactivate, "reactivate": _reactivate}
    return at_desk(lambda desk: acts[given.act](desk, given))


async def _first(desk: Desk, given: argparse.Namespace) -> int:
    del given
    print(await links.ensure_first_admin(desk) or "已经有管理员了")
    return 0


async def _add(desk: Desk, given: argparse.Namespace) -> int:
    staff = await accounts.create(desk, given.login, given.name, given.role)
    return await _print_link(desk, staff)


async def _link(desk: Desk, given: argparse.Namespace) -> int:
    return await _print_link(desk, await _find(desk, given.login))


async def _print_link(desk: Desk, staff: StaffView) -> int:
    print(await links.make(desk, staff.id))
    print(f"这个链接只能用一次，{links.LASTS.total_seconds() / 3600:.0f} 小时内有效。")
    return 0


async def _list(desk: Desk, given: argparse.Namespace) -> int:
    del given
    for each in await accounts.members(desk):
        state = "在用" if each.active else "已停用"
        roles = "、".join(role.label for role in each.roles)
        print(f"{each.id}  {_masked_login(each.login)}  {masking.name(each.name)}  {roles}  {state}")
    return 0


async def _deactivate(desk: Desk, given: argparse.Namespace) -> int:
    await accounts.deactivate((await _find(desk, given.login)).id)
    print("已停用")
    return 0


async def _reactivate(desk: Desk, given: argparse.Namespace) -> int:
    await accounts.reactivate((await _find(desk, given.login)).id)
    print("已恢复")
    return 0


async def _find(desk: Desk, login: str) -> StaffView:
    wanted = login.strip().lower()
    for each in await accounts.members(desk):
        if wanted in (each.login, str(each.id)):
            return each
    raise NotFound("没有这个登录名，./dev staff list 列出全部")


def _masked_login(login: str) -> str:
    return masking.address(login) if "@" in login else login[:2] + "***"
