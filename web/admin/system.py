"""The machine room: what waits, what is stuck, and giving it another chance."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import aiohttp
import structlog
from quart import redirect, request
from werkzeug.exceptions import BadRequest

from channels import REGISTRY
from channels.base import Webhook
from core import clock
from core.backlog import backlog
from core.errors import NotAllowed, RejectedCall, UnreadablePayload
from core.intake.accounts import hook_url
from core.intake.models import ChannelAccount
from core.intake.replay import replay, stuck_inbound
from core.messages import Event
from core.notification.outbox import resend
from core.notification.stuck import stuck_part, stuck_parts
from core.readiness import readiness
from web.admin.blueprint import admins, blueprint, readers
from web.here import desk, me
from web.hooks.kept import unpack
from web.hooks.opened import adapter_of
from web.render import Answer, page

log = structlog.get_logger(__name__)

PAGE = 50


@blueprint.get("/system")
@readers
async def system() -> Answer:
    """Queues, dead letters, and journal rows that stopped."""
    return await _system()


@blueprint.get("/system/parts/<uuid:part_id>/resend")
@admins
async def part_resend_page(part_id: UUID) -> Answer:
    """Ask whether it is meant: what is unknown may have arrived."""
    part = await stuck_part(part_id)
    unknown = "不知道对方是否已经收到。重发后，对方可能收到两次。" if part.state == "unknown" else ""
    return await page(
        "admin/confirm.html",
        here="system",
        title="重发这条消息？",
        words=unknown or "上一次没有送达，会按原来的内容和渠道再发送一次。",
        reason=part.reason,
        action=f"/admin/system/parts/{part_id}/resend",
        button="重发",
        back="/admin/system",
    )


@blueprint.post("/system/parts/<uuid:part_id>/resend")
@admins
async def part_resend(part_id: UUID) -> Answer:
    """Send it again."""
    try:
        await resend(desk(), part_id, me().id)
    except NotAllowed as problem:
        return await _system(problem.reason)
    return redirect("/admin/system?done=resent", code=303)


@blueprint.post("/system/inbound/<uuid:inbound_id>/replay")
@admins
async def inbound_replay(inbound_id: UUID) -> Answer:
    """Read or fold it again."""
    readers_by_account = await _readers()

    def parse(account: ChannelAccount, kept: bytes) -> Sequence[Event]:
        adapter = readers_by_account.get(account.id)
        if adapter is None:
            raise NotAllowed("这个渠道不能重新读取")
        try:
            return adapter.parse(unpack(kept, hook_url(desk(), account.kind, account.public_id)))
        except (RejectedCall, UnreadablePayload):  # the former: keys have changed since
            raise UnreadablePayload("still not understood") from None
        except Exception as problem:
            log.exception("adapter stumbled", problem=type(problem).__name__)
            raise UnreadablePayload("the adapter's own mistake") from None

    try:
        await replay(desk(), inbound_id, parse, me().id)
    except NotAllowed as problem:
        return await _system(problem.reason)
    return redirect("/admin/system?done=replayed", code=303)


async def _readers() -> dict[UUID, Webhook]:
    """The adapters of all accounts that can read a payload; reading does no I/O."""
    async with aiohttp.ClientSession() as http:
        opened = {
            row.id: await adapter_of(desk(), row, http) for row in await ChannelAccount.all() if row.kind in REGISTRY
        }
    return {account_id: adapter for account_id, adapter in opened.items() if isinstance(adapter, Webhook)}


async def _system(problem: str = "") -> Answer:
    parts = await stuck_parts(PAGE + 1, _moment("parts"))
    inbound = await stuck_inbound(PAGE + 1, _moment("inbound"))
    return await page(
        "admin/system.html",
        409 if problem else 200,
        waiting=await backlog(),
        ready=await readiness(desk()),
        parts=parts[:PAGE],
        more_parts=parts[PAGE - 1].created_at if len(parts) > PAGE else None,
        inbound=inbound[:PAGE],
        more_inbound=inbound[PAGE - 1].received_at if len(inbound) > PAGE else None,
        labels={kind: channel.facts.label for kind, channel in REGISTRY.items()},
        problem=problem,
        done=request.args.get("done", ""),
    )


def _moment(name: str) -> datetime | None:
    """Where a page of a list begins, as the link to it says."""
    given = request.args.get(name, "")
    if not given:
        return None
    try:
        return clock.read(given.replace(" ", "+"))
    except ValueError:
        raise BadRequest from None
