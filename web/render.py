"""A template as an answer."""

from quart import Response, render_template
from werkzeug.wrappers import Response as Redirect

Answer = Response | Redirect
"""What a view gives back: a page, or the way to another one."""


async def page(template: str, status: int = 200, /, **values: object) -> Response:
    """Render a template of `web/pages`."""
    return Response(await render_template(template, **values), status, content_type="text/html; charset=utf-8")
