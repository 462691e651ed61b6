"""`./dev run` as a newcomer meets it: one command, everything answers, and nothing stays behind."""

import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.embedded.home import Home, held
from tests.commands.waiting import recorded, wait_until

Parent = Callable[..., subprocess.Popen[bytes]]
FLAGS = ("--port", "--sandbox-port", "--smtp-port", "--imap-port")
DEPLOYMENT = ("DATABASE_URL", "REDIS_URL", "ROOT_KEY", "ROOT_KEY_FILE", "PUBLIC_URL")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    ours = {name: text for name, text in os.environ.items() if name not in DEPLOYMENT}
    return ours | {"YINGDA_VAR": str(tmp_path / "var")}


@pytest.fixture
def ports() -> dict[str, int]:
    """Free ones, by the flag that chooses them."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in FLAGS]
    found = {flag: server.getsockname()[1] for flag, server in zip(FLAGS, held, strict=True)}
    for server in held:
        server.close()
    return found


def words(ports: dict[str, int]) -> list[str]:
    return [str(word) for pair in ports.items() for word in pair]


def test_everything_starts_answers_and_stops(
    parent: Parent, environ: dict[str, str], ports: dict[str, int], tmp_path: Path
) -> None:
    output = tmp_path / "output"
    ours = parent("-m", "commands", "run", *words(ports), environ=environ)
    wait_until(lambda: "Ctrl-C" in output.read_text() or ours.poll() is not None, "the welcome")
    said = output.read_text()
    assert f"收件箱  http://127.0.0.1:{ports['--port']}/" in said
    assert f"体验台  http://127.0.0.1:{ports['--sandbox-port']}/" in said
    assert fetch(f"http://127.0.0.1:{ports['--port']}/readyz") == 200
    assert fetch(f"http://127.0.0.1:{ports['--sandbox-port']}/") == 200
    (link, *others) = re.findall(r"  (http://\S+/enter/\S+)", said)
    assert others
    assert fetch(link) == 200
    home = tmp_path / "var"
    started = recorded(home)
    assert {record.stem for record in home.glob("*.process")} == {"postgres", "valkey", "sandbox", "worker", "web"}
    assert not (home / "logins.json").exists()
    ours.send_signal(signal.SIGINT)
    assert ours.wait(30) == 0
    assert not any(each.alive for each in started)
    assert "Traceback" not in output.read_text()


def test_a_kill_leaves_nothing_and_the_next_start_goes_on(
    parent: Parent, environ: dict[str, str], ports: dict[str, int], tmp_path: Path
) -> None:
    output, home = tmp_path / "output", tmp_path / "var"
    for _ in range(2):
        ours = parent("-m", "commands", "run", *words(ports), environ=environ)
        wait_until(lambda: "Ctrl-C" in output.read_text() or ours.poll() is not None, "the welcome")  # noqa: B023
        started = recorded(home)
        assert len(started) == 5
        ours.kill()
        ours.wait(5)
        wait_until(lambda: not any(each.alive for each in started), "all five to end")  # noqa: B023
    assert Home(home).published()["PUBLIC_URL"] == f"http://127.0.0.1:{ports['--port']}"
    with held(home):  # clears up
        assert not recorded(home)


def test_a_port_in_use_is_said_before_anything_starts(
    parent: Parent, environ: dict[str, str], ports: dict[str, int], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", ports["--imap-port"])):
        ours = parent("-m", "commands", "run", *words(ports), environ=environ)
        assert ours.wait(30) == 1
    said = (tmp_path / "output").read_text()
    assert re.fullmatch(rf"Port {ports['--imap-port']} \(.+\) is in use\. .+ --imap-port \d+\n", said)
    assert not (tmp_path / "var/postgres").exists()


def test_a_second_run_says_that_there_is_one(
    parent: Parent, environ: dict[str, str], home: Home, ports: dict[str, int], tmp_path: Path
) -> None:
    ours = parent("-m", "commands", "run", *words(ports), environ=environ | {"YINGDA_VAR": str(home.path)})
    assert ours.wait(30) == 1
    assert f"in use by process {os.getpid()}" in (tmp_path / "output").read_text()


def test_a_database_that_cannot_be_reached_stops_the_start(
    parent: Parent, environ: dict[str, str], ports: dict[str, int], tmp_path: Path
) -> None:
    nowhere = {"DATABASE_URL": f"postgres://x@127.0.0.1:{ports['--port']}/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    ours = parent("-m", "commands", "run", *words(ports), environ=environ | nowhere)
    assert ours.wait(60) == 1
    assert "Cannot go on: migrate failed, its lines above say why." in (tmp_path / "output").read_text()


def fetch(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
