"""How both sides sign: HMAC-SHA256 in hex over the fields, sorted by name and written as in a URL."""

import hashlib
import hmac
import secrets
import time
from urllib.parse import urlencode


def sign(app_key: str, app_secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The signature of a body that is sent at `timestamp` (Unix seconds)."""
    fields = {
        "app_key": app_key,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "nonce": nonce,
        "timestamp": timestamp,
    }
    return hmac.digest(app_secret.encode(), urlencode(sorted(fields.items())).encode(), "sha256").hex()


def headers(app_key: str, app_secret: str, body: bytes) -> dict[str, str]:
    """What one call carries, signed now."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "X-App-Key": app_key,
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": sign(app_key, app_secret, timestamp, nonce, body),
    }
