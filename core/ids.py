"""Identifiers are made by us: UUIDv7, so that they sort by when they were made."""

from uuid import UUID

from uuid6 import uuid7


def new_id() -> UUID:
    """A new identifier; within a process each is greater than the one before."""
    return UUID(int=uuid7().int)
