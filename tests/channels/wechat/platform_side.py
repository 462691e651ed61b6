"""WeChat's side of a callback, signed and encrypted by wechatpy rather than by our own code."""

import hashlib
from pathlib import Path

import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto

from channels.base import RawCall

PAYLOADS = Path(__file__).parent / "payloads"
TOKEN = "YingdaToken"
APP_ID = "wx00000000yingda"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OLD_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg"
OPENID = "oYingdaConsumer0001"
HOOK = "https://desk.example.com/hooks/wechat/acct1"


def values(base: str = "https://api.weixin.qq.com", **changed: str) -> dict[str, str]:
    """What an administrator fills in."""
    return {
        "app_id": APP_ID, "app_secret": "app-secret-1", "token": TOKEN, "mode": "safe", "aes_key": KEY,
        "api_base": base, **changed,
    }  # fmt: skip


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.xml").read_bytes()


def plain(body: bytes, timestamp: str = "1735689601", nonce: str = "n1", token: str = TOKEN) -> RawCall:
    """A callback in plain mode."""
    query = {"signature": sha1(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, "openid": OPENID}
    return RawCall("POST", HOOK, query, {"content-type": "text/xml"}, body)


def safe(body: bytes, timestamp: str = "1735689601", nonce: str = "n1", key: str = KEY, app: str = APP_ID) -> RawCall:
    """A callback in safe mode."""
    return sealed(encrypt(body, key, app), timestamp, nonce)


def encrypt(body: bytes, key: str = KEY, app: str = APP_ID) -> str:
    """The content of `Encrypt`, for any bytes."""
    return str(PrpCrypto(WeChatCrypto(TOKEN, key, app).key).encrypt(body, app).decode())


def sealed(encrypted: str, timestamp: str = "1735689601", nonce: str = "n1", token: str = TOKEN) -> RawCall:
    """A call around a ciphertext, rightly signed."""
    query = {
        "signature": sha1(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, "openid": OPENID,
        "encrypt_type": "aes", "msg_signature": sha1(token, timestamp, nonce, encrypted),
    }  # fmt: skip
    body = f"<xml><ToUserName><![CDATA[gh_yingda000001]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return RawCall("POST", HOOK, query, {"content-type": "text/xml"}, body.encode())


def opened(answer: str, nonce: str = "n1", key: str = KEY) -> dict[str, str]:
    """What WeChat reads in our encrypted answer; raises unless signature, key and app id are right."""
    outer = xmltodict.parse(answer)["xml"]
    crypto = WeChatCrypto(TOKEN, key, APP_ID)
    text = crypto.decrypt_message(answer, outer["MsgSignature"], outer["TimeStamp"], nonce)
    return dict(xmltodict.parse(text)["xml"])
