"""`./dev migrate`: bring the database to this version."""

import argparse
import asyncio
import os

from commands.embedded.home import Home
from commands.paths import var
from core import database, settings

HELP = "bring the database to this version"


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(given: argparse.Namespace) -> int:
    """Where DATABASE_URL says, or in whatever `./dev run` runs right now."""
    del given
    configured = settings.load(Home(var()).published() | dict(os.environ))
    asyncio.run(database.migrate(configured.database_url))
    return 0
