"""A browser for the tests: one that is there, one that we may install, or a sentence that says why there is none."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from commands.embedded.home import Unable

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN = {"chromium": "chromium", "font": "fonts-noto-cjk"}
PLAYWRIGHTS = (
    "from playwright.sync_api import sync_playwright as s; p = s().start(); print(p.chromium.executable_path); p.stop()"
)


class NoBrowser(Exception):
    """There is none; the text says what helps."""


def find() -> str:
    """The path of a browser that starts. Raise `NoBrowser`; or `Unable`, if the one that was named does not start."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not _starts(named):
            raise Unable(f"CHROMIUM names {named}, which does not start.")
        return named
    _install_from_debian()
    found = _first(_present()) or _first(_playwrights_own())
    if not found:
        raise NoBrowser("None was found or could be installed: install Chromium, or set CHROMIUM to the path of one.")
    return found


def _first(paths: Iterator[str]) -> str:
    return next(filter(_starts, paths), "")


def _present() -> Iterator[str]:
    return filter(None, map(shutil.which, NAMES))


def _starts(path: str) -> bool:
    """Some distributions have a command of that name that only points to a shop."""
    try:
        tried = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def _install_from_debian() -> None:
    """As root on Debian: a browser and a Chinese font, whichever is missing."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        return
    missing = [] if _first(_present()) else [DEBIAN["chromium"]]
    if not _has_chinese_font():
        missing.append(DEBIAN["font"])
    if not missing:
        return
    print(f"dev      installing {' and '.join(missing)} with apt-get for the browser tests", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *words], env=quiet, stdout=subprocess.DEVNULL, check=False)


def _has_chinese_font() -> bool:
    try:
        found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, check=False)
    except OSError:
        return False
    return bool(found.stdout.strip())


def _playwrights_own() -> Iterator[str]:
    """Playwright's browser: as downloaded before, else downloaded now."""
    asked = subprocess.run([sys.executable, "-c", PLAYWRIGHTS], capture_output=True, text=True, check=False)
    path = asked.stdout.strip()
    if path and not Path(path).exists():
        print("dev      downloading Playwright's browser for the browser tests", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    yield path
