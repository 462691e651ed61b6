"""X-Twilio-Signature (twilio.com/docs/usage/security): HMAC-SHA1 over the address and the sorted form fields."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """The header's value for a form posted to `url`."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), hashlib.sha1)).decode()
