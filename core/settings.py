"""The environment, read once at the start. A wrong setting stops the start with its name and its proper look."""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from core.errors import BadSetting

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a deployment may set. Each field's metadata says what it means; docs/operations.md lists them."""

    database_url: str = field(repr=False, metadata={"help": "postgres://user:password@host:5432/name"})
    redis_url: str = field(repr=False, metadata={"help": "redis://host:6379/0, rediss://… or unix:///path"})
    root_key: bytes = field(repr=False, metadata={"help": "32 bytes in base64, or ROOT_KEY_FILE with a path to them"})
    public_url: str = field(
        default="http://127.0.0.1:8000",
        metadata={"help": "where providers and people reach us, without a trailing /"},
    )
    web_host: str = field(default="127.0.0.1", metadata={"help": "address that the web process listens on"})
    web_port: int = field(default=8000, metadata={"help": "port that the web process listens on"})
    trusted_proxies: str = field(
        default="127.0.0.1",
        metadata={"help": "comma-separated addresses or networks whose X-Forwarded-* headers count"},
    )
    answer_wait_ms: int = field(
        default=2000,
        metadata={"help": "how long a provider's call may wait for an answer to carry back; 0: never"},
    )
    raw_days: int = field(default=30, metadata={"help": "days that a provider's raw payload is kept, encrypted"})
    log_level: str = field(default="INFO", metadata={"help": "DEBUG, INFO, WARNING or ERROR"})

    @property
    def secure(self) -> bool:
        """Whether people reach us over TLS: Secure cookies and HSTS follow from it."""
        return self.public_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings. Raise `BadSetting` for the first wrong one."""
    given = dict(os.environ if environ is None else environ)
    values: dict[str, Any] = {
        "database_url": _url(given, "DATABASE_URL", {"postgres", "postgresql"}),
        "redis_url": _url(given, "REDIS_URL", {"redis", "rediss", "unix"}),
        "root_key": _root_key(given),
    }
    for each in fields(Settings):
        name = each.name.upper()
        if each.name in values or name not in given:
            continue
        values[each.name] = _number(name, given[name]) if each.type is int else given[name].strip()
    return _checked(Settings(**values))


def _checked(settings: Settings) -> Settings:
    _check_public(settings.public_url)
    _check_range("WEB_PORT", settings.web_port, 1, 65535)
    _check_range("RAW_DAYS", settings.raw_days, 1, 3650)
    _check_proxies(settings.trusted_proxies)
    if settings.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise BadSetting("LOG_LEVEL", "should be DEBUG, INFO, WARNING or ERROR")
    if not 0 <= settings.answer_wait_ms <= 4000:
        raise BadSetting("ANSWER_WAIT_MS", "should be a number from 0 to 4000 (WeChat hangs up after 5 s)")
    return settings


def _check_public(url: str) -> None:
    """Scheme and host alone: our pages and hooks stand at the root."""
    public = _split("PUBLIC_URL", url)
    if public.scheme not in {"http", "https"} or not public.hostname or url != f"{public.scheme}://{public.netloc}":
        raise BadSetting("PUBLIC_URL", "should look like https://desk.example.com, without a path or a trailing /")
    if "@" in public.netloc:
        raise BadSetting("PUBLIC_URL", "should hold no user and no password")
    if public.scheme == "http" and public.hostname not in LOOPBACK:
        raise BadSetting("PUBLIC_URL", "outside this machine it must start with https://")


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise BadSetting(name, f"should be a number from {least} to {most}")


def _check_proxies(given: str) -> None:
    """uvicorn takes what is no address for a name that never matches, and `*` for everybody."""
    try:
        for each in filter(None, map(str.strip, given.split(","))):
            ip_network(each)
    except ValueError:
        raise BadSetting("TRUSTED_PROXIES", "should be addresses or networks: 127.0.0.1, 10.0.0.0/8") from None


def _url(given: Mapping[str, str], name: str, schemes: set[str]) -> str:
    value = given.get(name, "").strip()
    if _split(name, value).scheme not in schemes:
        raise BadSetting(name, f"should be an address that starts with one of {', '.join(sorted(schemes))}://")
    return value


def _split(name: str, value: str) -> SplitResult:
    """The parts of an address. Raise `BadSetting` where they cannot be told apart, or the port is none."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise BadSetting(name, "is no address: its host or its port cannot be read") from None
    return parts


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,9}", value.strip()):
        raise BadSetting(name, "should be a whole number")
    return int(value)


def _root_key(given: Mapping[str, str]) -> bytes:
    value = given.get("ROOT_KEY", "")
    path = given.get("ROOT_KEY_FILE", "")
    if not value and path:
        try:
            value = Path(path).read_text()
        except OSError as problem:
            raise BadSetting("ROOT_KEY_FILE", f"cannot be read: {problem.strerror}") from None
        except UnicodeDecodeError:
            raise BadSetting("ROOT_KEY_FILE", "should hold base64, not the bytes themselves") from None
    try:
        key = base64.b64decode(value.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadSetting("ROOT_KEY", "should be 32 random bytes in base64: openssl rand -base64 32")
    return key
