"""The OpenAPI document of /api/v1: what quart-schema reads from the views, plus who may, and every error."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from quart import Quart
from quart_schema import Info, QuartSchema
from quart_schema.openapi import HttpSecurityScheme, OpenAPIProvider
from werkzeug.routing import BaseConverter, Rule, UUIDConverter

from web.api.errors import SAID, ErrorAnswer
from web.auth import guard_of

View = TypeVar("View", bound=Callable[..., Any])

ALWAYS = (401, 403, 500, 503)
"""What any call may be answered with, whatever it asks for."""

ABOUT = """Conversations, messages and contacts of the desk, for programs.

A token comes from `./dev token add NAME --scope read --days 30` and goes into `Authorization: Bearer …`. Each
operation names the scope that it needs. Personal data comes masked. Times are UTC (RFC 3339)."""


def errors(*statuses: int) -> Callable[[View], View]:
    """Say which errors a view may answer with, besides `ALWAYS`."""

    def mark(view: View) -> View:
        view.__dict__["errors"] = statuses
        return view

    return mark


class Provider(OpenAPIProvider):
    """Only our API, with what quart-schema cannot know."""

    def generate_rules(self) -> Iterable[Rule]:
        return (rule for rule in super().generate_rules() if rule.endpoint.startswith("api."))

    def build_path_parameter(self, name: str, converter: BaseConverter) -> dict[str, Any]:
        parameter = super().build_path_parameter(name, converter)
        if isinstance(converter, UUIDConverter):
            parameter["schema"]["format"] = "uuid"
        return parameter

    def build_headers_parameters(self, model: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        parameters, components = super().build_headers_parameters(model)
        return [each | {"required": True} for each in parameters], components

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        view = self._app.view_functions[rule.endpoint]
        for path in paths.values():
            for operation in path.values():
                operation["security"] = [{"token": [guard_of(view).scope]}]
                told = {str(status): answer for status, answer in operation["responses"].items()}
                operation["responses"] = (told or {"204": {"description": "Done"}}) | {
                    str(status): {"$ref": f"#/components/responses/{SAID[status][0]}"}
                    for status in (*ALWAYS, *view.__dict__.get("errors", ()))
                }
        return paths, components

    def schema(self) -> dict[str, Any]:
        found = super().schema()
        parts = ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
        found["components"]["schemas"] |= parts.pop("$defs") | {"ErrorAnswer": parts}
        found["components"]["responses"] = {code: _error(words) for code, words in SAID.values()}
        return found


def _error(words: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}
    return {"description": words, "content": content}


def document(app: Quart) -> None:
    """Make the document for an app; the view that serves it is one of ours."""
    QuartSchema(
        app,
        openapi_path=None,
        info=Info(title="应答 API", version="1", description=ABOUT),
        security_schemes={"token": HttpSecurityScheme(scheme="bearer")},
        openapi_provider_class=Provider,
        conversion_preference="pydantic",
    )
