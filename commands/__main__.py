"""`./dev COMMAND`: each is a module of this package with HELP, `arguments` and `run`."""

import argparse
import sys
from importlib import import_module

from commands.embedded.home import Unable
from core.errors import BadSetting

COMMANDS = ("run", "test", "check", "staff", "channel", "token", "parse", "bench", "migrate", "services", "lock")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev", description="Everything that one does with Yingda at a terminal.")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = [name for name in COMMANDS if sys.argv[1:2] == [name]]
    modules = {name: import_module(f"commands.{name}") for name in asked or COMMANDS}  # one is quicker than all
    for name, module in modules.items():
        module.arguments(subparsers.add_parser(name, help=module.HELP, description=module.HELP, allow_abbrev=False))
    given, rest = parser.parse_known_args()
    if rest and given.command != "test":
        parser.error(f"unknown: {' '.join(rest)}")
    given.rest = rest
    try:
        return int(modules[given.command].run(given))
    except (Unable, BadSetting) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
