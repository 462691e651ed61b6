"""A conversation belongs to somebody who can answer it, or to nobody: else no list that anybody works from shows it."""

import pytest

from core.conversations.listing import conversations
from core.conversations.writing import assign, close
from core.errors import NotAllowed
from core.staff import accounts
from core.staff.accounts import Role
from tests.core.spoken import OPENID, PHONE, Shop


@pytest.mark.parametrize("role", [each for each in Role if each not in {Role.AGENT, Role.SUPERVISOR}])
async def test_only_whoever_answers_is_given_one(shop: Shop, role: Role) -> None:
    _, _, conversation_id = await shop.person("wechat", OPENID)
    other = await accounts.create(shop.desk, "other", "旁人", [role])

    with pytest.raises(NotAllowed, match="不处理会话"):
        await assign(shop.desk, conversation_id, None, other.id)


@pytest.mark.parametrize("ending", ["deactivated", "another role"])
async def test_what_somebody_leaves_behind_waits_for_everybody(shop: Shop, ending: str) -> None:
    _, _, opened = await shop.person("wechat", OPENID)
    _, _, closed = await shop.person("sms", PHONE)
    li = await accounts.create(shop.desk, "xiaoli", "小丽", [Role.AGENT])
    for each in (opened, closed):
        await assign(shop.desk, each, li.id, li.id)
    await close(shop.desk, closed, li.id)

    if ending == "deactivated":
        await accounts.deactivate(li.id)
    else:
        await accounts.change_roles(shop.desk, li.id, [Role.TECHNICIAN])

    assert [each.conversation_id for each in await conversations(shop.desk, "unassigned", None)] == [opened]
    assert [each.assignee for each in await conversations(shop.desk, "closed", None)] == ["小丽"]


async def test_another_role_besides_takes_nothing_away(shop: Shop) -> None:
    _, _, conversation_id = await shop.person("wechat", OPENID)
    li = await accounts.create(shop.desk, "xiaoli", "小丽", [Role.AGENT])
    await assign(shop.desk, conversation_id, li.id, li.id)
    await accounts.change_roles(shop.desk, li.id, [Role.SUPERVISOR, Role.ADMIN])

    assert [each.conversation_id for each in await conversations(shop.desk, "mine", li.id)] == [conversation_id]
