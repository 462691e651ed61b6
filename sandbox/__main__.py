"""python -m sandbox"""

import argparse
import asyncio
import sys
from pathlib import Path

from sandbox.asks import BadAsk
from sandbox.server import Options, run


def main() -> int:
    """Read the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8010, help="HTTP: the page, the APIs, /control (0: any)")
    parser.add_argument("--smtp-port", type=int, default=8025, help="where the product hands in mail (0: any)")
    parser.add_argument("--imap-port", type=int, default=8143, help="where the product reads its mailbox (0: any)")
    parser.add_argument("--config", type=Path, help='JSON: {"accounts": [...]}')
    given = parser.parse_args()
    try:
        asyncio.run(run(Options(given.host, given.port, given.smtp_port, given.imap_port, given.config)))
    except (BadAsk, OSError) as problem:
        sys.stderr.write(f"sandbox: {problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
