"""Lines for the person at the terminal: each begins with the name of who says it."""

import os
import sys
from contextlib import suppress

COLOURS = {"web": 36, "worker": 35, "sandbox": 33, "postgres": 34, "valkey": 31}
WIDTH = 8


def say(who: str, text: str) -> None:
    """Print one line; whoever is gone from the other end of the pipe does not stop us."""
    name = f"{who:<{WIDTH}}"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        name = f"\033[{COLOURS.get(who, 2)}m{name}\033[0m"
    with suppress(OSError):
        print(f"{name} {text}", flush=True)
