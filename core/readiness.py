"""Whether this process can do its work: the database answers and has every table; the bell is told but not required."""

import pkgutil
from dataclasses import dataclass

from tortoise.exceptions import OperationalError

from core import database, migrations
from core.desk import Desk


@dataclass(frozen=True, slots=True)
class Readiness:
    """What answers. Without the bell (Redis) everything works, up to a sweep later."""

    database: bool
    migrated: bool
    bell: bool

    @property
    def ready(self) -> bool:
        return self.database and self.migrated


async def readiness(desk: Desk) -> Readiness:
    """Ask the database and the bell; bounded to a few seconds."""
    answers = await database.reachable()
    return Readiness(answers, answers and await _migrated(), await desk.bell.reachable())


async def _migrated() -> bool:
    """Every migration of this version has been applied; a newer version may have applied more."""
    ours = {name for _, name, _ in pkgutil.iter_modules(migrations.__path__)}
    try:
        rows = await database.rows("SELECT name FROM tortoise_migrations WHERE app = 'core'")
    except OperationalError:
        return False
    return ours <= {row["name"] for row in rows}
