"""The audit trail on the screen: in words, and its chain checked."""

from core import database
from core.staff import audit
from core.staff.accounts import StaffView
from tests.web.admin.visitor import Visitor


async def test_entries_are_shown_in_words(auditor: Visitor, boss: StaffView) -> None:
    await audit.append("staff.roles", f"staff {boss.id}", staff_id=boss.id, detail="agent supervisor")
    shown = await auditor.get("/admin/audit")
    assert "陈管理 修改角色 客服 客服主管" in shown.text
    assert "命令行" in shown.text  # who made the first account


async def test_a_whole_chain_holds(auditor: Visitor) -> None:
    shown = await auditor.post("/admin/audit/check")
    assert "审计链完整" in shown.text


async def test_a_changed_entry_breaks_it_where_it_is(auditor: Visitor) -> None:
    await database.run("UPDATE audit_entry SET act = 'login' WHERE seq = 2")
    shown = await auditor.post("/admin/audit/check")
    assert "审计链在第 2 条断开" in shown.text


async def test_older_entries_are_a_page_away(auditor: Visitor) -> None:
    for at in range(60):
        await audit.append("contact.rename", f"contact {at}")
    newest = await auditor.get("/admin/audit")
    assert newest.html.count("修改联系人姓名") == 50
    before = newest.html.partition("/admin/audit?before=")[2].partition('"')[0]
    older = await auditor.get(f"/admin/audit?before={before}")
    assert older.html.count("修改联系人姓名") == 10
