"""The switches: what each provider is told to do badly, for the next n calls or until it is switched off."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import count

from sandbox.asks import BadAsk, Json, number, text

KINDS: Mapping[str, tuple[str, ...]] = {
    "wechat": ("slow", "status", "drop", "cut", "errcode", "reject", "twice", "shuffle"),
    "sms": ("slow", "status", "drop", "cut", "reject", "undelivered", "twice", "shuffle"),
    "sms_cn": ("slow", "status", "drop", "cut", "errcode", "reject", "undelivered", "twice", "shuffle", "broken"),
    "smtp": ("slow", "code", "drop", "cut", "reject", "bounce"),
    "imap": ("slow", "refuse", "drop"),
    "email": ("twice", "shuffle"),
}
"""What can go wrong where.

slow: `seconds` before the answer. status: answered with HTTP `status`, not processed. drop: processed, then the
connection closed without an answer. cut: closed without being processed. errcode: `code` in a 200.
code: SMTP `code`, for `path` rcpt or data only, if one is named. reject: one `recipient` (or everyone) refused
with `code`. undelivered: accepted, then reported as failed with `code` (sms_cn: `word`). broken: one entry
of the next batch cannot be read. bounce: accepted, then returned as a DSN.
twice: every callback delivered twice. shuffle: callbacks out of order, every other one `seconds` late.
refuse: connections closed at once. `path` limits a fault to addresses that contain it.
"""
DEFAULT_SECONDS = {"slow": 3.0, "shuffle": 0.3}
DEFAULT_CODES = {
    ("wechat", "errcode"): -1,
    ("wechat", "reject"): 43019,
    ("sms", "reject"): 21610,
    ("sms", "undelivered"): 30003,
    ("sms_cn", "errcode"): 5000,
    ("sms_cn", "reject"): 2002,
    ("smtp", "code"): 451,
    ("smtp", "reject"): 550,
}


@dataclass(slots=True)
class Fault:
    """One switch that is on. `times` counts down; None: until switched off."""

    id: int
    provider: str
    kind: str
    times: int | None
    seconds: float
    status: int
    code: int
    recipient: str
    path: str
    word: str

    def fits(self, recipient: str, path: str) -> bool:
        """A fault for one recipient or path concerns nobody else."""
        return self.recipient in {"", recipient} and self.path in path


class Faults:
    """Everything that is switched on."""

    def __init__(self) -> None:
        self._on: list[Fault] = []
        self._ids = count(1)

    def switch_on(self, given: Json) -> Fault:
        """Add a fault out of {"provider", "kind", "times"?, "seconds"?, "status"?, "code"?, …}. Raise `BadAsk`."""
        provider, kind = text(given, "provider"), text(given, "kind")
        if kind not in KINDS.get(provider, ()):
            raise BadAsk(f"{provider} has no fault {kind}: {', '.join(KINDS.get(provider, KINDS))}")
        times, code = given.get("times"), given.get("code")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise BadAsk("times should be a number from 1 on, or null")
        if code is not None and not isinstance(code, int):
            raise BadAsk("code should be a number")
        fault = Fault(
            id=next(self._ids),
            provider=provider,
            kind=kind,
            times=times,
            seconds=number(given, "seconds", DEFAULT_SECONDS.get(kind, 0.0)),
            status=int(number(given, "status", 503)),
            code=DEFAULT_CODES.get((provider, kind), 0) if code is None else code,
            recipient=text(given, "recipient", ""),
            path=text(given, "path", ""),
            word=text(given, "word", "UNDELIV"),
        )
        self._on.append(fault)
        return fault

    def take(self, provider: str, kind: str, *, recipient: str = "", path: str = "") -> Fault | None:
        """The fault that applies now, one time less for it."""
        for fault in self._on:
            if (fault.provider, fault.kind) == (provider, kind) and fault.fits(recipient, path):
                self._count_down(fault)
                return fault
        return None

    def list(self) -> list[dict[str, object]]:
        return [asdict(fault) for fault in self._on]

    def switch_off(self, fault_id: int | None = None) -> None:
        """One fault, or all of them."""
        self._on = [] if fault_id is None else [each for each in self._on if each.id != fault_id]

    def _count_down(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if not fault.times:
                self._on.remove(fault)
