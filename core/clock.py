"""The time, from one place, so that tests can hold it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_held: datetime | None = None


def now() -> datetime:
    """The current time, in UTC."""
    return _held or datetime.now(UTC)


def read(text: str) -> datetime:
    """A moment with its zone, as ISO 8601 writes it. Raise `ValueError`, also for one that UTC has no year for."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a moment without a zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment beyond all years") from None


@contextmanager
def held(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment, for tests."""
    global _held
    before, _held = _held, moment
    try:
        yield
    finally:
        _held = before
