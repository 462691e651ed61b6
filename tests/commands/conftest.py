"""Stand-ins for the product's processes, and homes of their own for each test."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from commands.embedded.home import Home, held
from commands.paths import ROOT
from commands.supervise import Program, Supervisor
from tests.commands.waiting import PATIENCE, Heard


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with held(tmp_path / "home") as ours:
        yield ours


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def supervisor(heard: Heard) -> AsyncIterator[Supervisor]:
    ours = Supervisor(heard)
    yield ours
    await ours.stop()


@pytest.fixture
def python(home: Home) -> Callable[..., Program]:
    """Makes a program out of Python source."""

    def make(name: str, source: str, **options: object) -> Program:
        return Program(name, (sys.executable, "-c", source), home.record(name), **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a process of ours that is to be killed; ends it if the test did not."""
    started = []

    def start(*words: str, environ: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        with (tmp_path / "output").open("w") as output:
            command = [sys.executable, *words]
            child = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603
        started.append(child)
        return child

    yield start
    for child in started:
        child.send_signal(signal.SIGTERM)
        child.wait(PATIENCE)
