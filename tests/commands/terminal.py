"""`./dev …` as somebody types it: a process of its own against the test's database."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """Runs commands. Nothing is a terminal here: questions cannot be asked."""

    environment: Mapping[str, str]

    async def dev(self, *words: str, stdin: str = "") -> Said:
        """Run `./dev <words>` without the script's care for the environment."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "commands", *words,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **self.environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(stdin.encode())
        return Said(process.returncode or 0, out.decode(), err.decode())
