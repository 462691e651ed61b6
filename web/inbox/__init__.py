"""The agents' inbox: looking (`views`), acting (`acts`), and who is who (`people`)."""

from web.inbox import acts, people, views
from web.inbox.blueprint import blueprint

__all__ = ["acts", "blueprint", "people", "views"]
