"""What a view finds around it: the open desk, and who is logged in."""

from quart import current_app, g
from werkzeug.exceptions import Unauthorized

from core.desk import Desk
from core.staff.sessions import Me
from core.staff.tokens import TokenView


def desk() -> Desk:
    """The desk that this app was made for."""
    found: Desk = current_app.extensions["desk"]
    return found


def visitor() -> Me | None:
    """Who is logged in, if anybody."""
    found: Me | None = g.get("me")
    return found


def me() -> Me:
    """Who is logged in; for views that let only people with a role in."""
    found = visitor()
    if found is None:
        raise Unauthorized
    return found


def token() -> TokenView:
    """The program's token; for views that are guarded by a scope."""
    found: TokenView | None = g.get("token")
    if found is None:
        raise Unauthorized
    return found
