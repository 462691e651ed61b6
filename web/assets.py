"""The files of our pages. Each is addressed with the digest of its content, so that browsers keep it for ever."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from quart import Blueprint, Response, abort, request

from web.auth import public

blueprint = Blueprint("assets", __name__)

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@cache
def htmx() -> Path:
    """htmx 2, which travels in a wheel; found without importing the wheel, which would want Django."""
    spec = find_spec("django_htmx")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("django-htmx is not installed: requirements/assets.txt")
    return Path(spec.submodule_search_locations[0]) / "static" / "django_htmx" / "htmx-2.min.js"


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """Every file by its name: content, type, digest. Read once."""
    found = {each.relative_to(FOLDER).as_posix(): each for each in FOLDER.rglob("*") if each.suffix in TYPES}
    found["vendor/htmx.min.js"] = htmx()
    read = {name: path.read_bytes() for name, path in found.items()}
    return {
        name: (body, TYPES[found[name].suffix], hashlib.sha256(body).hexdigest()[:12]) for name, body in read.items()
    }


def asset(name: str) -> str:
    """The address of a file; `KeyError` if there is none, which a test of any page finds."""
    return f"/static/{name}?v={files()[name][2]}"


@blueprint.get("/static/<path:name>")
@public
async def serve(name: str) -> Response:
    """One file. Only an address with the present digest is kept: one from before an update is asked for again."""
    if name not in files():
        abort(404)
    body, content_type, digest = files()[name]
    present = request.args.get("v") == digest
    kept = "public, max-age=31536000, immutable" if present else "no-cache"
    return Response(body, content_type=content_type, headers={"Cache-Control": kept})
