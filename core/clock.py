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


@contextmanager
def held(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment, for tests."""
    global _held
    before, _held = _held, moment
    try:
        yield
    finally:
        _held = before
