"""Pages for administrators and auditors."""

from web.admin import audit, channels, staff, system
from web.admin.blueprint import blueprint

__all__ = ["audit", "blueprint", "channels", "staff", "system"]
