"""Adding and changing channel accounts: one way for the page and the command line, with the same checks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from channels import REGISTRY, problems_of, with_defaults
from channels.base import AccountField
from core import database
from core.desk import Desk
from core.errors import YingdaError
from core.intake import accounts
from core.intake.accounts import AccountView
from core.staff import audit

LONGEST_NAME = 60
LONGEST_VALUE = 2000


@dataclass(eq=False)
class WrongFields(YingdaError):
    """What somebody filled in cannot be taken: zh-CN sentences by field."""

    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody filled in; a secret left empty stays as it is, unless it is to be cleared."""

    name: str
    values: Mapping[str, str] = field(repr=False)
    cleared: Collection[str] = ()


def secret_names(kind: str) -> list[str]:
    """The fields of a kind that are never shown again."""
    return [each.name for each in REGISTRY[kind].fields if each.secret]


def all_secret_names() -> dict[str, list[str]]:
    """The same, for every kind there is."""
    return {kind: secret_names(kind) for kind in REGISTRY}


def fields_of(kind: str) -> tuple[AccountField, ...]:
    """What an account of a kind is asked for."""
    return REGISTRY[kind].fields


async def listed(desk: Desk) -> list[AccountView]:
    """All accounts, oldest first."""
    return await accounts.accounts(desk, all_secret_names())


async def shown(desk: Desk, account_id: UUID) -> AccountView:
    """One account. Raise `NotFound`."""
    row = await accounts.find_account(account_id)
    return next(each for each in await listed(desk) if each.id == row.id)


async def add(desk: Desk, kind: str, filled: Filled, by: UUID | None = None) -> AccountView:
    """Add an account. Raise `WrongFields`."""
    _check(kind, filled)
    async with database.transaction():
        account = await accounts.add_account(
            desk, kind, _name(filled), with_defaults(kind, filled.values), secret_names(kind)
        )
        await audit.append("channel.add", f"channel {account.id}", staff_id=by, detail=kind)
    return account


async def change(desk: Desk, account_id: UUID, filled: Filled, by: UUID | None = None) -> AccountView:
    """Change an account's name and values. Raise `WrongFields`, `NotFound`."""
    row = await accounts.find_account(account_id)
    before = await accounts.opened(desk, row)
    blank = [key for key in secret_names(row.kind) if not filled.values.get(key, "").strip()]
    kept = {key: "" if key in filled.cleared else before.get(key, "") for key in blank}
    filled = replace(filled, values=before | dict(filled.values) | kept)
    _check(row.kind, filled)
    after = with_defaults(row.kind, filled.values)
    changed = [each.name for each in fields_of(row.kind) if after[each.name] != before.get(each.name, "")]
    async with database.transaction():
        await accounts.change_account(desk, row.id, _name(filled), after, (), active=row.active)
        await audit.append("channel.change", f"channel {row.id}", staff_id=by, detail=" ".join(changed)[:200])
    return await shown(desk, row.id)


async def set_active(desk: Desk, account_id: UUID, active: bool, by: UUID | None = None) -> AccountView:
    """Pause an account or let it go on. Raise `NotFound`."""
    row = await accounts.find_account(account_id)
    async with database.transaction():
        account = await accounts.change_account(desk, row.id, row.name, {}, secret_names(row.kind), active=active)
        await audit.append("channel.resume" if active else "channel.pause", f"channel {row.id}", staff_id=by)
    return account


def _check(kind: str, filled: Filled) -> None:
    problems = problems_of(kind, filled.values)
    name = _name(filled)
    if not name or name != database.storable(name, LONGEST_NAME):
        problems["name"] = f"请给这个渠道起个名字，最多 {LONGEST_NAME} 个字"
    for each in fields_of(kind):
        if len(filled.values.get(each.name, "")) > LONGEST_VALUE:
            problems[each.name] = f"{each.label}太长，最多 {LONGEST_VALUE} 个字符"
    if problems:
        raise WrongFields(problems)


def _name(filled: Filled) -> str:
    return " ".join(filled.name.split())
