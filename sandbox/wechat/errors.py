"""The platform's error codes that the sandbox gives, with their texts, and the answers that carry them."""

import secrets

CODES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid meida size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40018: "invalid button name size",
    40037: "invalid template_id",
    40125: "invalid appsecret",
    41001: "access_token missing",
    41005: "media data missing",
    41006: "media_id missing",
    42001: "access_token expired",
    43002: "require POST method",
    43004: "require subscribe",
    43019: "require remove blacklist",
    44004: "empty content",
    45002: "content size out of limit",
    45007: "playtime out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "invalid command",
    45080: "no interaction with the user in the last 30 seconds",
    45081: "already typing",
    47001: "data format error",
    48001: "api unauthorized",
}


class Trouble(Exception):
    """An error that the platform answers with, in a 200."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def answer(code: int) -> dict[str, object]:
    """`errcode` and `errmsg`; trouble carries the id that the platform's support asks for."""
    if not code:
        return {"errcode": 0, "errmsg": "ok"}
    rid = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return {"errcode": code, "errmsg": f"{CODES.get(code, 'unknown error')} rid: {rid}"}
