"""The inbox's pages."""

from quart import Blueprint, render_template

from web.auth import allow

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")


@blueprint.get("/")
@allow("agent", "supervisor")
async def inbox() -> str:
    return await render_template("layout.html")
