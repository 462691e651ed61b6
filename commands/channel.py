"""`./dev channel`: channel accounts at a terminal, with the checks of the administrators' page."""

import argparse
import sys
from getpass import getpass
from pathlib import Path
from uuid import UUID

from channels import REGISTRY
from channels.base import AccountField
from commands.desk import at_desk
from core.desk import Desk
from core.errors import NotAllowed, NotFound
from core.intake.accounts import AccountView
from web.admin import accounts
from web.admin.accounts import Filled, WrongFields

HELP = "add, list, pause and resume channel accounts"


def arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="add|change|list|pause|resume", required=True)
    add = acts.add_parser("add", help="add an account and print the address for the provider's console")
    add.add_argument("kind", choices=sorted(REGISTRY))
    add.add_argument("--name", required=True, help="what the account is called on our screens")
    change = acts.add_parser("change", help="change values; those not named stay as they are")
    change.add_argument("account", help="its id, or the beginning of it")
    change.add_argument("--name", help="what the account is called on our screens")
    change.add_argument("--clear", action="append", default=[], metavar="NAME", help="empty an optional secret")
    for each in (add, change):
        _value_arguments(each)
    acts.add_parser("list", help="every account with its state and address")
    for act in ("pause", "resume"):
        acts.add_parser(act).add_argument("account", help="its id, or the beginning of it")


def _value_arguments(parser: argparse.ArgumentParser) -> None:
    told = "a secret that is not given is asked for; --field takes one too, but then it shows in `ps` and histories"
    parser.add_argument("--field", action="append", default=[], metavar="NAME=VALUE", help=told)
    parser.add_argument(
        "--secret-file",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="read a secret from a file; `-` is stdin",
    )


def run(given: argparse.Namespace) -> int:
    acts = {"add": _add, "change": _change, "list": _list, "pause": _pause, "resume": _resume}
    return at_desk(lambda desk: acts[given.act](desk, given))


async def _add(desk: Desk, given: argparse.Namespace) -> int:
    values = _given_values(given, given.kind)
    for each in accounts.fields_of(given.kind):
        if each.secret and each.name not in values and sys.stdin.isatty():
            values[each.name] = _ask(each)
    try:
        account = await accounts.add(desk, given.kind, Filled(given.name, values))
    except WrongFields as wrong:
        return _complain(given.kind, wrong)
    _print(account)
    return 0


async def _change(desk: Desk, given: argparse.Namespace) -> int:
    account = await _find(desk, given.account)
    values = account.shown | _given_values(given, account.kind)
    filled = Filled(given.name or account.name, values, given.clear)
    try:
        _print(await accounts.change(desk, account.id, filled))
    except WrongFields as wrong:
        return _complain(account.kind, wrong)
    return 0


async def _list(desk: Desk, given: argparse.Namespace) -> int:
    del given
    found = await accounts.listed(desk)
    for account in found:
        _print(account)
    if not found:
        print("还没有渠道账号：./dev channel add wechat|sms|email --name …")
    return 0


async def _pause(desk: Desk, given: argparse.Namespace) -> int:
    return await _set_active(desk, given.account, active=False)


async def _resume(desk: Desk, given: argparse.Namespace) -> int:
    return await _set_active(desk, given.account, active=True)


async def _set_active(desk: Desk, wanted: str, *, active: bool) -> int:
    account = await _find(desk, wanted)
    _print(await accounts.set_active(desk, account.id, active))
    return 0


async def _find(desk: Desk, wanted: str) -> AccountView:
    found = [each for each in await accounts.listed(desk) if _is(each.id, wanted)]
    if not found:
        raise NotFound("没有这个渠道账号，./dev channel list 列出全部")
    if len(found) > 1:
        raise NotAllowed("有几个账号的编号都这样开头，请多写几位")
    return found[0]


def _is(account_id: UUID, wanted: str) -> bool:
    return bool(wanted) and str(account_id).startswith(wanted.lower())


def _given_values(given: argparse.Namespace, kind: str) -> dict[str, str]:
    """Values by field. Raise `NotAllowed` for a field that the kind does not have."""
    values = dict(_pair(each) for each in given.field)
    values |= {name: _read(path) for name, path in map(_pair, given.secret_file)}
    known = [each.name for each in accounts.fields_of(kind)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise NotAllowed(f"{kind} 没有 {', '.join(unknown)} 这一项。可以填写：{', '.join(known)}")
    return values


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise NotAllowed(f"{name}: 请写成 名称=值")
    return name.strip(), value


def _read(path: str) -> str:
    try:
        return sys.stdin.readline().strip() if path == "-" else Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise NotAllowed(f"{path}: 读不出来 ({getattr(problem, 'strerror', '不是文本')})") from None


def _ask(each: AccountField) -> str:
    note = "" if each.required else "(可以留空)"
    return getpass(f"{each.label}{note}: ")


def _complain(kind: str, wrong: WrongFields) -> int:
    labels = {each.name: each for each in accounts.fields_of(kind)}
    for name, problem in wrong.problems.items():
        flag = "--name" if name not in labels else f"--field {name}="
        if name in labels and labels[name].secret:
            flag = f"--secret-file {name}="
        print(f"{flag}  {problem}", file=sys.stderr)
    return 1


def _print(account: AccountView) -> None:
    state = "运行中" if account.active else "已暂停"
    print(f"{account.id}  {REGISTRY[account.kind].facts.label}  {account.name}  {state}")
    print(f"  回调地址  {account.hook_url}")
    for name, value in account.shown.items():
        print(f"  {name}  {value or '(空)'}")
    for name in account.secrets:
        print(f"  {name}  (已设置)")
    if account.last_error:
        print(f"  最近的问题  {account.last_error}")
