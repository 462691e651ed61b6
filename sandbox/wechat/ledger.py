"""How many customer-service messages each person may still be sent (客服消息: 5 in 48 hours, 3 in a minute)."""

from collections import defaultdict
from dataclasses import dataclass

HOUR = 3600.0
RULES = {
    "message": (5, 48 * HOUR),
    "menu": (3, 60.0),
    "subscribe": (3, 60.0),
    "scan": (3, 60.0),
}
"""By what the person did: how many messages, and for how many seconds."""


@dataclass(slots=True)
class Grant:
    """What one act of a person's allows."""

    left: int
    until: float


class Ledger:
    """Grants per openid, one for each kind of act: a new act of the same kind renews it."""

    def __init__(self) -> None:
        self._grants: defaultdict[str, dict[str, Grant]] = defaultdict(dict)

    def grant(self, openid: str, act: str, now: float) -> None:
        left, seconds = RULES[act]
        self._grants[openid][act] = Grant(left, now + seconds)

    def spend(self, openid: str, now: float) -> int:
        """Take one message off what is left; what runs out first goes first.

        Return the platform's error: 0, 45015 (outside every window) or 45047 (used up).
        """
        live = sorted(self._live(openid, now), key=lambda grant: grant.until)
        if not live:
            return 45015
        usable = next((grant for grant in live if grant.left), None)
        if usable is None:
            return 45047
        usable.left -= 1
        return 0

    def left(self, openid: str, now: float) -> int:
        return sum(grant.left for grant in self._live(openid, now))

    def until(self, openid: str, now: float) -> float:
        """When the last open window closes; `now` where none is open."""
        return max((grant.until for grant in self._live(openid, now)), default=now)

    def close(self, openid: str) -> None:
        """The person unfollowed."""
        self._grants.pop(openid, None)

    def _live(self, openid: str, now: float) -> list[Grant]:
        return [grant for grant in self._grants.get(openid, {}).values() if now < grant.until]
