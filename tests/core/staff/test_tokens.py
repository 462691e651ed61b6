"""Programs' keys."""

from datetime import timedelta

import pytest

from core import clock
from core.errors import NotAllowed, NotFound
from core.staff import tokens
from core.staff.models import ApiToken

pytestmark = pytest.mark.usefixtures("desk")


async def test_a_token_opens_until_it_expires_or_is_revoked() -> None:
    made, secret = await tokens.create(" 报表 程序 ", ["read"], timedelta(days=30))
    assert (made.name, made.scopes) == ("报表 程序", ("read",))
    assert (await tokens.find(secret)) is not None
    assert (await tokens.find(secret + "x")) is None
    with clock.held(clock.now() + timedelta(days=30)):
        assert await tokens.find(secret) is None
    await tokens.revoke(made.id)
    assert await tokens.find(secret) is None
    with pytest.raises(NotFound):
        await tokens.revoke(made.id)


async def test_only_the_hash_of_a_token_is_kept() -> None:
    _, secret = await tokens.create("x", ["read"], timedelta(days=1))
    row = await ApiToken.first()
    assert row is not None
    assert secret.encode() not in row.token_hash
    assert secret not in repr(await tokens.tokens())


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", ["read"], 1),
        ("x" * 61, ["read"], 1),
        ("x", [], 1),
        ("x", ["root"], 1),
        ("x", ["read"], 0),
        ("x", ["read"], 400),
    ],
)
async def test_what_cannot_be_a_token_says_why(name: str, scopes: list[str], days: int) -> None:
    with pytest.raises(NotAllowed):
        await tokens.create(name, scopes, timedelta(days=days))
