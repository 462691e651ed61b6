"""One run holds a home; the next one clears up after it."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from commands import process, rootkey
from commands.embedded.home import Busy, Home, held


def test_a_second_run_is_told_who_was_first(home: Home) -> None:
    with pytest.raises(Busy, match=rf"is in use by process {os.getpid()}\. .*YINGDA_VAR"), held(home.path):
        pass


def test_what_a_killed_run_left_is_ended(tmp_path: Path) -> None:
    killed = Home(tmp_path / "home")
    killed.path.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"]) as left:
        process.write(killed.record("web"), left.pid)
        with held(killed.path):
            assert left.wait(5) < 0
            assert not killed.record("web").exists()


def test_a_record_of_somebody_else_ends_nobody(tmp_path: Path) -> None:
    killed = Home(tmp_path / "home")
    killed.path.mkdir()
    process.write(killed.record("web"), os.getpid())
    killed.record("web").write_text(killed.record("web").read_text().replace('"began": "', '"began": "9'))
    with held(killed.path):
        assert not killed.record("web").exists()


def test_sockets_are_private_short_and_gone_in_the_end(tmp_path: Path) -> None:
    with held(tmp_path / ("deep" * 30)) as home:
        sockets = home.sockets
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert len(str(sockets / ".s.PGSQL.5432")) < 60
    assert not sockets.exists()


def test_sockets_that_a_killed_run_left_are_removed(tmp_path: Path) -> None:
    killed = Home(tmp_path)
    left = killed.sockets
    with held(tmp_path):
        assert not left.exists()


def test_what_is_published_is_for_us_alone_and_only_while_it_is_true(home: Home) -> None:
    home.publish({"DATABASE_URL": "postgres://x"})
    assert Home(home.path).published() == {"DATABASE_URL": "postgres://x"}
    assert stat.S_IMODE((home.path / "environ.json").stat().st_mode) == 0o600
    home.release()
    assert home.published() == {}


def test_removing_takes_what_was_put_elsewhere_along(home: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    home.elsewhere.write_text(str(elsewhere))
    home.remove()
    assert not elsewhere.exists()
    assert not home.path.exists()


def test_a_root_key_is_made_once_for_us_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOT_KEY", raising=False)
    monkeypatch.delenv("ROOT_KEY_FILE", raising=False)
    path = Path(rootkey.setting(home)["ROOT_KEY_FILE"])
    made = path.read_text()
    assert len(base64.b64decode(made, validate=False)) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert rootkey.setting(home) == {"ROOT_KEY_FILE": str(path)}
    assert path.read_text() == made


def test_a_root_key_that_is_given_is_the_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOT_KEY", "given")
    assert rootkey.setting(home) == {}
    assert not (home.path / "root.key").exists()
