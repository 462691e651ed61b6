"""Who may, and how much: tokens, scopes, sizes; every refusal in the same form."""

import io
from datetime import timedelta
from uuid import uuid4

import aiohttp
import pytest

from core import clock, database
from core.staff import tokens
from tests.web.api.program import Program, Wrote

EVERY = [
    ("GET", "conversations", "read"),
    ("GET", f"conversations/{uuid4()}", "read"),
    ("GET", f"conversations/{uuid4()}/messages", "read"),
    ("POST", f"conversations/{uuid4()}/replies", "write"),
    ("POST", "contacts/search", "contacts"),
    ("GET", f"contacts/{uuid4()}", "read"),
    ("PATCH", f"contacts/{uuid4()}", "contacts"),
    ("POST", f"contacts/{uuid4()}/links", "contacts"),
    ("DELETE", f"links/{uuid4()}", "contacts"),
]


async def test_without_a_token_nothing_is_told(stranger: Program) -> None:
    for method, path, _ in EVERY:
        answer = await stranger.ask(method, f"/api/v1/{path}")
        assert (answer.status, answer.code) == (401, "unauthorized"), path
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_another_scope_does_not_do(base: str, http: aiohttp.ClientSession) -> None:
    for method, path, scope in EVERY:
        others = [each for each in tokens.SCOPES if each != scope]
        _, secret = await tokens.create("别的程序", others, timedelta(days=1))
        answer = await Program(http, base, secret).ask(method, f"/api/v1/{path}")
        assert (answer.status, answer.code) == (403, "forbidden"), path


@pytest.mark.parametrize("end", ["expired", "revoked", "wrong"])
async def test_a_token_that_has_ended_is_none(base: str, http: aiohttp.ClientSession, end: str) -> None:
    if end == "expired":
        with clock.held(clock.now() - timedelta(days=3)):
            _, secret = await tokens.create("旧程序", ["read"], timedelta(days=1))
    else:
        token, secret = await tokens.create("旧程序", ["read"], timedelta(days=1))
        if end == "revoked":
            await tokens.revoke(token.id)
        else:
            secret = secret[:-1] + "_"
    assert (await Program(http, base, secret).ask("GET", "/api/v1/conversations")).status == 401


async def test_a_session_cookie_opens_no_api(stranger: Program) -> None:
    answer = await stranger.ask("GET", "/api/v1/conversations", {"Cookie": "yingda=anything"})
    assert answer.status == 401


async def test_too_much_is_refused_before_it_is_read(program: Program) -> None:
    answer = await program.ask("POST", "/api/v1/contacts/search", data=io.BytesIO(b"x" * (2 * 1024 * 1024)))
    assert (answer.status, answer.code) == (413, "too_large")


async def test_what_is_not_json_is_a_400(program: Program) -> None:
    sent = {"Content-Type": "application/json"}
    answer = await program.ask("POST", "/api/v1/contacts/search", sent, data=b'{"find": ')
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_json_of_another_shape_is_a_422(program: Program) -> None:
    for body in ("[]", "null", '"text"', '{"find": 5}', '{"find": "12345", "more": 1}', "{}"):
        answer = await program.ask("POST", "/api/v1/contacts/search", {"Content-Type": "application/json"}, data=body)
        assert (answer.status, answer.code) == (422, "invalid"), body


async def test_refusals_never_quote_what_was_sent(program: Program) -> None:
    answer = await program.ask("POST", "/api/v1/contacts/search", json={"find": "1", "王标记": "13800138000"})
    assert answer.status == 422
    assert "13800138000" not in str(answer.body)


async def test_another_method_is_a_405_in_the_same_form(program: Program) -> None:
    answer = await program.ask("DELETE", "/api/v1/conversations")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


async def test_what_we_did_not_expect_is_a_500_that_tells_nothing(program: Program, wrote: Wrote) -> None:
    line = await wrote()
    await database.run("UPDATE address SET kind = 'fax'")
    answer = await program.ask("GET", f"/api/v1/conversations/{line.conversation_id}")
    assert (answer.status, answer.code) == (500, "internal")
    assert "fax" not in str(answer.body)


async def test_a_database_that_is_away_is_a_503_worth_repeating(program: Program, database_url: str) -> None:
    await database.disconnect()
    await database.connect(database_url.replace("/yd_test_", "/gone_"))
    answer = await program.ask("GET", "/api/v1/conversations")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
