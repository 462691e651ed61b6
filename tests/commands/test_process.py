"""A process is known by more than its number."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from commands import process


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"]) as child:
        yield child
        child.kill()


def test_we_are_alive() -> None:
    assert process.identify(os.getpid()).alive


@pytest.mark.parametrize("change", [{"began": "1"}, {"world": "another boot"}, {"pid": 2**22 + 1}])
def test_a_number_that_came_back_is_somebody_else(change: dict[str, str]) -> None:
    assert not replace(process.identify(os.getpid()), **change).alive  # type: ignore[arg-type]


def test_a_record_reads_as_it_was_written(tmp_path: Path) -> None:
    process.write(tmp_path / "web.process", os.getpid())
    assert process.read(tmp_path / "web.process") == process.identify(os.getpid())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "null"])
def test_a_record_that_was_cut_short_names_nobody(text: str, tmp_path: Path) -> None:
    (tmp_path / "web.process").write_text(text)
    assert process.read(tmp_path / "web.process") is None


def test_ending_asks_first(sleeper: subprocess.Popen[bytes]) -> None:
    process.end(process.identify(sleeper.pid), signal.SIGTERM)
    assert sleeper.wait(5) == -signal.SIGTERM


def test_a_stranger_with_the_same_number_is_spared(sleeper: subprocess.Popen[bytes]) -> None:
    process.end(replace(process.identify(sleeper.pid), began="1"), signal.SIGTERM)
    assert sleeper.poll() is None


def test_a_dead_child_that_nobody_waited_for_is_not_alive(sleeper: subprocess.Popen[bytes]) -> None:
    known = process.identify(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not known.alive
