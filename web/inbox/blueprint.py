"""Where the inbox's views hang."""

from quart import Blueprint

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")
