"""`./dev lock`: pin what requirements/*.in ask for, with hashes and without naming any registry."""

import argparse
import subprocess
import sys

from commands.paths import ROOT

HELP = "pin the requirements anew (after a change in requirements/*.in)"
COMPILE = ("-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes")
QUIET = ("--no-emit-index-url", "--no-header")
FILES = {"app": (), "assets": ("--no-deps",), "tools": ()}
"""In this order: the tools must agree with the app."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")


def run(given: argparse.Namespace) -> int:
    upgrade = ("--upgrade",) if given.upgrade else ()
    for name, options in FILES.items():
        files = (f"requirements/{name}.in", "-o", f"requirements/{name}.txt")
        done = subprocess.run([sys.executable, *COMPILE, *QUIET, *options, *upgrade, *files], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0
