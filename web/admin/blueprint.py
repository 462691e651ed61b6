"""The administrators' part: who may look (administrators, auditors) and who may act (administrators)."""

from quart import Blueprint, redirect

from web.auth import allow
from web.render import Answer

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

admins = allow("admin")
readers = allow("admin", "auditor")


@blueprint.get("")
@readers
async def start() -> Answer:
    """To the channels, which is what administrators look at first."""
    return redirect("/admin/channels", code=303)
