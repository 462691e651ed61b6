"""Which process is ours: a number alone does not say, numbers come back.

A record on disk keeps what names a process for good: its number, when it began, and in which boot and container.
"""

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for another."""

    pid: int
    began: str
    world: str

    @property
    def alive(self) -> bool:
        return self.world == world() and bool(self.began) and began(self.pid) == self.began


def identify(pid: int) -> Identity:
    return Identity(pid, began(pid), world())


def world() -> str:
    """What pids are unique in: this boot and this pid namespace. Empty on systems without /proc."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def began(pid: int) -> str:
    """When the process began, in the system's own terms; empty: it is gone (or a zombie, which is as good)."""
    if not (PROC / "self/stat").exists():
        return _ask_ps("lstart", pid)
    try:
        state, *fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in "ZX" else fields[18]  # proc(5): field 22 of the whole line, starttime


def name(pid: int) -> str:
    """What the process is called; empty: there is none."""
    if not (PROC / "self/stat").exists():
        return Path(_ask_ps("comm", pid)).name
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def _ask_ps(what: str, pid: int) -> str:
    """For systems without /proc."""
    asked = subprocess.run(["ps", "-o", f"{what}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def write(record: Path, pid: int) -> None:
    unfinished = record.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(identify(pid))))
    unfinished.replace(record)


def read(record: Path) -> Identity | None:
    try:
        return Identity(**json.loads(record.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def end(process: Identity, ask: signal.Signals, patience: float = 5.0) -> None:
    """End a process that is not our child: ask, wait, then kill."""
    for sign in (ask, signal.SIGKILL):
        until = time.monotonic() + patience
        if process.alive:
            os.kill(process.pid, sign)
        while process.alive and time.monotonic() < until:
            time.sleep(0.02)
