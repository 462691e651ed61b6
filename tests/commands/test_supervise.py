"""Programs are kept running, and none is left behind, however we end."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.supervise import LONGEST_LINE, Program, Supervisor
from tests.commands.waiting import Heard, recorded, until, wait_until

Make = Callable[..., Program]

STUBBORN = """
import signal, time
for sign in (signal.SIGINT, signal.SIGTERM):
    signal.signal(sign, signal.SIG_IGN)
print("up", flush=True)
time.sleep(99)
"""


async def test_a_program_that_ends_is_started_again(supervisor: Supervisor, python: Make, heard: Heard) -> None:
    supervisor.keep(python("web", "print('here'); raise SystemExit(3)"))
    await until(lambda: len(heard.by("web")) >= 4, "a second start")
    assert heard.by("web")[:3] == ["here", "ended with exit code 3; starting it again in 0.5 s", "here"]
    assert "in 1 s" in heard.by("web")[3]


async def test_a_killed_program_is_started_again(supervisor: Supervisor, python: Make, heard: Heard) -> None:
    program = python("worker", "import os, time; print(os.getpid(), flush=True); time.sleep(99)")
    supervisor.keep(program)
    await until(lambda: heard.by("worker"), "the start")
    (first,) = recorded(program.record.parent)
    assert heard.by("worker") == [str(first.pid)]
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: len(heard.by("worker")) == 3, "the second start")
    assert heard.by("worker")[1].startswith("was ended by SIGKILL")


async def test_programs_stop_in_the_reverse_order_of_starting(
    supervisor: Supervisor, python: Make, heard: Heard, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    source = (
        "import signal, time\n"
        "def end(*_): open({path!r}, 'a').write({name!r} + ' '); raise SystemExit\n"
        "signal.signal(15, end); print('up', flush=True); time.sleep(99)"
    )
    for name in ("postgres", "worker", "web"):
        supervisor.keep(python(name, source.format(path=str(ended), name=name)))
    await until(lambda: len(heard) == 3, "all to be up")
    await supervisor.stop()
    assert ended.read_text().split() == ["web", "worker", "postgres"]


async def test_a_program_that_will_not_end_is_killed(supervisor: Supervisor, python: Make, heard: Heard) -> None:
    program = python("web", STUBBORN, patience=0.1)
    supervisor.keep(program)
    await until(lambda: heard.by("web"), "the start")
    (alive,) = recorded(program.record.parent)
    await supervisor.stop()
    assert not alive.alive
    assert not program.record.exists()


async def test_stopping_while_a_restart_is_due(supervisor: Supervisor, python: Make, heard: Heard) -> None:
    supervisor.keep(python("web", "raise SystemExit(1)"))
    await until(lambda: heard.by("web"), "the end")
    await asyncio.wait_for(supervisor.stop(), 0.4)  # less than the delay that it is in
    assert len(heard.by("web")) == 1


async def test_one_that_cannot_even_be_started_is_tried_again(
    supervisor: Supervisor, python: Make, heard: Heard, tmp_path: Path
) -> None:
    supervisor.keep(python("valkey", "", log=tmp_path / "missing/log"))
    await until(lambda: len(heard.by("valkey")) >= 2, "the second try")
    assert heard.by("valkey")[0].startswith("cannot be started: No such file or directory")


async def test_a_line_too_long_does_not_stop_the_others(supervisor: Supervisor, python: Make, heard: Heard) -> None:
    await supervisor.once(python("web", f"print('x' * {LONGEST_LINE + 10}); print('after')"))
    assert heard.by("web")[-1] == "after"


async def test_a_log_takes_the_lines(supervisor: Supervisor, python: Make, heard: Heard, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = await supervisor.once(python("initdb", "print('kept'); raise SystemExit(4)", log=log))
    assert (code, log.read_text(), heard) == (4, "kept\n", [])


async def test_a_command_that_does_not_exist(supervisor: Supervisor, heard: Heard, tmp_path: Path) -> None:
    assert await supervisor.once(Program("web", ("/nowhere/web",), tmp_path / "web.process")) == 1
    assert heard.by("web") == ["/nowhere/web: No such file or directory"]


PARENT = f"""
import asyncio, sys
from pathlib import Path
from commands.supervise import Program, Supervisor, until_stopped
folder = Path({{folder!r}})
async def serve():
    supervisor = Supervisor(lambda who, text: print(who, text, flush=True))
    try:
        for name in ("one", "two"):
            command = (sys.executable, "-c", {STUBBORN!r})
            supervisor.keep(Program(name, command, folder / (name + ".process"), patience=0.3))
        await asyncio.Event().wait()
    finally:
        await supervisor.stop()
sys.exit(until_stopped(serve()))
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_nothing_is_left_behind(
    sign: signal.Signals, parent: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    ours = parent("-c", PARENT.format(folder=str(tmp_path)))
    output = tmp_path / "output"
    wait_until(lambda: output.read_text().count("up") == 2, "both to be up")
    children = recorded(tmp_path)
    assert len(children) == 2
    assert all(child.alive for child in children)
    ours.send_signal(sign)
    assert ours.wait(30) == (-9 if sign == signal.SIGKILL else 0)
    wait_until(lambda: not any(child.alive for child in children), "the children to end")


def test_asking_twice_does_not_cut_the_stopping_short(
    parent: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    ours = parent("-c", PARENT.format(folder=str(tmp_path)))
    wait_until(lambda: (tmp_path / "output").read_text().count("up") == 2, "both to be up")
    while ours.poll() is None:
        ours.send_signal(signal.SIGINT)
        time.sleep(0.05)
    assert ours.returncode == 0
    assert not list(tmp_path.glob("*.process"))
