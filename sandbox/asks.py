"""What a person, a page or a test asks for over /control, read out of JSON and checked."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

Json = Mapping[str, object]


class BadAsk(Exception):
    """An ask that cannot be carried out; its text goes back to who asked."""


def text(given: Json, name: str, default: str | None = None) -> str:
    """The text called `name`; without a default it must be there."""
    value = given.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise BadAsk(f"{name} should be a text")
    return value


def number(given: Json, name: str, default: float) -> float:
    """The number called `name`, not below zero."""
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise BadAsk(f"{name} should be a number from 0 on")
    return float(value)


def signed_number(given: Json, name: str) -> float:
    """The number called `name`, which must be there."""
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadAsk(f"{name} should be a number")
    return float(value)


def flag(given: Json, name: str, default: bool = False) -> bool:
    """The yes or no called `name`."""
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise BadAsk(f"{name} should be true or false")
    return value


def part(given: Json, name: str) -> Json:
    """The object called `name`; empty where there is none."""
    value = given.get(name) or {}
    if not isinstance(value, Mapping):
        raise BadAsk(f"{name} should be an object")
    return value


def parts(given: Json, name: str) -> tuple[Json, ...]:
    """The objects in the list called `name`; a single object counts as a list of one."""
    value = given.get(name) or []
    if isinstance(value, Mapping):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise BadAsk(f"{name} should be a list of objects")
    return tuple(value)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person sends along."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


def upload(given: Json) -> Upload:
    """A file out of {"name", "content_type", "data": base64}."""
    try:
        content = base64.b64decode(text(given, "data"), validate=True)
    except binascii.Error:
        raise BadAsk("data should be base64") from None
    return Upload(text(given, "name", "file"), text(given, "content_type", "application/octet-stream"), content)
