"""Channel accounts: adding, changing, showing. Their values are sealed; of a secret only its name comes back."""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core import clock
from core.desk import Desk
from core.errors import NotFound
from core.ids import new_id
from core.intake.models import ChannelAccount

VALUES = "channel_account.values"


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as administrators see it: of the secrets only the names."""

    id: UUID
    kind: str
    public_id: str
    name: str
    active: bool
    created_at: datetime
    last_in_at: datetime | None
    last_out_at: datetime | None
    last_error: str
    last_error_at: datetime | None
    shown: dict[str, str]
    secrets: list[str]
    hook_url: str


def hook_url(desk: Desk, kind: str, public_id: str) -> str:
    """Where a provider reaches an account."""
    return f"{desk.settings.public_url}/hooks/{kind}/{public_id}"


async def add_account(
    desk: Desk, kind: str, name: str, values: Mapping[str, str], secret_names: Collection[str]
) -> AccountView:
    """Make an account; the caller has checked the values against the adapter's fields."""
    account = ChannelAccount(
        id=new_id(), kind=kind, public_id=secrets.token_urlsafe(12), name=name, created_at=clock.now()
    )
    await _seal(desk, account, dict(values))
    await account.save(force_create=True)
    return await _view(desk, account, secret_names)


async def change_account(
    desk: Desk, account_id: UUID, name: str, values: Mapping[str, str], secret_names: Collection[str], active: bool
) -> AccountView:
    """Change an account; a secret left blank stays as it is. Raise `NotFound`."""
    account = await find_account(account_id)
    kept = await opened(desk, account)
    given = {key: value for key, value in values.items() if value or key not in secret_names}
    account.name, account.active, account.last_error = name, active, ""
    await _seal(desk, account, kept | given)
    await account.save(update_fields=["name", "active", "last_error", "values_sealed"])  # workers write the others
    return await _view(desk, account, secret_names)


async def find_account(account_id: UUID) -> ChannelAccount:
    """An account by its id. Raise `NotFound`."""
    account = await ChannelAccount.get_or_none(id=account_id)
    if account is None:
        raise NotFound("没有这个渠道账号")
    return account


async def accounts(desk: Desk, secret_names: Mapping[str, Collection[str]]) -> list[AccountView]:
    """All accounts, oldest first; `secret_names` by kind."""
    rows = await ChannelAccount.all().order_by("id")
    return [await _view(desk, each, secret_names.get(each.kind, ())) for each in rows]


async def opened(desk: Desk, account: ChannelAccount) -> dict[str, str]:
    """All values of an account, secrets too: for the adapter, never for a screen."""
    key = await desk.keyring.system("account")
    values: dict[str, str] = json.loads(key.open(VALUES, account.id, account.values_sealed))
    return values


async def note_trouble(account_id: UUID, trouble: str) -> None:
    """Keep the newest trouble with a provider for administrators to see; empty clears it."""
    await ChannelAccount.filter(id=account_id).update(
        last_error=trouble[:200], last_error_at=clock.now() if trouble else None
    )


UNREAD = "收信失败"
"""How the trouble of a mailbox begins; nothing that is sent cures it, only reading does."""


async def note_read(account_id: UUID) -> None:
    """The mailbox could be read: its trouble, if it had that one, is over."""
    await ChannelAccount.filter(id=account_id, last_error__startswith=UNREAD).update(last_error="", last_error_at=None)


async def note_sent(account_id: UUID) -> None:
    """Something went out through an account: its trouble, if any, is over."""
    await ChannelAccount.filter(id=account_id).update(last_out_at=clock.now())
    await (
        ChannelAccount.filter(id=account_id)
        .exclude(last_error__startswith=UNREAD)
        .update(last_error="", last_error_at=None)
    )


async def _seal(desk: Desk, account: ChannelAccount, values: dict[str, str]) -> None:
    key = await desk.keyring.system("account")
    account.values_sealed = key.seal(VALUES, account.id, json.dumps(values, ensure_ascii=False).encode())


async def _view(desk: Desk, account: ChannelAccount, secret_names: Collection[str]) -> AccountView:
    values = await opened(desk, account)
    return AccountView(
        id=account.id,
        kind=account.kind,
        public_id=account.public_id,
        name=account.name,
        active=account.active,
        created_at=account.created_at,
        last_in_at=account.last_in_at,
        last_out_at=account.last_out_at,
        last_error=account.last_error,
        last_error_at=account.last_error_at,
        shown={key: value for key, value in values.items() if key not in secret_names},
        secrets=[key for key in secret_names if values.get(key)],
        hook_url=hook_url(desk, account.kind, account.public_id),
    )
