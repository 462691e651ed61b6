"""/api/v1: the desk for programs. Each view parses, calls the core, and shapes the answer."""

from uuid import UUID

from pydantic import BaseModel
from quart import Blueprint, Response, current_app, jsonify
from quart_schema import (
    RequestSchemaValidationError,
    document_response,
    hide,
    validate_headers,
    validate_querystring,
    validate_request,
)

from core.conversations import listing, people, thread, writing
from core.errors import NotAllowed, NotFound
from web.api import shapes
from web.api.document import errors
from web.api.errors import invalid
from web.auth import public, scope
from web.here import desk, token

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
blueprint.register_error_handler(RequestSchemaValidationError, invalid)


def shaped(body: BaseModel, status: int = 200) -> Response:
    """The answer with this body; times as RFC 3339, which Quart's own JSON would not do."""
    response = jsonify(body.model_dump(mode="json"))
    response.status_code = status
    return response


@blueprint.get("/openapi.json")
@public
@hide
async def openapi() -> Response:
    """The document."""
    return jsonify(current_app.extensions["QUART_SCHEMA"].openapi_provider.schema())


@blueprint.get("/conversations")
@scope("read")
@errors(422)
@document_response(shapes.ConversationPage)
@validate_querystring(shapes.ConversationQuery)
async def conversations(query_args: shapes.ConversationQuery) -> Response:
    """List conversations: who waits longest comes first, then the newest."""
    asked = query_args
    lines = await listing.conversations(desk(), asked.view, None, asked.cursor, asked.limit + 1)
    items = [shapes.ConversationItem.model_validate(each) for each in lines[: asked.limit]]
    more = len(lines) > asked.limit
    following = shapes.cursor_of(lines[asked.limit - 1].position) if more else None
    return shaped(shapes.ConversationPage(items=items, next=following))


@blueprint.get("/conversations/<uuid:conversation_id>")
@scope("read")
@errors(404)
@document_response(shapes.Conversation)
async def conversation(conversation_id: UUID) -> Response:
    """Read a conversation: who, in which state, and how to answer."""
    found = await thread.thread(desk(), conversation_id, limit=1)
    return shaped(shapes.Conversation.model_validate(found))


@blueprint.get("/conversations/<uuid:conversation_id>/messages")
@scope("read")
@errors(404, 422)
@document_response(shapes.MessagePage)
@validate_querystring(shapes.MessageQuery)
async def messages(conversation_id: UUID, query_args: shapes.MessageQuery) -> Response:
    """Read messages: the newest, or those before or after one."""
    asked = query_args
    found = await thread.thread(desk(), conversation_id, asked.after, asked.before, asked.limit)
    items = [shapes.Message.model_validate(each) for each in found.messages]
    earlier = items[0].id if items and (found.has_earlier or asked.after) else None
    return shaped(shapes.MessagePage(items=items, earlier=earlier, later=items[-1].id if items else asked.after))


@blueprint.post("/conversations/<uuid:conversation_id>/replies")
@scope("write")
@errors(400, 404, 409, 413, 422)
@document_response(shapes.Replied, 201)
@validate_headers(shapes.ReplyHeaders)
@validate_request(shapes.Reply)
async def reply(conversation_id: UUID, headers: shapes.ReplyHeaders, data: shapes.Reply) -> Response:
    """Answer the person. Refused with the reason (409) where it is known that they cannot be reached that way."""
    address_id = data.address_id or (await thread.thread(desk(), conversation_id, limit=1)).reply_through
    if address_id is None:
        raise NotAllowed("现在没有可以回复的渠道")
    once = UUID(bytes=desk().index.of("api reply", f"{token().id} {headers.idempotency_key}"))
    message_id = await writing.reply(
        desk(), conversation_id, token().id, data.text, address_id, subject=data.subject, once=once
    )
    return shaped(shapes.Replied(message_id=message_id), 201)


@blueprint.post("/contacts/search")
@scope("contacts")
@errors(400, 413, 422)
@document_response(shapes.PersonList)
@validate_request(shapes.Find)
async def find(data: shapes.Find) -> Response:
    """Find people by a whole address."""
    found = await people.find_people(desk(), data.find)
    return shaped(shapes.PersonList(items=[shapes.Person.model_validate(each) for each in found]))


@blueprint.get("/contacts/<uuid:contact_id>")
@scope("read")
@errors(404)
@document_response(shapes.Contact)
async def contact(contact_id: UUID) -> Response:
    """Read a person."""
    return shaped(await _contact(contact_id))


@blueprint.patch("/contacts/<uuid:contact_id>")
@scope("contacts")
@errors(400, 404, 413, 422)
@document_response(shapes.Contact)
@validate_request(shapes.Rename)
async def rename(contact_id: UUID, data: shapes.Rename) -> Response:
    """Give a person the name that they go by."""
    await people.rename(desk(), contact_id, data.name, token().id)
    return shaped(await _contact(contact_id))


@blueprint.post("/contacts/<uuid:contact_id>/links")
@scope("contacts")
@errors(400, 404, 409, 413, 422)
@document_response(shapes.Linked, 201)
@validate_request(shapes.LinkTo)
async def link(contact_id: UUID, data: shapes.LinkTo) -> Response:
    """Make one person of two. Their open conversations become one."""
    link_id = await people.link(desk(), contact_id, data.absorbed_id, token().id)
    return shaped(shapes.Linked(link_id=link_id), 201)


@blueprint.delete("/links/<uuid:link_id>")
@scope("contacts")
@errors(404, 409)
async def split(link_id: UUID) -> Response:
    """Make two people of one again."""
    await people.split(desk(), link_id, token().id)
    return Response(status=204)


async def _contact(contact_id: UUID) -> shapes.Contact:
    found = await people.people(desk(), [contact_id])
    if not found:
        raise NotFound("没有这个联系人")
    addresses = await thread.addresses_of(desk(), contact_id)
    links = await people.merges_of(desk(), contact_id)
    return shapes.Contact(
        **shapes.Person.model_validate(found[0]).model_dump(),
        addresses=[shapes.Address.model_validate(each) for each in addresses],
        links=[shapes.Link.model_validate(each) for each in links],
    )
