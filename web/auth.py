"""Who may: every view says so with `@public`, `@allow(role, …)` or `@scope(…)`; one that says nothing is refused.

Forged requests are kept out twice: the session's cookie is SameSite=Lax, and an unsafe request must come from a page of
ours (Sec-Fetch-Site, or Origin where a browser does not send that).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from quart import Quart, current_app, g, redirect, request, websocket
from quart.wrappers import Request, Websocket
from werkzeug.exceptions import Forbidden, RequestEntityTooLarge, Unauthorized
from werkzeug.wrappers import Response

from core.staff import sessions, tokens
from core.staff.accounts import Role
from core.staff.sessions import Me
from web.here import desk

View = TypeVar("View", bound=Callable[..., Any])

SAFE = {"GET", "HEAD", "OPTIONS"}
LARGEST = 32 * 1024 * 1024
"""Bytes of any request: a reply with its files."""

USUAL_SIZE = 1024 * 1024
"""Bytes of a request where the view does not say otherwise (`@largest`)."""

BACKGROUND = "Yingda-Background"
"""Sent by pages that look for news on their own: such a request does not keep a session from going idle."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may call a view, and how large the call may be."""

    public: bool = False
    roles: frozenset[Role] = frozenset()
    scope: str = ""
    largest: int = USUAL_SIZE

    @property
    def set(self) -> bool:
        return self.public or bool(self.roles) or bool(self.scope)


def public(view: View) -> View:
    """Anybody may."""
    return _mark(view, replace(guard_of(view), public=True))


def allow(*roles: str) -> Callable[[View], View]:
    """People who are logged in with one of these roles may."""
    return lambda view: _mark(view, replace(guard_of(view), roles=frozenset(Role(each) for each in roles)))


everybody = allow(*Role)
"""Whoever is logged in may."""


def scope(name: str) -> Callable[[View], View]:
    """Programs whose bearer token has this scope may."""
    return lambda view: _mark(view, replace(guard_of(view), scope=name))


def largest(size: int) -> Callable[[View], View]:
    """The view takes requests of up to `size` bytes."""
    return lambda view: _mark(view, replace(guard_of(view), largest=size))


def guard_of(view: Callable[..., Any] | None) -> Guard:
    """What a view says about who may; an empty guard, which lets nobody in, if it says nothing."""
    found: Guard = getattr(view, "__dict__", {}).get("guard", Guard())
    return found


def _mark(view: View, guard: Guard) -> View:
    view.__dict__["guard"] = guard
    return view


def cookie_name() -> str:
    """`__Host-` makes browsers insist on Secure, this host only, the whole site."""
    return "__Host-yingda" if desk().settings.secure else "yingda"


def log_in(response: Response, session_token: str) -> Response:
    """Hand a session to the browser."""
    response.set_cookie(
        cookie_name(),
        session_token,
        max_age=int(sessions.LONGEST.total_seconds()),
        secure=desk().settings.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def log_out(response: Response) -> Response:
    """Take the session from the browser."""
    response.delete_cookie(cookie_name(), path="/", secure=desk().settings.secure, httponly=True, samesite="Lax")
    return response


async def current(call: Request | Websocket, touch: bool) -> Me | None:
    """Whose session came with this call."""
    kept = call.cookies.get(cookie_name(), "")
    return await sessions.who(desk(), kept, touch=touch) if kept else None


def same_origin(call: Request | Websocket) -> bool:
    """Whether a page of ours made this call."""
    site = call.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    return _origin(call) == call.host


def _origin(call: Request | Websocket) -> str:
    """The host and port that the call says it comes from; empty if it does not say, or nothing that could be one."""
    try:
        return urlsplit(call.headers.get("Origin", "")).netloc
    except ValueError:
        return ""


def guard_app(app: Quart) -> None:
    """Stand before every view of the app."""
    app.before_request(_admit)
    app.before_websocket(_admit_socket)


async def _admit() -> Response | None:
    if request.routing_exception is not None:
        return None
    guard = guard_of(current_app.view_functions.get(request.endpoint or ""))
    if not guard.set:
        raise Forbidden
    _bound_size(guard.largest)
    if guard.scope:
        g.token = await bearer(guard.scope)
        return None
    if request.method not in SAFE and not same_origin(request):
        raise Forbidden
    g.me = await current(request, touch=BACKGROUND not in request.headers)
    return None if guard.public else _check_roles(guard)


def _check_roles(guard: Guard) -> Response | None:
    if g.me is None:
        return _to_login()
    if not g.me.roles & guard.roles:
        raise Forbidden
    return None


async def _admit_socket() -> None:
    guard = guard_of(current_app.view_functions.get(websocket.endpoint or ""))
    here: Websocket = websocket._get_current_object()  # type: ignore[attr-defined]
    if not guard.set or _origin(here) != here.host:
        raise Forbidden
    g.me = await current(here, touch=False)
    if not guard.public and (g.me is None or not g.me.roles & guard.roles):
        raise Forbidden


def _bound_size(most: int) -> None:
    """Quart starts reading before it knows the view, up to the app's limit; this is the view's own."""
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    request.body._max_content_length = most
    request.max_content_length = most


async def bearer(wanted: str) -> tokens.TokenView:
    """The token that came with this request. Raise 401 without one that works, 403 without the scope."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    found = await tokens.find(secret.strip()) if kind.lower() == "bearer" and secret else None
    if found is None:
        raise Unauthorized
    if wanted not in found.scopes:
        raise Forbidden
    return found


def _to_login() -> Response:
    """Pages go to the login and come back; what a page fetches says 401 and where to go."""
    if "HX-Request" not in request.headers and request.method == "GET" and BACKGROUND not in request.headers:
        return redirect(f"/login?next={quote(request.path)}", code=303)
    return Response("", 401, {"HX-Redirect": "/login"})
