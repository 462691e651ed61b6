"""What went wrong, as a page, a piece of a page or JSON: in Chinese, with the right status, and telling nothing."""

import structlog
from quart import Quart, Response, has_request_context, jsonify, request
from werkzeug.exceptions import HTTPException

from core import database
from core.errors import NotAllowed, NotFound
from web.api.errors import error
from web.render import page

log = structlog.get_logger(__name__)

WORDS = {
    400: ("请求的内容不对", "请返回上一页检查后再试。"),
    401: ("请先登录", "登录已失效，请重新登录。"),
    403: ("没有权限", "你的账号不能进行这个操作。如果需要，请联系管理员。"),
    404: ("找不到这个页面", "链接可能已经失效，或者内容已被移走。"),
    405: ("不支持这样的请求", "请返回上一页再试。"),
    408: ("上传超时", "网络可能不太稳定，请再试一次。"),
    409: ("现在不能这样做", "内容可能已经变化，请刷新后再试。"),
    413: ("内容太大了", "请减少文字，或者换小一些的文件。"),
    415: ("不支持这种格式", "请换一种格式再试。"),
    429: ("操作太频繁", "请过一会儿再试。"),
    500: ("系统出了点问题", "我们已经记下了这个问题，请稍后再试。"),
    503: ("系统暂时连不上", "正在恢复，请过几秒再试。"),
}


def register(app: Quart) -> None:
    """Answer every error of the app."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(NotAllowed, _not_allowed)
    for away in database.AWAY:
        app.register_error_handler(away, _away)
    app.register_error_handler(Exception, _unexpected)


async def answer(status: int, reason: str = "") -> Response:
    """The error in the form that the caller reads."""
    if not has_request_context():
        return Response("", status)  # a WebSocket that was not let in
    if request.path.startswith("/api/"):
        return error(status, reason)
    title, advice = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    advice = reason or advice
    if request.headers.get("Accept") == "application/json":
        return _for_scripts(status, advice)
    template = "error_piece.html" if "HX-Request" in request.headers else "error.html"
    return await page(template, status, code=status, title=title, advice=advice)


def _for_scripts(status: int, advice: str) -> Response:
    """What our own scripts show beside the field."""
    response = jsonify({"error": {"message": advice}})
    response.status_code = status
    return response


async def _http(problem: HTTPException) -> Response:
    response = await answer(problem.code or 500)
    for name, value in problem.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


async def _not_found(problem: NotFound) -> Response:
    return await answer(404, problem.reason)


async def _not_allowed(problem: NotAllowed) -> Response:
    return await answer(409, problem.reason)


async def _away(problem: Exception) -> Response:
    if has_request_context():  # else it is a browser that left while it was being told something
        log.warning("database away", problem=type(problem).__name__)
    response = await answer(503)
    response.headers["Retry-After"] = "3"
    return response


async def _unexpected(problem: Exception) -> Response:
    route = str(request.url_rule) if has_request_context() else "/live"
    log.error("request failed", exc_info=problem, route=route)
    return await answer(500)
