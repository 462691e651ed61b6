"""Who is who: linking two people into one, splitting them again, and what they are called."""

from uuid import UUID

from quart import Response, request
from werkzeug.exceptions import BadRequest

from core.conversations import people
from core.conversations.people import PersonView
from core.conversations.thread import AddressView, addresses_of
from core.errors import NotFound
from web.here import desk, me
from web.inbox.acts import changed, id_of
from web.inbox.blueprint import blueprint
from web.inbox.views import inbox_staff
from web.render import page


@blueprint.get("/people/<uuid:kept_id>/link")
@inbox_staff
async def choose(kept_id: UUID) -> Response:
    """Whom to link with: those who wrote last, or look somebody up."""
    return await page("inbox/link.html", **await _choices(kept_id, ""))


@blueprint.post("/people/<uuid:kept_id>/find")
@inbox_staff
async def look_up(kept_id: UUID) -> Response:
    """The people who have this phone number or mail address."""
    form = await request.form
    return await page("inbox/link_choices.html", **await _choices(kept_id, form.get("find", "").strip()[:100]))


@blueprint.get("/people/<uuid:kept_id>/link/<uuid:absorbed_id>")
@inbox_staff
async def confirm(kept_id: UUID, absorbed_id: UUID) -> Response:
    """Both people side by side, before they become one."""
    found = await people.people(desk(), [kept_id, absorbed_id])
    if len(found) != 2:
        raise NotFound("没有这个联系人")
    kept, absorbed = [await _with_addresses(each) for each in found]
    return await page("inbox/link_confirm.html", kept=kept, absorbed=absorbed)


@blueprint.post("/people/<uuid:kept_id>/link")
@inbox_staff
async def link(kept_id: UUID) -> Response:
    """They are one person."""
    await people.link(desk(), kept_id, id_of(await request.form, "absorbed"), me().id)
    return changed()


@blueprint.post("/people/<uuid:contact_id>/rename")
@inbox_staff
async def rename(contact_id: UUID) -> Response:
    """What this person is called."""
    form = await request.form
    await people.rename(desk(), contact_id, form.get("name", ""), me().id)
    return changed()


@blueprint.post("/merges/<uuid:merge_id>/split")
@inbox_staff
async def split(merge_id: UUID) -> Response:
    """They are two people after all."""
    await people.split(desk(), merge_id, me().id)
    return changed()


async def _choices(kept_id: UUID, find: str) -> dict[str, object]:
    kept = await people.people(desk(), [kept_id])
    if not kept:
        raise BadRequest
    others = [each for each in await people.find_people(desk(), find) if each.id != kept_id]
    return {"kept": kept[0], "others": [await _with_addresses(each) for each in others], "find": find}


async def _with_addresses(person: PersonView) -> tuple[PersonView, list[AddressView]]:
    """Masked names are often the same: only the addresses tell two people apart."""
    return person, await addresses_of(desk(), person.id)
