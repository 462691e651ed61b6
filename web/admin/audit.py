"""The audit trail: reading it, and checking its chain."""

from dataclasses import dataclass, field
from datetime import datetime

from quart import request

from channels import REGISTRY
from core.staff import accounts, audit
from core.staff.accounts import Role
from core.staff.models import AuditEntry
from web.admin.blueprint import blueprint, readers
from web.here import desk
from web.render import Answer, page

PAGE = 50

ACTS = {
    "login": "登录",
    "logout": "退出登录",
    "staff.create": "新建账号",
    "staff.roles": "修改角色",
    "staff.deactivate": "停用账号",
    "staff.reactivate": "恢复账号",
    "staff.password": "修改密码",
    "link.make": "生成一次性链接",
    "link.use": "使用一次性链接",
    "token.create": "新建接口令牌",
    "token.revoke": "停用接口令牌",
    "channel.add": "添加渠道",
    "channel.change": "修改渠道",
    "channel.pause": "暂停渠道",
    "channel.resume": "恢复渠道",
    "contact.link": "关联联系人",
    "contact.split": "拆分联系人",
    "contact.rename": "修改联系人姓名",
    "outbox.resend": "重发消息",
    "inbound.replay": "重新处理来信",
}


SUBJECTS = {
    "staff": "账号",
    "token": "接口令牌",
    "channel": "渠道",
    "contact": "联系人",
    "conversation": "会话",
    "outbox": "待发消息",
    "inbound": "来信",
}

WORDS = {str(role): role.label for role in Role} | {kind: channel.facts.label for kind, channel in REGISTRY.items()}
"""Words that details are made of; others (names of fields, ids, states) stand as they are."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in words. The act itself is shown where it has no words yet."""

    seq: int
    at: datetime
    who: str = field(repr=False)
    act: str
    kind: str
    identity: str
    detail: str
    succeeded: bool


@blueprint.get("/audit")
@readers
async def audit_list() -> Answer:
    """The newest entries, or those before one."""
    return await _list(None)


@blueprint.post("/audit/check")
@readers
async def audit_check() -> Answer:
    """Walk the chain and say whether it holds."""
    return await _list(await audit.verify() or 0)


async def _list(broken_at: int | None) -> Answer:
    """`broken_at`: None when nobody asked, 0 when the chain holds, else where it breaks."""
    before = request.args.get("before", type=_seq)
    entries = await audit.entries(before, PAGE + 1)
    names = await accounts.names(desk(), {each.staff_id for each in entries if each.staff_id})
    rows = [_row(each, names.get(each.staff_id, "") if each.staff_id else "") for each in entries[:PAGE]]
    more = rows[-1].seq if len(entries) > PAGE else None
    return await page("admin/audit.html", rows=rows, more=more, before=before, broken_at=broken_at)


def _seq(text: str) -> int:
    """The number of an entry. Raise `ValueError` for what can be none."""
    seq = int(text)
    if not 0 <= seq < 2**63:
        raise ValueError("more entries than there can be")
    return seq


def _row(entry: AuditEntry, who: str) -> Row:
    kind, _, identity = entry.subject.partition(" ")
    return Row(
        seq=entry.seq,
        at=entry.at,
        who=who or ("命令行" if entry.staff_id is None else "已不存在的账号"),
        act=ACTS.get(entry.act, entry.act),
        kind=SUBJECTS.get(kind, kind),
        identity=identity,
        detail=_in_words(entry.detail),
        succeeded=entry.succeeded,
    )


def _in_words(detail: str) -> str:
    return " ".join(WORDS.get(word, word) for word in detail.split())
