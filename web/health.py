"""For whoever watches over us: alive, ready, and numbers."""

import asyncio
import time
from ipaddress import ip_address

from prometheus_client import CONTENT_TYPE_LATEST
from quart import Blueprint, Quart, Response, g, jsonify, request

from core import metrics
from core.backlog import backlog, recent
from core.readiness import readiness
from web.auth import bearer, public
from web.here import desk

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
async def alive() -> Response:
    """This process answers. Says nothing about what it needs: a restart would not bring a database back."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/readyz")
@public
async def ready() -> Response:
    """200 while requests can be served, else 503. Redis is told about, but not needed."""
    found = await readiness(desk())
    told = {"database": found.database, "migrated": found.migrated, "redis": found.bell}
    response = jsonify({"ready": found.ready} | told)
    response.status_code = 200 if found.ready else 503
    return response


@blueprint.get("/metrics")
@public
async def numbers() -> Response:
    """Prometheus' format; from this machine itself, or with a token whose scope is `metrics`."""
    if not _from_here():
        await bearer("metrics")
    waiting, lately = await asyncio.gather(backlog(), recent())
    return Response(metrics.exposition(waiting, lately), content_type=CONTENT_TYPE_LATEST)


def _from_here() -> bool:
    """A caller on this machine, and not a proxy on it that speaks for somebody else."""
    if {"X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via"} & set(request.headers.keys()):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def measure(app: Quart) -> None:
    """Count every request of the app."""

    @app.before_request
    async def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    async def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "-"
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        metrics.answered(route, request.method, response.status_code, seconds)
        return response
