"""The folder that one set of services lives in: who holds it, what runs out of it, where it can be reached."""

import fcntl
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from commands import process

STOP_SIGNALS = {"postgres": signal.SIGINT}
"""How leftovers are asked to end, where SIGTERM is not it: PostgreSQL would wait for its clients."""


class Unable(Exception):
    """Something cannot be done here; the text says why and what helps."""


class Busy(Unable):
    """Another run holds the folder."""


class Home:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        self._sockets: Path | None = None

    def take(self) -> None:
        """Hold the folder until `release`; end what a killed run left behind. Raise `Busy`."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "another one"
            lock.close()
            raise Busy(
                f"{self.path} is in use by process {holder}. Stop that, or name another folder with YINGDA_VAR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        self._clear()

    def release(self) -> None:
        self._forget()
        if self._lock:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Delete the folder and what was put elsewhere for its sake."""
        self._forget()
        if self.elsewhere.exists():
            shutil.rmtree(self.elsewhere.read_text(), ignore_errors=True)
        shutil.rmtree(self.path)

    @property
    def elsewhere(self) -> Path:
        """The note that names a folder outside, where this one could not be used."""
        return self.path / "elsewhere"

    def record(self, name: str) -> Path:
        """Where the process of that name is noted while it runs."""
        return self.path / f"{name}.process"

    def log(self, name: str) -> Path:
        """A fresh log for a service."""
        path = self.path / f"{name}.log"
        path.write_text("")
        return path

    @property
    def sockets(self) -> Path:
        """A private folder for sockets, with a path short enough for one (107 bytes, unix(7)) wherever we live."""
        if not self._sockets:
            self._sockets = Path(tempfile.mkdtemp(prefix="yingda-", dir="/tmp"))
            (self.path / "sockets").write_text(str(self._sockets))
        return self._sockets

    def publish(self, environ: dict[str, str]) -> None:
        """Tell other commands of ours how to reach what runs here."""
        path = self.path / "environ.json"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(environ, file)

    def published(self) -> dict[str, str]:
        try:
            return dict(json.loads((self.path / "environ.json").read_text()))
        except (OSError, ValueError):
            return {}

    def _clear(self) -> None:
        for record in sorted(self.path.glob("*.process")):
            left = process.read(record)
            if left:
                process.end(left, STOP_SIGNALS.get(record.stem, signal.SIGTERM))
            record.unlink()
        self._forget()

    def _forget(self) -> None:
        (self.path / "environ.json").unlink(missing_ok=True)
        noted = self.path / "sockets"
        if noted.exists():
            shutil.rmtree(noted.read_text(), ignore_errors=True)
            noted.unlink()
        self._sockets = None


@contextmanager
def held(path: Path) -> Iterator[Home]:
    """A home that is ours for as long as this takes. Raise `Busy`."""
    home = Home(path)
    home.take()
    try:
        yield home
    finally:
        home.release()
