"""The sandbox's own clock: tests move it forward to close windows and to age tokens and media."""

import time


class Clock:
    """Unix time in seconds, never behind the machine's."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def forward(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raise `ValueError` for a step back."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._ahead += seconds

    def reset(self) -> None:
        """Back to the machine's time."""
        self._ahead = 0.0
