"""Programs' keys to /api/v1: what they may do (`SCOPES`), and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core import clock, database
from core.errors import NotAllowed, NotFound
from core.ids import new_id
from core.staff import audit
from core.staff.handed_out import hash_of, new_secret
from core.staff.models import ApiToken

SCOPES = ("read", "write", "contacts", "metrics")
LONGEST = timedelta(days=366)
PREFIX = "yd_"
"""Makes a token that leaked into a text easy to find."""


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as it is shown: never the secret itself."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


async def create(name: str, scopes: Iterable[str], lasts: timedelta, by: UUID | None = None) -> tuple[TokenView, str]:
    """A new token and its secret, which is shown this once. Raise `NotAllowed` with what is wrong."""
    name, wanted = " ".join(name.split()), sorted(set(scopes))
    if not 1 <= len(name) <= 60:
        raise NotAllowed("令牌的名称要有 1 到 60 个字")
    if not wanted or not set(wanted) <= set(SCOPES):
        raise NotAllowed("令牌的权限是 read、write、contacts、metrics 中的一个或几个")
    if not timedelta() < lasts <= LONGEST:
        raise NotAllowed("令牌的有效期在 1 到 366 天之间")
    secret, _ = new_secret()
    now = clock.now()
    row = ApiToken(
        id=new_id(),
        name=name,
        token_hash=hash_of(PREFIX + secret),
        scopes=wanted,
        created_at=now,
        expires_at=now + lasts,
    )
    async with database.transaction():
        await row.save(force_create=True)
        await audit.append("token.create", f"token {row.id}", staff_id=by, detail=" ".join(wanted))
    return _view(row), PREFIX + secret


async def find(secret: str) -> TokenView | None:
    """The token that this is the secret of, if it still works."""
    now = clock.now()
    row = await ApiToken.get_or_none(token_hash=hash_of(secret), revoked_at=None, expires_at__gt=now)
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at > timedelta(minutes=1):
        await ApiToken.filter(id=row.id).update(last_used_at=now)
    return _view(row)


async def tokens() -> list[TokenView]:
    """Every token, the newest first."""
    return [_view(each) for each in await ApiToken.all().order_by("-id")]


async def revoke(token_id: UUID, by: UUID | None = None) -> None:
    """End a token at once. Raise `NotFound`."""
    async with database.transaction():
        if not await ApiToken.filter(id=token_id, revoked_at=None).update(revoked_at=clock.now()):
            raise NotFound("没有这个令牌，或者已经停用")
        await audit.append("token.revoke", f"token {token_id}", staff_id=by)


def _view(row: ApiToken) -> TokenView:
    return TokenView(
        row.id, row.name, tuple(row.scopes), row.created_at, row.expires_at, row.revoked_at, row.last_used_at
    )
