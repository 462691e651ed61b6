"""Sealing bytes with AES-256-GCM or SM4-GCM. Pure: keys come in, ciphertext goes out.

A sealed value is `version(1) algorithm(1) key id(16) nonce(12) ciphertext tag(16)`. It names its key, so that keys and
algorithms can change while old values still open. The associated data binds it to a table and column and to the
row's id: a value moved elsewhere does not open.
"""

import os
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import YingdaError

VERSION = 1
HEADER = 18
NONCE = 12
TAG = 16


class CannotOpen(YingdaError):
    """A sealed value that does not open: tampered with, moved, or its key is gone."""


class Algorithm(IntEnum):
    """What seals. SM4 is the 国密 profile (GB/T 39786); ours is not a certified module."""

    AES_256_GCM = 1
    SM4_GCM = 2

    @property
    def key_bytes(self) -> int:
        return 32 if self is Algorithm.AES_256_GCM else 16


@dataclass(frozen=True, slots=True)
class Key:
    """An opened data key. The AES object is kept: making it anew costs as much as sealing a short text."""

    id: UUID
    algorithm: Algorithm
    secret: bytes = field(repr=False)
    aes: AESGCM | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, key_id: UUID, algorithm: Algorithm, secret: bytes) -> "Key":
        aes = AESGCM(secret) if algorithm is Algorithm.AES_256_GCM else None
        return cls(key_id, algorithm, secret, aes)

    def seal(self, place: str, row: UUID, value: bytes) -> bytes:
        """Seal `value` for `place` (`table.column`) of one row."""
        nonce = os.urandom(NONCE)
        head = bytes((VERSION, self.algorithm)) + self.id.bytes
        return head + nonce + _encrypt(self, nonce, value, _bound(head, place, row))

    def open(self, place: str, row: UUID, sealed: bytes) -> bytes:
        """Open what `seal` made for the same place and row. Raise `CannotOpen`."""
        head, nonce, body = sealed[:HEADER], sealed[HEADER : HEADER + NONCE], sealed[HEADER + NONCE :]
        if key_id(sealed) != self.id:
            raise CannotOpen(f"{place}: sealed with another key")
        try:
            return _decrypt(self, nonce, body, _bound(head, place, row))
        except (InvalidTag, ValueError):
            raise CannotOpen(f"{place}: the value does not open here") from None


def key_id(sealed: bytes) -> UUID:
    """Which key sealed this. Raise `CannotOpen` if it is no sealed value."""
    if len(sealed) < HEADER + NONCE + TAG or sealed[0] != VERSION:
        raise CannotOpen("not a sealed value")
    return UUID(bytes=bytes(sealed[2:HEADER]))


def _bound(head: bytes, place: str, row: UUID) -> bytes:
    return head + row.bytes + place.encode()


def _encrypt(key: Key, nonce: bytes, value: bytes, bound: bytes) -> bytes:
    if key.aes is not None:
        return key.aes.encrypt(nonce, value, bound)
    encryptor = Cipher(algorithms.SM4(key.secret), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bound)
    return encryptor.update(value) + encryptor.finalize() + encryptor.tag


def _decrypt(key: Key, nonce: bytes, body: bytes, bound: bytes) -> bytes:
    if key.aes is not None:
        return key.aes.decrypt(nonce, body, bound)
    decryptor = Cipher(algorithms.SM4(key.secret), modes.GCM(nonce, body[-TAG:])).decryptor()
    decryptor.authenticate_additional_data(bound)
    return decryptor.update(body[:-TAG]) + decryptor.finalize()
