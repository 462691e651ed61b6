"""The domestic gateway's side of a push, signed by hand as its document says."""

import hashlib
import hmac
from pathlib import Path

from channels.base import RawCall

PUSHES = Path(__file__).parent / "pushes"
KIND = "sms_cn"
HOOK = f"https://desk.example.com/hooks/{KIND}/acct1"
APP_KEY = "AK10000001"
APP_SECRET = "gateway-secret-1"
SIGNATURE = "应答家电"
PERSON = "+8613800138000"


def values(base: str = "https://sms.example.com", **changed: str) -> dict[str, str]:
    """What an administrator fills in."""
    given = {"app_key": APP_KEY, "app_secret": APP_SECRET, "signature": SIGNATURE, "template": "T100001"}
    return {**given, "api_base": base, **changed}


def payload(name: str) -> bytes:
    return (PUSHES / f"{name}.json").read_bytes()


def sign(body: bytes, timestamp: str, nonce: str, key: str = APP_KEY, secret: str = APP_SECRET) -> str:
    digest = hashlib.sha256(body).hexdigest()
    fields = f"app_key={key}&body_sha256={digest}&nonce={nonce}&timestamp={timestamp}"
    return hmac.new(secret.encode(), fields.encode(), "sha256").hexdigest()


def pushed(body: bytes, nonce: str = "n1", timestamp: str = "1767317700", secret: str = APP_SECRET) -> RawCall:
    """One push."""
    headers = {
        "content-type": "application/json",
        "x-app-key": APP_KEY,
        "x-timestamp": timestamp,
        "x-nonce": nonce,
        "x-signature": sign(body, timestamp, nonce, secret=secret),
    }
    return RawCall("POST", HOOK, {}, headers, body)
