"""Waiting for what other processes do, and what they leave to be seen."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from commands import process

PATIENCE = 30.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition; fail when it does not come true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


async def until(condition: Callable[[], object], what: str) -> None:
    """The same, while the event loop goes on."""
    await asyncio.to_thread(wait_until, condition, what)


class Heard(list[tuple[str, str]]):
    """What a supervisor said, by whom."""

    def __call__(self, who: str, text: str) -> None:
        self.append((who, text))

    def by(self, who: str) -> list[str]:
        return [text for each, text in self if each == who]


def recorded(home: Path) -> list[process.Identity]:
    """The processes noted in a home, whoever holds it."""
    found = [process.read(record) for record in sorted(home.glob("*.process"))]
    return [each for each in found if each]
