"""Whoever stops our processes gives them the time that they say they need."""

from pathlib import Path

import web.__main__
import workers.__main__
from commands import run
from commands.embedded.home import Home


def test_nothing_is_killed_while_it_ends_in_order(tmp_path: Path) -> None:
    home = Home(tmp_path)

    assert run._python("worker", home, {}, "workers").patience > workers.__main__.GRACE
    assert run._python("web", home, {}, "web").patience > web.__main__.GRACE
