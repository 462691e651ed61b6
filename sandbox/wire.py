"""The last calls both ways, kept for the page and for tests."""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count

MOST_CALLS = 400
LONGEST_BODY = 32_768
HIDDEN = {"authorization"}


@dataclass(slots=True)
class Call:
    """One call and its answer. `opened` is the plain text of an encrypted body, `note` what the provider made of it."""

    provider: str
    direction: str
    """`to_product` (a callback) or `from_product` (our API was called)."""
    method: str
    url: str
    at: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 0
    answer: str = ""
    took_ms: int = 0
    note: str = ""
    opened: str = ""
    id: int = 0


class Wire:
    """A bounded record, newest last."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=MOST_CALLS)
        self._ids = count(1)

    def record(self, call: Call) -> Call:
        call.id = next(self._ids)
        self._calls.append(call)
        return call

    def list(self) -> list[dict[str, object]]:
        """Every call without headers and bodies, newest first."""
        left_out = {"headers", "body", "answer", "opened"}
        return [
            {name: value for name, value in asdict(call).items() if name not in left_out}
            for call in reversed(self._calls)
        ]

    def get(self, call_id: int) -> dict[str, object] | None:
        return next((asdict(call) for call in self._calls if call.id == call_id), None)

    def clear(self) -> None:
        self._calls.clear()


def readable(content: bytes, content_type: str = "") -> str:
    """A body as text, shortened; files are only described."""
    if content_type.startswith(("image/", "audio/", "video/", "application/octet-stream", "multipart/form-data")):
        return f"[{len(content)} bytes of {content_type.partition(';')[0]}]"
    shown = content[:LONGEST_BODY].decode("utf-8", "replace")
    return shown if len(content) <= LONGEST_BODY else f"{shown}\n[{len(content)} bytes in all]"


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: "***" if name.lower() in HIDDEN else value for name, value in headers.items()}
