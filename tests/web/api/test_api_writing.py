"""Programs answer people and manage contacts; what cannot be done is said with its reason."""

from uuid import UUID, uuid4

from core import database
from core.conversations.listing import Line
from core.conversations.models import Message
from core.staff.models import AuditEntry
from tests.web.api.program import OPENID, Answered, Program, Wrote

OTHER = "oOTHERopenid0123456789abcdef"


async def reply(program: Program, line: Line, key: str = "order-1001", **body: object) -> Answered:
    path = f"/api/v1/conversations/{line.conversation_id}/replies"
    return await program.ask("POST", path, {"Idempotency-Key": key}, json={"text": "师傅明天上午到"} | body)


async def test_a_reply_is_queued_with_the_program_as_its_author(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    answer = await reply(program, line)
    assert answer.status == 201
    messages = await program.ask("GET", f"/api/v1/conversations/{line.conversation_id}/messages")
    last = messages.body["items"][-1]
    assert (last["id"], last["body"], last["state"]) == (answer.body["message_id"], "师傅明天上午到", "queued")
    assert last["author_kind"] == "staff"


async def test_the_same_key_is_the_same_reply(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    first, again, other = (
        await reply(program, line),
        await reply(program, line),
        await reply(program, line, key="order-1002"),
    )
    assert first.body == again.body
    assert first.body != other.body
    assert await Message.filter(direction="out", author_kind="staff").count() == 2


async def test_a_refused_reply_frees_its_key(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    await database.run("UPDATE address SET opted_out_at = now()")
    refused = await reply(program, line, address_id=str(await _address_of(line)))
    assert refused.status == 409
    assert "退订" in refused.body["error"]["message"]
    await database.run("UPDATE address SET opted_out_at = NULL")
    assert (await reply(program, line)).status == 201


async def test_nobody_can_be_answered_where_no_way_is_open(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    await database.run("UPDATE address SET unreachable_at = now()")
    answer = await reply(program, line)
    assert (answer.status, answer.body["error"]["message"]) == (409, "现在没有可以回复的渠道")


async def test_a_reply_without_its_key_or_text_is_invalid(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    path = f"/api/v1/conversations/{line.conversation_id}/replies"
    without_key = await program.ask("POST", path, json={"text": "好"})
    assert without_key.status == 422
    assert without_key.body["error"]["fields"] == {"idempotency_key": "必须填写"}
    without_text = await reply(program, line, text=" ")
    assert without_text.body["error"]["fields"] == {"text": "太短"}
    assert await Message.filter(direction="out", author_kind="staff").count() == 0


async def test_a_contact_is_found_by_its_whole_address_only(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    found = await program.ask("POST", "/api/v1/contacts/search", json={"find": OPENID})
    assert [each["id"] for each in found.body["items"]] == [str(line.contact_id)]
    assert (await program.ask("POST", "/api/v1/contacts/search", json={"find": OPENID[:-1]})).body == {"items": []}


async def test_a_contact_is_renamed(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    answer = await program.ask("PATCH", f"/api/v1/contacts/{line.contact_id}", json={"name": "欧阳示例"})
    assert (answer.status, answer.body["name"]) == (200, "欧阳**")


async def test_people_are_linked_and_split(program: Program, wrote: Wrote) -> None:
    kept, absorbed = await wrote(OPENID), await wrote(OTHER)
    path, given = f"/api/v1/contacts/{kept.contact_id}/links", {"absorbed_id": str(absorbed.contact_id)}
    linked = await program.ask("POST", path, json=given)
    assert linked.status == 201
    contact = (await program.ask("GET", f"/api/v1/contacts/{kept.contact_id}")).body
    assert len(contact["addresses"]) == 2
    assert contact["links"][0]["id"] == linked.body["link_id"]
    split = await program.ask("DELETE", f"/api/v1/links/{linked.body['link_id']}")
    assert (split.status, split.body) == (204, "")
    again = await program.ask("DELETE", f"/api/v1/links/{linked.body['link_id']}")
    assert again.status == 404
    acts = await AuditEntry.all().order_by("seq").values_list("act", "staff_id")
    assert [act for act, by in acts if by] == ["contact.link", "contact.split"]


async def test_links_come_apart_newest_first(program: Program, wrote: Wrote) -> None:
    people = [await wrote(f"oPERSON{at:021d}") for at in range(3)]
    path = f"/api/v1/contacts/{people[0].contact_id}/links"
    links = [
        (await program.ask("POST", path, json={"absorbed_id": str(each.contact_id)})).body["link_id"]
        for each in people[1:]
    ]
    assert (await program.ask("DELETE", f"/api/v1/links/{links[0]}")).status == 409


async def test_nobody_is_linked_to_themselves(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    path = f"/api/v1/contacts/{line.contact_id}/links"
    answer = await program.ask("POST", path, json={"absorbed_id": str(line.contact_id)})
    assert (answer.status, answer.body["error"]["message"]) == (409, "这是同一个人")
    assert (await program.ask("POST", path, json={"absorbed_id": str(uuid4())})).status == 404


async def _address_of(line: Line) -> UUID:
    found = await Message.filter(conversation_id=line.conversation_id, direction="in").first()
    assert found is not None
    assert found.address_id is not None
    return found.address_id
