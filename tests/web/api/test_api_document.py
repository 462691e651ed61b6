"""The OpenAPI document is valid, complete, and every answer we get is the one that it describes."""

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_schema_validator import validate as validate_value
from openapi_spec_validator import validate
from quart import Quart

from core.desk import Desk
from tests.web.api.program import OPENID, Program, Wrote
from web.app import create_app
from web.auth import guard_of


@pytest.fixture
async def document(stranger: Program) -> Any:
    answer = await stranger.ask("GET", "/api/v1/openapi.json")
    assert answer.status == 200
    return answer.body


@pytest.fixture
def app(desk: Desk) -> Quart:
    return create_app(desk)


def operations(document: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation) for path, found in document["paths"].items() for method, operation in found.items()
    ]


async def test_the_document_is_valid_openapi(document: Any) -> None:
    validate(document)


async def test_the_document_holds_every_view_of_the_api_and_no_other(app: Quart, document: Any) -> None:
    ours = {
        (rule.rule.replace("<uuid:", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in operations(document)} == ours
    assert all(path.startswith("/api/v1/") for path, _, _ in operations(document))


async def test_each_operation_names_its_scope_and_says_what_it_is_for(app: Quart, document: Any) -> None:
    scopes = {
        rule.rule.replace("<uuid:", "{").replace(">", "}") + method.lower(): guard_of(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in rule.methods or set()
    }
    for path, method, operation in operations(document):
        assert operation["security"] == [{"token": [scopes[path + method].scope]}]
        assert operation["summary"]
        assert {"401", "403", "500", "503"} <= set(operation["responses"])


async def test_whatever_takes_a_body_documents_how_it_can_be_wrong(document: Any) -> None:
    for _, _, operation in operations(document):
        if "requestBody" in operation:
            assert {"400", "413", "422"} <= set(operation["responses"])


async def test_whatever_names_a_record_documents_that_it_may_be_missing(document: Any) -> None:
    for path, _, operation in operations(document):
        assert ("{" in path) == ("404" in operation["responses"])


async def test_what_is_answered_is_what_the_document_describes(document: Any, program: Program, wrote: Wrote) -> None:
    line = await wrote(text="空调不制冷了")
    conversation, contact = f"/api/v1/conversations/{line.conversation_id}", f"/api/v1/contacts/{line.contact_id}"
    key, said = {"Idempotency-Key": "order-1001"}, {"text": "师傅明天上午到"}
    await _asked(document, program, "GET", "/api/v1/conversations")
    await _asked(document, program, "GET", conversation, "/api/v1/conversations/{conversation_id}")
    template = "/api/v1/conversations/{conversation_id}/replies"
    await _asked(document, program, "POST", f"{conversation}/replies", template, headers=key, json=said)
    template = "/api/v1/conversations/{conversation_id}/messages"
    await _asked(document, program, "GET", f"{conversation}/messages", template)
    await _asked(document, program, "GET", contact, "/api/v1/contacts/{contact_id}")
    await _asked(document, program, "PATCH", contact, "/api/v1/contacts/{contact_id}", json={"name": "王示例"})
    await _asked(document, program, "POST", "/api/v1/contacts/search", json={"find": OPENID})
    await _asked(document, program, "POST", "/api/v1/contacts/search", json={"find": ""})


async def _asked(document: Any, program: Program, method: str, path: str, template: str = "", **given: Any) -> None:
    """Ask, and hold the answer against its description."""
    answer = await program.ask(method, path, **given)
    told = document["paths"][template or path][method.lower()]["responses"][str(answer.status)]
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
    schema = told["content"]["application/json"]["schema"] | {"components": document["components"]}
    validate_value(answer.body, schema, cls=OAS31Validator)
