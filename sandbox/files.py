"""Files that travel: what people and the product sent, for a limited time and up to a limited size in all."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One file. `until` is when the provider forgets it (Unix seconds)."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    until: float = float("inf")


class Files:
    """A bounded store; the oldest give way."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, File] = OrderedDict()
        self._bytes = 0

    def put(self, file: File) -> str:
        """Keep a file and return its key, long enough not to be guessed (the platform's media_id)."""
        key = secrets.token_urlsafe(48)
        self._files[key] = file
        self._bytes += len(file.content)
        while self._bytes > MOST_BYTES and len(self._files) > 1:
            self._bytes -= len(self._files.popitem(last=False)[1].content)
        return key

    def get(self, key: str, now: float) -> File | None:
        file = self._files.get(key)
        return file if file and now < file.until else None
