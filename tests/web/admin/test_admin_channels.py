"""Channel accounts as administrators manage them: problems beside their fields, secrets never shown again."""

from uuid import UUID

import pytest

from core.desk import Desk
from core.intake.accounts import find_account, note_trouble, opened
from core.staff.models import AuditEntry
from tests.web.admin.visitor import Visitor
from tests.web.street import Street

WECHAT = {
    "name": "售后公众号",
    "app_id": "wx1234567890abcdef",
    "app_secret": "SECRETappsecret",
    "token": "SECRETtoken",
    "mode": "safe",
    "aes_key": "A" * 43,
    "api_base": "",
}


async def added(admin: Visitor, **other: str) -> UUID:
    shown = await admin.post("/admin/channels/new/wechat", WECHAT | other)
    assert shown.status == 200, shown.text
    return UUID(shown.path.removeprefix("/admin/channels/").partition("?")[0])


async def test_an_account_is_added_and_tells_where_its_provider_reaches_us(desk: Desk, admin: Visitor) -> None:
    account_id = await added(admin)
    row = await find_account(account_id)
    assert (row.kind, row.name) == ("wechat", "售后公众号")
    shown = await admin.get("/admin/channels")
    assert f"{desk.settings.public_url}/hooks/wechat/{row.public_id}" in shown.html
    assert "等待第一条消息" in shown.text
    assert await AuditEntry.filter(act="channel.add", subject=f"channel {account_id}").exists()


async def test_secrets_are_never_shown_again(admin: Visitor) -> None:
    account_id = await added(admin)
    for path in ("/admin/channels", f"/admin/channels/{account_id}"):
        assert "SECRET" not in (await admin.get(path)).html
    assert "已设置，留空则不变" in (await admin.get(f"/admin/channels/{account_id}")).html


async def test_a_secret_left_empty_stays_as_it_is(desk: Desk, admin: Visitor) -> None:
    account_id = await added(admin)
    await admin.post(f"/admin/channels/{account_id}", WECHAT | {"app_secret": "", "token": "newtoken", "aes_key": ""})
    values = await opened(desk, await find_account(account_id))
    assert (values["app_secret"], values["token"], values["aes_key"]) == ("SECRETappsecret", "newtoken", "A" * 43)
    entry = await AuditEntry.get(act="channel.change")
    assert entry.detail == "token"


async def test_an_optional_secret_can_be_cleared(desk: Desk, admin: Visitor) -> None:
    account_id = await added(admin)
    changed = WECHAT | {"app_secret": "", "token": "", "aes_key": "", "mode": "plain"}
    await admin.post(f"/admin/channels/{account_id}", changed | {"clear": "aes_key"})
    assert (await opened(desk, await find_account(account_id)))["aes_key"] == ""


async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(admin: Visitor) -> None:
    wrong = WECHAT | {"name": "", "app_id": "x y", "token": ""}
    shown = await admin.post("/admin/channels/new/wechat", wrong)
    assert shown.status == 422
    assert 'value="x y"' in shown.html
    assert 'id="app_id-problem">AppID的格式不对' in shown.html
    assert 'id="token-problem">请填写Token' in shown.html
    assert 'id="name-problem">' in shown.html
    assert "SECRET" not in shown.html


async def test_fields_that_depend_on_each_other_are_checked_together(admin: Visitor) -> None:
    shown = await admin.post("/admin/channels/new/wechat", WECHAT | {"aes_key": ""})
    assert shown.status == 422
    assert 'id="aes_key-problem"' in shown.html


async def test_outside_loopback_mail_without_tls_is_refused(admin: Visitor) -> None:
    mail = {"name": "邮箱", "address": "service@example.com", "smtp_host": "smtp.example.com", "smtp_security": "none"}
    shown = await admin.post("/admin/channels/new/email", mail)
    assert shown.status == 422
    assert 'id="smtp_security-problem"' in shown.html


async def test_an_account_is_paused_and_goes_on(admin: Visitor) -> None:
    account_id = await added(admin)
    shown = await admin.post(f"/admin/channels/{account_id}/active", {"active": "no"})
    assert "已暂停" in shown.text
    assert not (await find_account(account_id)).active
    await admin.post(f"/admin/channels/{account_id}/active", {"active": "yes"})
    assert (await find_account(account_id)).active


async def test_the_newest_trouble_is_told_in_words(admin: Visitor, street: Street) -> None:
    await note_trouble(street.at["sms"], "余额不足")
    shown = await admin.get("/admin/channels")
    assert "有问题" in shown.text
    assert "余额不足" in shown.text


async def test_a_kind_or_account_that_does_not_exist_is_a_404(admin: Visitor) -> None:
    assert (await admin.get("/admin/channels/new/fax")).status == 404
    assert (await admin.get(f"/admin/channels/{UUID(int=1)}")).status == 404


async def test_auditors_look_and_cannot_act(auditor: Visitor, street: Street) -> None:
    shown = await auditor.get("/admin/channels")
    assert shown.status == 200
    assert "添加渠道" not in shown.text
    account_id = street.at["sms"]
    assert (await auditor.get("/admin/channels/new/sms")).status == 403
    assert (await auditor.get(f"/admin/channels/{account_id}")).status == 403
    assert (await auditor.post(f"/admin/channels/{account_id}/active", {"active": "no"})).status == 403
    assert (await find_account(account_id)).active


@pytest.mark.parametrize("path", ["", "/channels", "/staff", "/system", "/audit"])
async def test_agents_have_no_business_here(agent: Visitor, path: str) -> None:
    assert (await agent.get(f"/admin{path}")).status == 403
