"""Passwords: what they must look like, and hashing them with Argon2id (RFC 9106) off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from core.errors import NotAllowed

T = TypeVar("T")

SHORTEST = 10
LONGEST = 200

COMMON = {
    "1234567890",
    "0123456789",
    "0987654321",
    "1234567891",
    "12345678910",
    "123456789a",
    "a123456789",
    "1q2w3e4r5t",
    "qwertyuiop",
    "password123",
    "password1234",
    "passw0rd123",
    "admin12345",
    "admin123456",
    "woaini1314",
    "woaini1314520",
    "5201314520",
    "yingda1234",
    "yingda12345",
    "iloveyou123",
}

MOST_WAITING = 20
"""Hashing takes 64 MiB and a noticeable part of a second each: past this many we say so instead of queueing."""

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
_waiting = 0

NOBODY = _hasher.hash("nobody has this password")
"""Verified against when there is no such account, so that the answer takes as long."""


def check(password: str) -> None:
    """Raise `NotAllowed` with the reason if this may not be somebody's password."""
    if len(password) < SHORTEST:
        raise NotAllowed(f"密码至少要有 {SHORTEST} 个字符")
    if len(password) > LONGEST:
        raise NotAllowed(f"密码最长 {LONGEST} 个字符")
    if password.lower() in COMMON or len(set(password)) < 4:
        raise NotAllowed("这个密码太常见，很容易被猜到，请换一个")


async def hashed(password: str) -> str:
    """The Argon2id hash to keep. Raise `NotAllowed` if `check` does."""
    check(password)
    return await _in_thread(_hasher.hash, password)


async def matches(kept: str, password: str) -> bool:
    """Whether this is the password. An empty `kept` never matches, and takes as long."""
    fits = await _in_thread(_verify, kept or NOBODY, password[:LONGEST])
    return fits and bool(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


async def _in_thread(work: Callable[..., T], *values: str) -> T:
    global _waiting
    if _waiting >= MOST_WAITING:
        raise NotAllowed("现在登录的人太多，请过几秒再试")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *values)
    finally:
        _waiting -= 1
