"""The OpenAPI document is valid, complete, and every answer we get is the one that it describes."""

from typing import Any

import pytest
from openapi_spec_validator import validate
from quart import Quart

from core.desk import Desk
from tests.web.api.program import Program
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
