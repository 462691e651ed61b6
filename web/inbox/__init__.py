"""The agents' inbox."""

from web.inbox.views import blueprint

__all__ = ["blueprint"]
