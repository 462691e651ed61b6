"""What programs hear when something is wrong: `{"error": {"code", "message", "fields"}}`, the words in Chinese."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from quart import Response, jsonify
from quart_schema import RequestSchemaValidationError

SAID: dict[int, tuple[str, str]] = {
    400: ("bad_request", "请求不是有效的 JSON"),
    401: ("unauthorized", "缺少令牌，或者令牌不对、已过期、已停用"),
    403: ("forbidden", "这个令牌没有需要的权限"),
    404: ("not_found", "没有这个地址或这条记录"),
    405: ("method_not_allowed", "这个地址不支持这种请求"),
    408: ("timeout", "请求没有在规定的时间内传完"),
    409: ("refused", "现在不能这样做"),
    413: ("too_large", "请求太大"),
    422: ("invalid", "有字段不符合要求"),
    500: ("internal", "系统出了问题，我们已经记下"),
    503: ("unavailable", "系统暂时连不上，请几秒后再试"),
}

PROBLEMS = {
    "missing": "必须填写",
    "extra_forbidden": "没有这个字段",
    "string_type": "应为文本",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "uuid_parsing": "应为 UUID",
    "uuid_type": "应为 UUID",
    "int_parsing": "应为整数",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
    "literal_error": "不是允许的值",
    "model_type": "应为一个对象",
    "model_attributes_type": "应为一个对象",
}


class ErrorDetail(BaseModel):
    """What is wrong."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="Stable; for programs", examples=["not_found"])
    message: str = Field(description="zh-CN; for people. Never quotes what was sent")
    fields: dict[str, str] | None = Field(default=None, description="With 422: what is wrong, by field")


class ErrorAnswer(BaseModel):
    """The body of every answer with a status of 400 or more."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorDetail


def error(status: int, reason: str = "", fields: dict[str, str] | None = None) -> Response:
    """The answer for a status; `reason` is written to be shown."""
    code, words = SAID.get(status, SAID[500 if status >= 500 else 400])
    told = ErrorAnswer(error=ErrorDetail(code=code, message=reason or words, fields=fields))
    response = jsonify(told.model_dump(mode="json", exclude_none=True))
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def invalid(problem: RequestSchemaValidationError) -> Response:
    """A query, header or body that does not fit its model."""
    wrong = problem.validation_error
    return error(422, fields=_fields(wrong) if isinstance(wrong, ValidationError) else None)


def _fields(problem: ValidationError) -> dict[str, str]:
    """Sentences by field; only what was wrong, never what was given."""
    found: dict[str, Any] = {}
    for each in problem.errors(include_input=False, include_url=False, include_context=False):
        name = ".".join(str(part) for part in each["loc"]) or "body"
        found[name[:60]] = PROBLEMS.get(each["type"], "格式不对")
    return found
