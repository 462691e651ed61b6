"""Becomes another program, after it made sure that this program will neither outlive its parent nor be forgotten.

`python -m commands.child PARENT SIGNAL RECORD COMMAND…`: the kernel sends SIGNAL when PARENT's main thread ends,
however it ends; RECORD tells the next start what to look for where the kernel cannot do that.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

from commands import process

PR_SET_PDEATHSIG = 1  # prctl(2)


def become(parent: int, sign: signal.Signals, record: Path, command: list[str]) -> None:
    process.write(record, os.getpid())
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, sign)
    if os.getppid() != parent:
        sys.exit(f"{command[0]}: whoever wanted this is gone")
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as problem:
        sys.exit(f"{command[0]}: {problem.strerror}")


if __name__ == "__main__":
    become(int(sys.argv[1]), signal.Signals(int(sys.argv[2])), Path(sys.argv[3]), sys.argv[4:])
