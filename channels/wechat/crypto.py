"""WeChat's signatures and its encrypted envelope: SHA-1 over sorted parts, AES-256-CBC padded to 32 bytes.

Source: developers.weixin.qq.com, 消息推送配置 and 消息加解密说明. The cipher is wechatpy's; what it leaves open is
closed here: comparison in constant time, padding checked, random bytes from the system, one exception for everything.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from wechatpy.crypto import PrpCrypto
from wechatpy.crypto.pkcs7 import PKCS7Encoder


class Undecipherable(Exception):
    """None of the account's keys opens this, or it was written for another app."""


def signature(*parts: str) -> str:
    """The SHA-1 of the sorted parts; the token is one of them."""
    joined = b"".join(sorted(part.encode("utf-8", "surrogatepass") for part in parts))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def is_signed(given: str, *parts: str) -> bool:
    """Whether `given` is the signature of the parts, in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), signature(*parts).encode())


class _Cipher(PrpCrypto):  # type: ignore[misc]  # wechatpy has no types
    def get_random_string(self) -> bytes:
        """The block that keeps equal texts from looking equal; wechatpy draws it from a predictable generator."""
        return secrets.token_bytes(16)

    def open(self, encrypted: str) -> bytes:
        """Everything between the random block and the padding."""
        plain: bytes = self.cipher.decrypt(base64.b64decode(encrypted, validate=True))
        padding = plain[-1] if plain else 0
        if not 1 <= padding <= PKCS7Encoder.block_size or plain[-padding:] != bytes([padding]) * padding:
            raise ValueError("wrong padding")
        return plain[16:-padding]


@dataclass(frozen=True, slots=True)
class Opened:
    """A decrypted text and the key that opened it: the answer must be closed with the same one."""

    text: bytes = field(repr=False)
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Opens and closes the encrypted messages of one app. `keys`: the current EncodingAESKey, then the previous."""

    app_id: str
    keys: Sequence[str] = field(repr=False)

    def open(self, encrypted: str) -> Opened:
        """Raise `Undecipherable` unless one of the keys opens it and our app id stands behind the text."""
        for key in self.keys:
            try:
                content = _Cipher(_bytes(key)).open(encrypted)
            except ValueError:
                continue
            length = int.from_bytes(content[:4], "big")
            if len(content) >= 4 + length and content[4 + length :] == self.app_id.encode():
                return Opened(content[4 : 4 + length], key)
        raise Undecipherable

    def close(self, text: str, key: str) -> str:
        """Encrypt an answer."""
        return str(_Cipher(_bytes(key)).encrypt(text, self.app_id).decode())


def _bytes(key: str) -> bytes:
    return base64.b64decode(key + "=")
