"""Ports on this machine: found out to be taken before anything starts, not from a traceback afterwards."""

import errno
import socket
from collections.abc import Mapping

from commands.embedded.home import Unable


def check(wanted: Mapping[str, tuple[str, int]]) -> None:
    """Raise `Unable`, one sentence for each port that cannot be had; `wanted` maps a flag to whose port, and which."""
    said = []
    for flag, (owner, port) in wanted.items():
        problem = _problem(port)
        if problem == errno.EADDRINUSE:
            said.append(f"Port {port} ({owner}) is in use. Choose another: ./dev run {flag} {_free_after(port)}")
        elif problem:
            said.append(
                f"Port {port} ({owner}) cannot be opened. Choose another from 1024 to 65535: ./dev run {flag} …"
            )
    if said:
        raise Unable("\n".join(said))


def _problem(port: int) -> int:
    """The error number that listening on the port gives, 0 for none."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
            tried.listen()
        except OverflowError:
            return errno.ERANGE
        except OSError as problem:
            return problem.errno or errno.EINVAL
    return 0


def _free_after(port: int) -> int:
    return next((each for each in range(port + 1, 65536) if not _problem(each)), 0)
