"""Programs read conversations, messages and contacts, a page at a time and masked."""

from uuid import uuid4

from tests.web.api.program import OPENID, Program, Wrote


async def test_a_conversation_is_listed_and_read(reader: Program, wrote: Wrote) -> None:
    line = await wrote()
    listed = await reader.ask("GET", "/api/v1/conversations")
    assert listed.status == 200
    assert [each["id"] for each in listed.body["items"]] == [str(line.conversation_id)]
    assert listed.body["next"] is None
    read = await reader.ask("GET", f"/api/v1/conversations/{line.conversation_id}")
    assert read.body["contact_id"] == str(line.contact_id)
    assert read.body["reply_through"] == read.body["addresses"][0]["id"]


async def test_pages_follow_one_another_without_gap_or_overlap(reader: Program, wrote: Wrote) -> None:
    wanted = [str((await wrote(f"oPERSON{at:021d}")).conversation_id) for at in range(5)]
    found, cursor = [], ""
    while True:
        page = (await reader.ask("GET", f"/api/v1/conversations?limit=2&cursor={cursor}")).body
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == wanted, "who waits longest comes first"


async def test_messages_are_read_backwards_and_forwards(reader: Program, wrote: Wrote) -> None:
    for text in ("一", "二", "三"):
        line = await wrote(text=text)
    path = f"/api/v1/conversations/{line.conversation_id}/messages"
    newest = (await reader.ask("GET", f"{path}?limit=2")).body
    assert [each["body"] for each in newest["items"]][-1] == "三"
    earlier = (await reader.ask("GET", f"{path}?limit=50&before={newest['earlier']}")).body
    assert "一" in [each["body"] for each in earlier["items"]]
    assert earlier["earlier"] is None
    later = (await reader.ask("GET", f"{path}?after={newest['items'][0]['id']}")).body
    assert [each["id"] for each in later["items"]] == [newest["items"][1]["id"]]


async def test_what_is_personal_comes_masked(reader: Program, wrote: Wrote) -> None:
    line = await wrote(text="我的手机 13800138000")
    said = [
        (await reader.ask("GET", path)).body
        for path in (
            "/api/v1/conversations",
            f"/api/v1/conversations/{line.conversation_id}",
            f"/api/v1/conversations/{line.conversation_id}/messages",
            f"/api/v1/contacts/{line.contact_id}",
        )
    ]
    assert "138****8000" in str(said)
    assert not [mark for mark in ("13800138000", OPENID, "王标记") if mark in str(said)]


async def test_times_are_rfc_3339(reader: Program, wrote: Wrote) -> None:
    await wrote()
    item = (await reader.ask("GET", "/api/v1/conversations")).body["items"][0]
    assert item["last_message_at"].endswith("Z")


async def test_a_contact_is_read(reader: Program, wrote: Wrote) -> None:
    line = await wrote()
    found = await reader.ask("GET", f"/api/v1/contacts/{line.contact_id}")
    assert found.status == 200
    assert found.body["open_conversation"] == str(line.conversation_id)
    assert found.body["links"] == []


async def test_what_does_not_exist_is_a_404(reader: Program) -> None:
    for path in (f"conversations/{uuid4()}", f"conversations/{uuid4()}/messages", f"contacts/{uuid4()}", "nothing"):
        answer = await reader.ask("GET", f"/api/v1/{path}")
        assert (answer.status, answer.code) == (404, "not_found")


async def test_a_query_that_does_not_fit_is_told_by_field(reader: Program) -> None:
    answer = await reader.ask("GET", "/api/v1/conversations?view=secret&limit=1000&cursor=abc&other=1")
    assert (answer.status, answer.code) == (422, "invalid")
    assert set(answer.body["error"]["fields"]) == {"view", "limit", "cursor", "other"}
    assert answer.body["error"]["fields"]["limit"] == "太大"
