"""What every process of the product holds: settings, opened keys, the channels' facts, and the bell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core import database
from core.bell import Bell
from core.messages import ChannelFacts
from core.privacy.keyring import BlindIndex, Keyring
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """The open desk. Functions of the core take it first."""

    settings: Settings = field(repr=False)
    keyring: Keyring = field(repr=False)
    index: BlindIndex = field(repr=False)
    facts: Mapping[str, ChannelFacts]
    bell: Bell = field(repr=False)


async def open_desk(settings: Settings, facts: Mapping[str, ChannelFacts]) -> Desk:
    """Connect the database, load the keys, hang up the bell. The database must be migrated."""
    await database.connect(settings.database_url)
    keyring = Keyring(settings.root_key)
    index = BlindIndex(await keyring.system("index"))
    return Desk(settings, keyring, index, facts, Bell.at(settings.redis_url))


async def close_desk(desk: Desk) -> None:
    """Let go of everything."""
    await desk.bell.close()
    await database.disconnect()
