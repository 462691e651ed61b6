"""Coming in and going out: the login, one-time links, logging out, one's own password."""

from urllib.parse import urlsplit

from quart import Blueprint, redirect, request

from core.errors import NotAllowed
from core.staff import links, sessions
from web import auth
from web.auth import everybody, public
from web.here import desk, me, visitor
from web.nav import nav_of
from web.render import Answer, page

blueprint = Blueprint("login", __name__)


@blueprint.get("/")
@everybody
async def start() -> Answer:
    """To where this person works."""
    places = nav_of(me())
    return redirect(places[0].href if places else "/me/password", code=303)


@blueprint.get("/login")
@public
async def login_page() -> Answer:
    """Ask who it is; somebody who is logged in goes on."""
    onward = _onward(request.args.get("next", ""))
    if visitor() is not None:
        return redirect(onward, code=303)
    return await page("login.html", next=onward, login="", error="")


@blueprint.post("/login")
@public
async def login() -> Answer:
    """Check the password and begin a session."""
    form = await request.form
    onward, given = _onward(form.get("next", "")), form.get("login", "")
    try:
        token = await sessions.log_in(desk(), given, form.get("password", ""))
    except NotAllowed as problem:
        return await page("login.html", 422, next=onward, login=given[:60], error=problem.reason)
    return auth.log_in(redirect(onward, code=303), token)


@blueprint.post("/logout")
@everybody
async def logout() -> Answer:
    """End the session, here and on the server."""
    await sessions.log_out(me())
    return auth.log_out(redirect("/login", code=303))


@blueprint.get("/enter/<token>")
@public
async def link_page(token: str) -> Answer:
    """Show whose link this is. Looking does not use it up: mail scanners and chats look, too."""
    link = await links.look(desk(), token)
    return await page("enter.html", link=link, error="")


@blueprint.post("/enter/<token>")
@public
async def use_link(token: str) -> Answer:
    """Use the link up: an invited person chooses a password, anybody else may, and is let in either way."""
    form = await request.form
    password = form.get("password", "")
    link = await links.look(desk(), token)
    try:
        if password != form.get("again", ""):
            raise NotAllowed("两次输入的密码不一样")
        staff_id = await links.use(desk(), token, password)
    except NotAllowed as problem:
        return await page("enter.html", 422, link=link, error=problem.reason)
    return auth.log_in(redirect("/", code=303), await sessions.begin(staff_id))


@blueprint.get("/me/password")
@everybody
async def password_page() -> Answer:
    """One's own password."""
    return await page("password.html", error="", done=False)


@blueprint.post("/me/password")
@everybody
async def change_password() -> Answer:
    """Change it; every other browser of this person is logged out."""
    form = await request.form
    try:
        if form.get("password", "") != form.get("again", ""):
            raise NotAllowed("两次输入的新密码不一样")
        await sessions.change_password(me(), form.get("old", ""), form.get("password", ""))
    except NotAllowed as problem:
        return await page("password.html", 422, error=problem.reason, done=False)
    return await page("password.html", error="", done=True)


def _onward(path: str) -> str:
    """Where to go after the login: a path of ours, never another site."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    ours = path.startswith("/") and not parts.netloc and "\\" not in path and not path.startswith(("//", "/login"))
    return parts.path if ours else "/"
