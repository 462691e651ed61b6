"""Keeps programs running: each its own child, started again when it ends, stopped in the reverse order of starting.

Children are started from the main thread only: the kernel's notice of a parent's death (see `child`) is bound to
the thread that started them. Each has a session of its own, so that Ctrl-C reaches us alone and we choose the order.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from commands.paths import ROOT

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_LINE = 1 << 20
LONGEST_DELAY = 30.0
STEADY = 30.0
"""Seconds after which a program counts as running well: the next restart is quick again."""


@dataclass(frozen=True)
class Program:
    """Something to keep running. Its lines go to `log` where one is named, else to the terminal."""

    name: str
    command: tuple[str, ...]
    record: Path
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    log: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    """What it gets when we are killed. A database wants a softer one."""
    patience: float = 5.0
    """Seconds between asking it to end and killing it."""


class Supervisor:
    def __init__(self, say: Callable[[str, str], None]) -> None:
        self._say = say
        self._kept: list[tuple[Program, asyncio.Task[None]]] = []

    def keep(self, program: Program) -> None:
        """Start a program and keep it running until `stop`."""
        self._kept.append((program, asyncio.create_task(self._keep(program))))

    async def stop(self) -> None:
        """End everything, the last started first."""
        while self._kept:
            _, task = self._kept.pop()
            task.cancel()
            await asyncio.wait([task])

    async def once(self, program: Program) -> int:
        """Run a program to its end and return its exit code."""
        child = await _start(program)
        lines = asyncio.create_task(self._pass_on(program, child))
        try:
            code = await child.wait()
            await asyncio.wait([lines], timeout=1)
            return code
        finally:
            lines.cancel()
            await _end(program, child)

    async def _keep(self, program: Program) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                happened = _ending(await self.once(program))
            except OSError as problem:
                happened = f"cannot be started: {problem.strerror}"
            failures = 1 if time.monotonic() - began > STEADY else failures + 1
            delay = min(LONGEST_DELAY, 0.5 * 2 ** (failures - 1))
            self._say(program.name, f"{happened}{_where(program)}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)

    async def _pass_on(self, program: Program, child: asyncio.subprocess.Process) -> None:
        while child.stdout:
            try:
                line = await child.stdout.readline()
            except ValueError:  # longer than LONGEST_LINE: dropped, the rest goes on
                continue
            if not line:
                return
            self._say(program.name, line.decode(errors="replace").rstrip())


async def _start(program: Program) -> asyncio.subprocess.Process:
    launcher = [sys.executable, "-m", "commands.child", str(os.getpid()), str(int(program.orphan_signal))]
    log = program.log.open("ab") if program.log else None
    try:
        return await asyncio.create_subprocess_exec(
            *launcher,
            str(program.record),
            *program.command,
            cwd=ROOT,
            env=program.environ,
            stdin=subprocess.DEVNULL,
            stdout=log or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            limit=LONGEST_LINE,
        )
    finally:
        if log:
            log.close()


async def _end(program: Program, child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.send_signal(program.stop_signal)
        ending = asyncio.create_task(child.wait())
        # Not asyncio.timeout: in a task that is being cancelled, as ours is, it does not say so before Python 3.11.5.
        if not (await asyncio.wait([ending], timeout=program.patience))[0]:
            os.killpg(child.pid, signal.SIGKILL)
        await ending
    program.record.unlink(missing_ok=True)


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _where(program: Program) -> str:
    return f" (see {program.log})" if program.log else ""


def until_stopped(serving: Coroutine[None, None, int], stopped: int = 0) -> int:
    """Run to the end, or to the first Ctrl-C, SIGTERM or hang-up: that one cancels, later ones cannot hurry it.

    `stopped` is the exit code for that case: where running is the purpose, stopping is no failure.
    """

    async def main() -> int:
        task = asyncio.ensure_future(serving)
        _on_stopping(asyncio.get_running_loop(), task)
        try:
            return await task
        except asyncio.CancelledError:
            return stopped

    return asyncio.run(main())


def _on_stopping(loop: asyncio.AbstractEventLoop, task: asyncio.Future[int]) -> None:
    """React once to the signals that ask for an end, except to one that we were started to ignore (nohup).

    Not through the loop: it forgets its handlers when it closes, and the last cleaning up comes after that.
    """
    wanted = [sign for sign in STOPPING if signal.getsignal(sign) is not signal.SIG_IGN]

    def stop(*_: object) -> None:
        for sign in wanted:
            signal.signal(sign, signal.SIG_IGN)
        if not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    for sign in wanted:
        signal.signal(sign, stop)
