"""A call that could not be understood, kept so that it can be read again: its signature covers more than its body."""

import json

from channels.base import RawCall

MARK = b"call/1 "
"""What a mailbox gives has no such line: it is the mail itself."""

KEPT_HEADERS = ("content-type",)
"""What adapters read besides the signature, which was checked when the call came."""


def pack(call: RawCall) -> bytes:
    """The call as bytes; `unpack` gives it back."""
    told = {
        "method": call.method,
        "url": call.url,
        "query": dict(call.query),
        "headers": {name: call.headers[name] for name in KEPT_HEADERS if name in call.headers},
    }
    return MARK + json.dumps(told).encode() + b"\n" + call.body


def unpack(kept: bytes, url: str) -> RawCall:
    """The call in `kept`; anything else counts as the body of a plain POST to `url`."""
    if not kept.startswith(MARK):
        return RawCall(method="POST", url=url, query={}, headers={}, body=kept)
    line, _, body = kept.partition(b"\n")
    return RawCall(body=body, **json.loads(line.removeprefix(MARK)))
