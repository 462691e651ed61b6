"""/api/v1, for programs."""

from web.api.document import document
from web.api.views import blueprint

__all__ = ["blueprint", "document"]
