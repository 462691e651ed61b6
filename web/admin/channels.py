"""Channel accounts: their state at a glance, adding, changing, pausing."""

import re
from dataclasses import dataclass, field
from uuid import UUID

from quart import redirect, request
from werkzeug.exceptions import NotFound as NoSuchPage

from channels import REGISTRY
from channels.base import AccountField
from core.intake.accounts import AccountView
from web.admin import accounts
from web.admin.accounts import Filled, WrongFields
from web.admin.blueprint import admins, blueprint, readers
from web.here import desk, me
from web.render import Answer, page

WORDS = re.compile(r"\w+(?:\|\w+)+")
"""A check that only lists words: they are offered to choose from."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of the form as it is shown: a secret never with its value."""

    wanted: AccountField
    value: str = field(repr=False)
    problem: str
    is_set: bool

    @property
    def choices(self) -> list[str]:
        return self.wanted.check.split("|") if WORDS.fullmatch(self.wanted.check) else []


@blueprint.get("/channels")
@readers
async def channel_list() -> Answer:
    """Every account."""
    labels = {kind: channel.facts.label for kind, channel in REGISTRY.items()}
    return await page("admin/channels.html", accounts=await accounts.listed(desk()), labels=labels)


@blueprint.get("/channels/new/<kind>")
@admins
async def channel_new(kind: str) -> Answer:
    """An empty form."""
    _known(kind)
    defaults = {each.name: each.default for each in accounts.fields_of(kind)}
    return await _form(kind, None, Filled("", defaults), {})


@blueprint.post("/channels/new/<kind>")
@admins
async def channel_add(kind: str) -> Answer:
    """Add an account; its page says what to enter at the provider."""
    _known(kind)
    filled = await _filled(kind)
    try:
        account = await accounts.add(desk(), kind, filled, me().id)
    except WrongFields as wrong:
        return await _form(kind, None, filled, wrong.problems)
    return redirect(f"/admin/channels/{account.id}?done=added", code=303)


@blueprint.get("/channels/<uuid:account_id>")
@admins
async def channel(account_id: UUID) -> Answer:
    """One account, to change."""
    account = await accounts.shown(desk(), account_id)
    return await _form(account.kind, account, Filled(account.name, account.shown), {})


@blueprint.post("/channels/<uuid:account_id>")
@admins
async def channel_change(account_id: UUID) -> Answer:
    """Change it."""
    account = await accounts.shown(desk(), account_id)
    filled = await _filled(account.kind)
    try:
        await accounts.change(desk(), account_id, filled, me().id)
    except WrongFields as wrong:
        return await _form(account.kind, account, filled, wrong.problems)
    return redirect(f"/admin/channels/{account_id}?done=changed", code=303)


@blueprint.post("/channels/<uuid:account_id>/active")
@admins
async def channel_active(account_id: UUID) -> Answer:
    """Pause it, or let it go on."""
    form = await request.form
    await accounts.set_active(desk(), account_id, form.get("active") == "yes", me().id)
    return redirect("/admin/channels", code=303)


def _known(kind: str) -> None:
    if kind not in REGISTRY:
        raise NoSuchPage


async def _filled(kind: str) -> Filled:
    form = await request.form
    values = {each.name: form.get(each.name, "") for each in accounts.fields_of(kind)}
    return Filled(form.get("name", ""), values, form.getlist("clear"))


async def _form(kind: str, account: AccountView | None, filled: Filled, problems: dict[str, str]) -> Answer:
    """The form with what was typed; secrets have to be typed again."""
    is_set = account.secrets if account else []
    asked = [
        Asked(
            each,
            "" if each.secret else filled.values.get(each.name, ""),
            problems.get(each.name, ""),
            each.name in is_set,
        )
        for each in accounts.fields_of(kind)
    ]
    return await page(
        "admin/channel.html",
        422 if problems else 200,
        kind=kind,
        label=REGISTRY[kind].facts.label,
        account=account,
        name=filled.name,
        name_problem=problems.get("name", ""),
        asked=asked,
        problems=problems,
        done=request.args.get("done", ""),
    )
