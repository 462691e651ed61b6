"""Acting on a conversation: answer, note, take, give, close, reopen, send again."""

from uuid import UUID

from quart import Response, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest

from core.conversations import writing
from core.messages import Media
from core.notification import outbox
from web.auth import LARGEST, largest
from web.here import desk, me
from web.inbox.blueprint import blueprint
from web.inbox.views import inbox_staff
from web.render import page


@blueprint.post("/c/<uuid:conversation_id>/reply")
@inbox_staff
@largest(LARGEST)
async def reply(conversation_id: UUID) -> Response:
    """Answer the person."""
    form, files = await request.form, await request.files
    await writing.reply(
        desk(),
        conversation_id,
        me().id,
        form.get("text", ""),
        id_of(form, "address"),
        [_media(each) for each in files.getlist("files") if each.filename],
        form.get("subject", ""),
        id_of(form, "once"),
    )
    return changed()


@blueprint.post("/c/<uuid:conversation_id>/note")
@inbox_staff
async def note(conversation_id: UUID) -> Response:
    """Write something down for colleagues."""
    form = await request.form
    await writing.note(desk(), conversation_id, me().id, form.get("text", ""), id_of(form, "once"))
    return changed()


@blueprint.post("/c/<uuid:conversation_id>/read")
@inbox_staff
async def read(conversation_id: UUID) -> Response:
    """What came has been looked at."""
    await writing.mark_read(desk(), conversation_id)
    return Response(status=204)


@blueprint.post("/c/<uuid:conversation_id>/take")
@inbox_staff
async def take(conversation_id: UUID) -> Response:
    """I look after this one."""
    await writing.assign(desk(), conversation_id, me().id, me().id)
    return changed()


@blueprint.post("/c/<uuid:conversation_id>/assign")
@inbox_staff
async def assign(conversation_id: UUID) -> Response:
    """Somebody else looks after it, or (empty) whoever takes it."""
    form = await request.form
    to = id_of(form, "to") if form.get("to") else None
    await writing.assign(desk(), conversation_id, me().id, to)
    return changed()


@blueprint.post("/c/<uuid:conversation_id>/close")
@inbox_staff
async def close(conversation_id: UUID) -> Response:
    """This is dealt with. Answers with a notice that takes it back."""
    await writing.close(desk(), conversation_id, me().id)
    return with_news(await page("inbox/closed_notice.html", conversation_id=conversation_id))


@blueprint.post("/c/<uuid:conversation_id>/reopen")
@inbox_staff
async def reopen(conversation_id: UUID) -> Response:
    """It is not dealt with after all."""
    await writing.reopen(desk(), conversation_id, me().id)
    return changed()


@blueprint.post("/resend")
@inbox_staff
async def resend() -> Response:
    """Send parts again that failed, or whose outcome nobody knows; the page has asked about the latter."""
    form = await request.form
    for part in form.getlist("part")[:20]:
        await outbox.resend(desk(), _uuid(part), me().id)
    return changed()


def changed() -> Response:
    """Nothing to show; the page looks at the conversation and the list again."""
    return with_news(Response(status=204))


def with_news(response: Response) -> Response:
    response.headers["HX-Trigger"] = "yingda:changed"
    return response


def _media(given: FileStorage) -> Media:
    name = (given.filename or "").replace("\\", "/").rpartition("/")[2][:120] or "未命名"
    return Media(name, given.mimetype or "application/octet-stream", given.read())


def id_of(form: MultiDict[str, str], name: str) -> UUID:
    return _uuid(form.get(name, ""))


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadRequest from None
