"""`./dev check`: format, lint, types and import directions; all of them, so that one run shows everything."""

import argparse
import subprocess
import sys

from commands.paths import ROOT

HELP = "check format, lint, types and import directions"
CODE = (".", "dev")  # dev has no .py in its name
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="format, and mend what can be mended safely")


def run(given: argparse.Namespace) -> int:
    failed = [name for name, words in _checks(given.fix).items() if _fails(name, words)]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall checks pass")
    return 1 if failed else 0


def _checks(fix: bool) -> dict[str, tuple[str, ...]]:
    return {
        "format": ("-m", "ruff", "format", *(() if fix else ("--check",)), *CODE),
        "lint": ("-m", "ruff", "check", *(("--fix",) if fix else ()), *CODE),
        "types": ("-m", "mypy"),
        "imports": ("-c", LINT_IMPORTS),
    }


def _fails(name: str, words: tuple[str, ...]) -> bool:
    print(f"── {name}", flush=True)
    return subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode != 0
