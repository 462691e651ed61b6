"""Looking: the list, a conversation, its files. Nothing here changes anything but what has been read."""

from urllib.parse import quote
from uuid import UUID

from quart import Response, request
from werkzeug.exceptions import BadRequest

from core.conversations import listing, writing
from core.conversations.listing import Line, Position
from core.conversations.thread import attachment, thread
from core.staff import accounts
from core.staff.accounts import ANSWERING
from web.auth import BACKGROUND, allow
from web.here import desk, me
from web.inbox import shapes
from web.inbox.blueprint import blueprint
from web.render import page

PAGE = 50
MOST_LISTED = 500

inbox_staff = allow(*ANSWERING)


@blueprint.get("")
@inbox_staff
async def inbox() -> Response:
    """The list, with no conversation open."""
    return await page("inbox/page.html", thread=None, **await _listed(_view()))


@blueprint.get("/c/<uuid:conversation_id>")
@inbox_staff
async def opened(conversation_id: UUID) -> Response:
    """The list and a conversation. What a page fetches (htmx, live news) is the conversation alone."""
    shown = await _conversation(conversation_id)
    if "HX-Request" in request.headers:
        return await page("inbox/conversation.html", view=_view(), **shown)
    return await page("inbox/page.html", **(await _listed(_view()) | shown))


@blueprint.get("/list")
@inbox_staff
async def whole_list() -> Response:
    """The list as it stands now, as long as the browser has it."""
    wanted = request.args.get("count", PAGE, type=int)
    return await page("inbox/list.html", **await _listed(_view(), min(max(wanted, PAGE), MOST_LISTED)))


@blueprint.get("/more")
@inbox_staff
async def more() -> Response:
    """The lines after those that the browser has."""
    return await page("inbox/rows.html", **await _rows(_view(), _after()))


@blueprint.post("/find")
@inbox_staff
async def find() -> Response:
    """Look a person up by a whole phone number or mail address; in a form's body, for addresses of pages are logged."""
    form = await request.form
    wanted = form.get("find", "").strip()[:100]
    shown = await _rows("all" if wanted else _view(), _after(), find=wanted)
    return await page("inbox/rows.html", **(shown | {"empty": shapes.EMPTY["find" if wanted else _view()]}))


@blueprint.get("/c/<uuid:conversation_id>/earlier")
@inbox_staff
async def earlier(conversation_id: UUID) -> Response:
    """The messages before one."""
    before = request.args.get("before", type=UUID)
    if before is None:
        raise BadRequest
    shown = await thread(desk(), conversation_id, before=before)
    return await page("inbox/messages.html", thread=shown, shapes=shapes, facts=desk().facts)


@blueprint.get("/files/<uuid:attachment_id>")
@inbox_staff
async def file(attachment_id: UUID) -> Response:
    """A file. Pictures of harmless types open in the browser, all else is saved; nothing in it can act as our page."""
    name, content_type, content = await attachment(desk(), attachment_id)
    how = "inline" if shapes.is_picture(content_type) else "attachment"
    shown_as = content_type if shapes.is_picture(content_type) else "application/octet-stream"
    return Response(
        content,
        content_type=shown_as,
        headers={
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


async def _listed(view: str, limit: int = PAGE) -> dict[str, object]:
    counts = await listing.counts(me().id)
    return await _rows(view, limit=limit) | {"counts": counts, "views": shapes.VIEWS}


async def _rows(view: str, after: Position | None = None, limit: int = PAGE, find: str = "") -> dict[str, object]:
    lines = await listing.conversations(desk(), view, me().id, after, limit + 1, find)
    return {
        "view": view,
        "lines": lines[:limit],
        "next": _next(lines, limit),
        "first": after is None,
        "find": find,
        "empty": shapes.EMPTY.get(view),
        "facts": desk().facts,
        "shapes": shapes,
    }


def _next(lines: list[Line], limit: int) -> Position | None:
    return lines[limit - 1].position if len(lines) > limit else None


async def _conversation(conversation_id: UUID) -> dict[str, object]:
    found = await thread(desk(), conversation_id)
    if found.unread and BACKGROUND not in request.headers:
        await writing.mark_read(desk(), conversation_id)
    colleagues = [each for each in await accounts.members(desk()) if each.active and ANSWERING & set(each.roles)]
    return {
        "thread": found,
        "facts": desk().facts,
        "colleagues": colleagues,
        "shapes": shapes,
    }


def _view() -> str:
    view = request.args.get("view", "mine")
    if view not in shapes.VIEWS:
        raise BadRequest
    return view


def _after() -> Position | None:
    """Where the browser's list ends."""
    value = request.args.get("after", "")
    try:
        return Position.of(value) if value else None
    except ValueError:
        raise BadRequest from None
