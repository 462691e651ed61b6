"""Twilio's side of a webhook, signed by hand as its page on webhook security says."""

import base64
import hashlib
import hmac
from pathlib import Path
from urllib.parse import parse_qsl

from channels.base import RawCall

PAYLOADS = Path(__file__).parent / "payloads"
HOOK = "https://desk.example.com/hooks/sms/acct1"
SID = "AC" + "0" * 31 + "1"
AUTH_TOKEN = "twilio-auth-token-1"
NUMBER = "+14155550100"
PERSON = "+8613800138000"


def values(base: str = "https://api.twilio.com", **changed: str) -> dict[str, str]:
    """What an administrator fills in."""
    return {"account_sid": SID, "auth_token": AUTH_TOKEN, "number": NUMBER, "api_base": base, **changed}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.form").read_bytes()


def signature(url: str, body: bytes, token: str = AUTH_TOKEN, digest: str = "sha1") -> str:
    fields = sorted(set(parse_qsl(body.decode(), keep_blank_values=True)))
    content = url + "".join(name + value for name, value in fields)
    return base64.b64encode(hmac.new(token.encode(), content.encode(), digest).digest()).decode()


def signed(body: bytes, url: str = HOOK, token: str = AUTH_TOKEN) -> RawCall:
    """A webhook; what is no form at all is signed by its hash in the address, as Twilio does with JSON."""
    content_type = "application/x-www-form-urlencoded; charset=UTF-8"
    try:
        given = signature(url, body, token)
    except ValueError:
        digest = hashlib.sha256(body).hexdigest()
        url, content_type = f"{url}?bodySHA256={digest}", "application/json"
        given = signature(url, b"", token)
    query = dict(parse_qsl(url.partition("?")[2]))
    return RawCall("POST", url, query, {"content-type": content_type, "x-twilio-signature": given}, body)
