"""The key that everything personal is encrypted under, for a run that was given none."""

import base64
import os
import secrets
import tempfile

from commands.embedded.home import Home


def setting(home: Home) -> dict[str, str]:
    """The setting that leads to a key: none if one is given; else one that is made once and kept in `home`."""
    if os.environ.get("ROOT_KEY") or os.environ.get("ROOT_KEY_FILE"):
        return {}
    path = home.path / "root.key"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=home.path) as file:  # whole or not at all, and for our eyes only
            file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            os.link(file.name, path)
    return {"ROOT_KEY_FILE": str(path)}
