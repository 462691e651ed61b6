"""The platform's signatures and message encryption (message push, 安全模式), written from its documentation."""

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK = 32
"""PKCS#7 pads to 32 bytes here, not to AES's own 16."""


class BadCipher(Exception):
    """Something encrypted that does not open, or is not for this account."""


def sign(*parts: str) -> str:
    """SHA-1 of the sorted parts: token, timestamp, nonce and, for encrypted messages, the ciphertext."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def key_of(encoding_aes_key: str) -> bytes:
    """The AES key behind the 43 characters. Raise `BadCipher`."""
    try:
        key = base64.b64decode(encoding_aes_key + "=", validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadCipher("an EncodingAESKey has 43 characters")
    return key


def encrypt(encoding_aes_key: str, app_id: str, message: bytes) -> str:
    """16 random bytes, the length, the message and the app id, in base64."""
    plain = os.urandom(16) + len(message).to_bytes(4) + message + app_id.encode()
    padding = BLOCK - len(plain) % BLOCK
    encryptor = _cipher(encoding_aes_key).encryptor()
    sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(encoding_aes_key: str, app_id: str, sealed: str) -> bytes:
    """The message inside. Raise `BadCipher`."""
    try:
        content = base64.b64decode(sealed, validate=True)
        decryptor = _cipher(encoding_aes_key).decryptor()
        plain = decryptor.update(content) + decryptor.finalize()
    except ValueError:
        raise BadCipher("not base64, or not whole blocks") from None
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise BadCipher("wrong key or padding")
    return _message(plain[:-padding], app_id)


def _message(plain: bytes, app_id: str) -> bytes:
    end = 20 + int.from_bytes(plain[16:20])
    if plain[end:] != app_id.encode():
        raise BadCipher("the app id at the end is another one")
    return plain[20:end]


def _cipher(encoding_aes_key: str) -> Cipher[CBC]:
    key = key_of(encoding_aes_key)
    return Cipher(AES(key), CBC(key[:16]))
