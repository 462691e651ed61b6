"""The HTTP application: the providers' APIs, /control, kept files and the page."""

from collections.abc import Mapping

from quart import Quart, Response, render_template, request

from sandbox.control import Control
from sandbox.gateway.api import GatewayApi
from sandbox.gateway.network import GatewayNetwork
from sandbox.hooks import Hooks
from sandbox.mail.post import MailPost
from sandbox.provider import Provider
from sandbox.twilio.api import TwilioApi
from sandbox.twilio.network import TwilioNetwork
from sandbox.wechat.api import WeChatApi
from sandbox.wechat.platform import WeChatPlatform
from sandbox.world import World

POLICY = "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'"
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/", "application/pdf")
"""Files that may open in the browser; every other type is only handed over to be saved."""


class Providers:
    """All of them, by name and by channel."""

    def __init__(self, world: World, hooks: Hooks) -> None:
        self.wechat = WeChatPlatform(world, hooks)
        self.sms = TwilioNetwork(world, hooks)
        self.sms_cn = GatewayNetwork(world, hooks)
        self.email = MailPost(world, hooks)
        self.by_channel: Mapping[str, Provider] = {
            "wechat": self.wechat,
            "sms": self.sms,
            "sms_cn": self.sms_cn,
            "email": self.email,
        }


def application(world: World, hooks: Hooks, providers: Providers) -> Quart:
    """Everything behind the gate."""
    app = Quart("sandbox", template_folder="pages", static_folder="static", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = 48 * 1024 * 1024
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    wechat = providers.wechat
    app.register_blueprint(WeChatApi(world, wechat.accounts, wechat.report_template).routes())
    app.register_blueprint(TwilioApi(world, providers.sms).routes())
    app.register_blueprint(GatewayApi(world, providers.sms_cn).routes())
    app.register_blueprint(Control(world, hooks, providers.by_channel).routes())

    @app.get("/")
    async def page() -> Response:
        response = Response(await render_template("phone.html"), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.get("/media/<key>")
    async def media(key: str) -> Response:
        return _file(world, key)

    @app.before_request
    async def only_our_page() -> Response | None:
        """Other sites' pages in the same browser may not drive the sandbox."""
        origin = request.headers.get("Origin")
        if request.path.startswith("/control/") and origin not in {None, request.host_url.rstrip("/")}:
            return Response("other origins may not call this", 403)
        return None

    return app


def _file(world: World, key: str) -> Response:
    file = world.files.get(key, world.clock.now())
    if file is None:
        return Response("这个文件已经过期", 404, content_type="text/plain; charset=utf-8")
    shown = file.content_type.startswith(SHOWN)
    response = Response(file.content, content_type=file.content_type if shown else "application/octet-stream")
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=3600"
    if not shown:
        response.headers["Content-Disposition"] = "attachment"
    return response
