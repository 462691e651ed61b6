"""Secrets that we hand out once: links, sessions, programs' tokens. Only their hash is kept."""

import hashlib
import secrets


def new_secret() -> tuple[str, bytes]:
    """32 random bytes as text, and the hash to keep. Random enough that a plain hash cannot be turned back."""
    secret = secrets.token_urlsafe(32)
    return secret, hash_of(secret)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret, and looked up by."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
