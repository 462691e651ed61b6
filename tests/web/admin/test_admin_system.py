"""Dead letters and stopped rows: seen with their reason, and given another chance by somebody who decided so."""

from typing import Any
from uuid import UUID

import pytest

from channels.base import RawCall
from channels.sms.twilio import TwilioChannel
from core import clock, database
from core.conversations.models import Message
from core.desk import Desk
from core.ids import new_id
from core.intake.fold import fold
from core.intake.models import Inbound, InboundState
from core.notification.models import Outbox
from core.staff.models import AuditEntry
from tests.web.admin.visitor import Visitor
from tests.web.street import Street
from web.hooks.kept import pack

SMS = b"From=%2B8613800138000&To=%2B14155550100&Body=%E6%BC%8F%E6%B0%B4&MessageSid=SM" + b"1" * 32


@pytest.fixture
async def part(street: Street) -> Outbox:
    """A part that failed."""
    await street.write("sms", "+8613800138000", "漏水了")
    message = await Message.filter(direction="in").first()
    assert message is not None
    assert message.address_id is not None
    now = clock.now()
    return await Outbox.create(
        id=new_id(),
        message_id=message.id,
        account_id=street.at["sms"],
        address_id=message.address_id,
        state="failed",
        reason="对方号码已停机",
        code="30003",
        tries=3,
        due_at=now,
        created_at=now,
    )


async def unreadable(street: Street, body: bytes) -> UUID:
    """A genuine call that nobody could read when it came."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    call = RawCall("POST", "http://127.0.0.1:8000/hooks/sms/x", {}, form, body)
    return (await street.journal.keep_unreadable(street.at["sms"], pack(call), call.body)).id


async def test_quiet_looks_quiet(admin: Visitor) -> None:
    shown = await admin.get("/admin/system")
    assert shown.status == 200
    assert "都送达了" in shown.text
    assert "都处理好了" in shown.text


@pytest.mark.usefixtures("part")
async def test_a_dead_letter_tells_its_reason_but_not_what_it_said(admin: Visitor) -> None:
    shown = await admin.get("/admin/system")
    assert "对方号码已停机" in shown.text
    assert "30003" in shown.text
    assert "漏水" not in shown.text
    assert "13800138000" not in shown.html


async def test_it_is_sent_again_after_a_question_and_only_once(admin: Visitor, part: Outbox) -> None:
    asked = await admin.get(f"/admin/system/parts/{part.id}/resend")
    assert "重发这条消息" in asked.text
    assert await Outbox.filter(state="queued", resent_as=None, part=part.part, message_id=part.message_id).count() == 0
    done = await admin.post(f"/admin/system/parts/{part.id}/resend")
    assert "已重新排队" in done.text
    again = await admin.post(f"/admin/system/parts/{part.id}/resend")
    assert again.status == 409
    assert await Outbox.filter(message_id=part.message_id, state="queued").count() == 1
    assert await AuditEntry.filter(act="outbox.resend").count() == 1
    assert (await admin.get(f"/admin/system/parts/{part.id}/resend")).status == 404


async def test_an_unknown_outcome_warns_that_it_may_arrive_twice(admin: Visitor, part: Outbox) -> None:
    await Outbox.filter(id=part.id).update(state="unknown")
    assert "可能收到两次" in (await admin.get(f"/admin/system/parts/{part.id}/resend")).text


async def test_an_unreadable_call_is_read_again(desk: Desk, admin: Visitor, street: Street) -> None:
    row = await unreadable(street, SMS)
    assert "无法识别" in (await admin.get("/admin/system")).text
    done = await admin.post(f"/admin/system/inbound/{row}/replay")
    assert "已放回队列" in done.text
    await fold(desk)
    assert (await Inbound.get(id=row)).state == InboundState.FOLDED
    assert await Message.filter(direction="in").count() == 1


async def test_what_still_cannot_be_read_stays_where_it_is(admin: Visitor, street: Street) -> None:
    row = await unreadable(street, b"nonsense")
    shown = await admin.post(f"/admin/system/inbound/{row}/replay")
    assert shown.status == 409
    assert "仍然无法识别" in shown.text
    assert (await Inbound.get(id=row)).state == InboundState.UNREADABLE


async def test_what_an_adapter_still_stumbles_over_stays_where_it_is(
    admin: Visitor, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise KeyError("Body")

    monkeypatch.setattr(TwilioChannel, "parse", stumble)
    row = await unreadable(street, SMS)

    assert (await admin.post(f"/admin/system/inbound/{row}/replay")).status == 409
    assert (await Inbound.get(id=row)).state == InboundState.UNREADABLE


async def test_a_row_whose_folding_failed_goes_back_to_the_waiting_ones(admin: Visitor, street: Street) -> None:
    await street.write("sms", "+8613800138000", "漏水了")
    row = await unreadable(street, SMS)
    await database.run("UPDATE inbound SET state = 'failed', error = 'ValueError' WHERE id = $1", row)
    assert "程序出错：ValueError" in (await admin.get("/admin/system")).text
    await admin.post(f"/admin/system/inbound/{row}/replay")
    assert (await Inbound.get(id=row)).state == InboundState.RECEIVED


async def test_auditors_look_and_cannot_act(auditor: Visitor, street: Street, part: Outbox) -> None:
    shown = await auditor.get("/admin/system")
    assert shown.status == 200
    assert "重发" not in shown.text.replace("可以重发", "")
    row = await unreadable(street, SMS)
    assert (await auditor.post(f"/admin/system/parts/{part.id}/resend")).status == 403
    assert (await auditor.post(f"/admin/system/inbound/{row}/replay")).status == 403


async def test_long_lists_come_in_pages(admin: Visitor, part: Outbox) -> None:
    for _ in range(55):
        await Outbox.create(**(_columns(part) | {"id": new_id(), "created_at": clock.now()}))
    shown = await admin.get("/admin/system")
    assert shown.html.count("/resend") == 50
    assert "更早的" in shown.text
    older = shown.html.partition('href="/admin/system?parts=')[2].partition('"')[0]
    assert (await admin.get(f"/admin/system?parts={older}")).html.count("/resend") == 6
    assert (await admin.get("/admin/system?parts=yesterday")).status == 400


def _columns(part: Outbox) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part._meta.db_fields}
