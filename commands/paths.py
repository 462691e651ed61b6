"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def var() -> Path:
    """The git-ignored folder for everything that a run leaves behind; `YINGDA_VAR` may name another."""
    return Path(os.environ.get("YINGDA_VAR") or ROOT / "var").resolve()
