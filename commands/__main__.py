"""`./dev COMMAND`."""

import argparse
import sys

from commands import run

COMMANDS = {"run": run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev", description="Everything that one does with Yingda at a terminal.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.HELP, description=command.HELP))
    given = parser.parse_args()
    code: int = COMMANDS[given.command].run(given)
    return code


if __name__ == "__main__":
    sys.exit(main())
