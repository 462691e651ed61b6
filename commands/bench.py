"""`./dev bench NAME`: run an experiment about speed and print its figures."""

import argparse
from importlib import import_module
from typing import Final

HELP: Final = "measure something and print the figures"
BENCHES = {"quoted-mail": "bench.quoted_mail"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=BENCHES)


def run(given: argparse.Namespace) -> int:
    return int(import_module(BENCHES[given.name]).main())
