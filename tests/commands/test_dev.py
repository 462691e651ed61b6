"""The one executable: it must run where almost nothing is."""

import ast
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from commands import browser
from commands.embedded.home import Unable
from commands.paths import ROOT
from tests.commands.waiting import wait_until

DEV = ROOT / "dev"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with nothing to install and one command, which says that it was reached."""
    (tmp_path / "requirements").mkdir()
    for name in ("app", "assets", "tools"):
        (tmp_path / f"requirements/{name}.txt").touch()
    (tmp_path / "commands").mkdir()
    (tmp_path / "commands/__main__.py").write_text("import os, sys; print('reached', sys.argv[1:], os.getcwd())")
    shutil.copy(DEV, tmp_path / "dev")
    return tmp_path


def dev(clone: Path, *words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    command = [str(clone / "dev"), *words]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603


def test_an_old_python_can_read_it_and_say_that_it_is_too_old() -> None:
    ast.parse(DEV.read_text(), feature_version=(3, 6))
    assert stat.S_IMODE(DEV.stat().st_mode) & 0o111
    assert len(DEV.read_text().splitlines()) < 150


def test_the_environment_is_made_once_even_if_two_start_at_once(clone: Path, tmp_path: Path) -> None:
    both = [dev(clone, "test", str(each)) for each in (1, 2)]
    said = [each.communicate(timeout=120)[0] for each in both]
    for each, text in enumerate(said, 1):
        assert text.endswith(f"reached ['test', '{each}'] {clone}\n"), text
    assert sum("making the environment" in text for text in said) == 1
    assert sum("installing the tools" in text for text in said) == 1
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert dev(clone, "run", cwd=elsewhere).communicate(timeout=30)[0] == f"reached ['run'] {clone}\n"
    (clone / "requirements/app.txt").write_text("# changed\n")
    again = dev(clone, "run").communicate(timeout=60)[0]
    assert again.startswith("dev      installing what it runs with")
    assert "making" not in again


def test_what_cannot_be_installed_stops_in_words(clone: Path) -> None:
    (clone / "requirements/app.txt").write_text("without-a-hash==1.0\n")
    started = dev(clone, "run")
    said = started.communicate(timeout=120)[0]
    assert started.returncode == 1
    assert said.splitlines()[-1].startswith("The packages could not be installed")
    assert "reached" not in said


def test_help_names_every_command() -> None:
    said = dev(ROOT, "--help").communicate(timeout=60)[0]
    for command in ("run", "test", "check", "staff", "channel", "token", "migrate", "services", "lock"):
        assert f"    {command} " in said


def test_a_word_that_no_command_knows() -> None:
    started = dev(ROOT, "run", "--prot", "1")
    assert "unknown: --prot 1" in started.communicate(timeout=60)[0]
    assert started.returncode == 2


def test_tests_that_were_cut_short_did_not_pass(tmp_path: Path) -> None:
    suite = tmp_path / "test_slow.py"
    suite.write_text("import pathlib, time\ndef test(): pathlib.Path(__file__ + '.up').touch(); time.sleep(99)\n")
    environ = os.environ | {"YINGDA_VAR": str(tmp_path / "var"), "CHROMIUM": "true"}
    command = [
        sys.executable,
        "-m",
        "commands",
        "test",
        "--services",
        "system",
        "--confcutdir",
        str(tmp_path),
        str(suite),
    ]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE) as started:  # noqa: S603
        wait_until((tmp_path / "test_slow.py.up").exists, "the test to begin")
        started.terminate()
        started.communicate(timeout=30)
    assert started.returncode == 130
    assert not list((tmp_path / "var/tests").iterdir())


def test_the_browser_that_is_named_is_the_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "mine"
    named.write_text("#!/bin/sh\nexit 0\n")
    named.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(named))
    assert browser.find() == str(named)


@pytest.mark.parametrize("text", [None, "#!/bin/sh\nexit 1\n"], ids=["is not there", "does not start"])
def test_a_browser_that_is_named_wrongly_stops_the_tests(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "mine"
    if text:
        named.write_text(text)
        named.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(named))
    with pytest.raises(Unable, match=f"CHROMIUM names {named}, which does not start"):
        browser.find()


def test_without_a_browser_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no browser, no apt-get
    monkeypatch.setattr(browser, "_playwrights_own", lambda: iter([str(tmp_path / "nothing")]))
    with pytest.raises(browser.NoBrowser, match="install Chromium, or set CHROMIUM"):
        browser.find()
