"""The Quart app: pages for people, the API for programs. Providers' calls take another door (`web.hooks`)."""

from quart import Quart

from core.desk import Desk
from web import admin, api, assets, errors, headers, health, shown
from web.auth import LARGEST, guard_app
from web.here import visitor
from web.inbox import blueprint as inbox
from web.live import Live
from web.live import blueprint as live
from web.login import blueprint as login
from web.nav import nav_of


def create_app(desk: Desk) -> Quart:
    """The app for an open desk."""
    app = Quart(__name__, template_folder="pages", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST, MAX_FORM_MEMORY_SIZE=512 * 1024, MAX_FORM_PARTS=100)
    app.extensions["desk"] = desk
    app.url_map.strict_slashes = False
    health.measure(app)
    guard_app(app)
    headers.register(app, desk.settings)
    errors.register(app)
    _dress(app)
    for each in (assets.blueprint, login, inbox, live, health.blueprint, api.blueprint, admin.blueprint):
        app.register_blueprint(each)
    api.document(app)
    _keep_live(app, Live(desk.bell))
    return app


def _dress(app: Quart) -> None:
    """What every template may use."""
    app.jinja_env.globals["asset"] = assets.asset
    app.jinja_env.filters.update(ago=shown.ago, clock=shown.clock, moment=shown.moment, size=shown.size, day=shown.day)
    app.jinja_env.filters["mark"] = shown.mark
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    async def around() -> dict[str, object]:
        who = visitor()
        return {"me": who, "nav": nav_of(who) if who else []}


def _keep_live(app: Quart, hub: Live) -> None:
    app.extensions["live"] = hub
    app.before_serving(hub.start)
    app.after_serving(hub.stop)
