"""A callback as the platform makes it, and how it takes the answer: plain, compatible or safe mode."""

import secrets
from urllib.parse import urlencode

from sandbox.asks import Json
from sandbox.hooks import Request
from sandbox.wechat import crypto, xml
from sandbox.wechat.account import WeChatAccount


class BadReply(Exception):
    """An answer that the platform cannot use: the person reads that the account is out of order."""


def request(account: WeChatAccount, openid: str, fields: xml.Fields, now: float) -> Request:
    """One try of a callback, with a time, a nonce and signatures of its own."""
    timestamp, nonce = str(int(now)), str(secrets.randbelow(2**31))
    query = {
        "signature": crypto.sign(account.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
    }
    plain = xml.write(fields)
    if account.mode == "plain":
        return Request(_url(account, query), plain.encode(), {"Content-Type": "text/xml"})
    sealed = crypto.encrypt(account.aes_key, account.app_id, plain.encode())
    query |= {
        "encrypt_type": "aes",
        "msg_signature": crypto.sign(account.token, timestamp, nonce, sealed),
    }
    shell: xml.Fields = {"ToUserName": account.original_id, "Encrypt": sealed}
    body = xml.write(fields | shell if account.mode == "compatible" else shell)
    return Request(_url(account, query), body.encode(), {"Content-Type": "text/xml"}, opened=plain)


def check_request(account: WeChatAccount, now: float) -> tuple[Request, str]:
    """The check of a hook's address, and the echo that must come back."""
    timestamp, nonce, echo = str(int(now)), str(secrets.randbelow(2**31)), str(secrets.randbelow(10**18))
    query = {
        "signature": crypto.sign(account.token, timestamp, nonce),
        "echostr": echo,
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return Request(_url(account, query), b"", method="GET"), echo


def read_reply(account: WeChatAccount, openid: str, body: bytes) -> Json | None:
    """The reply inside an answer; None where the account says nothing. Raise `BadReply`."""
    if body.strip() in {b"", b"success"}:
        return None
    fields = _fields(body)
    if "Encrypt" in fields:
        fields = _fields(_opened(account, fields))
    elif account.mode == "safe":
        raise BadReply("明文应答，而账号在安全模式")
    if fields.get("ToUserName") != openid or fields.get("FromUserName") != account.original_id:
        raise BadReply("ToUserName 与 FromUserName 不是这位用户和这个公众号")
    if not str(fields.get("CreateTime", "")).isdigit():
        raise BadReply("CreateTime 不是整数")
    return fields


def _fields(body: bytes) -> Json:
    try:
        return xml.read(body)
    except ValueError:
        raise BadReply("应答不是 XML") from None


def _opened(account: WeChatAccount, shell: Json) -> bytes:
    sealed, signature = str(shell.get("Encrypt")), str(shell.get("MsgSignature"))
    if crypto.sign(account.token, str(shell.get("TimeStamp")), str(shell.get("Nonce")), sealed) != signature:
        raise BadReply("应答的 MsgSignature 不对")
    try:
        return crypto.decrypt(account.aes_key, account.app_id, sealed)
    except crypto.BadCipher:
        raise BadReply("应答解不开") from None


def _url(account: WeChatAccount, query: dict[str, str]) -> str:
    joint = "&" if "?" in account.hook.url else "?"
    return f"{account.hook.url}{joint}{urlencode(query)}"
