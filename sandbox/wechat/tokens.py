"""Access tokens as the platform issues them: stable_token and the older token, kept apart.

Source: developers.weixin.qq.com, getStableAccessToken. A token lives 7200 s; in its last 300 s a normal call
brings a new one, and both are good for 300 s. Forcing does the same at once, at most 20 times a day and 30 s apart
(sooner: no new one).
"""

import secrets
from dataclasses import dataclass

LIFE = 7200.0
OVERLAP = 300.0
FORCED_A_DAY = 20
FORCED_APART = 30.0
DAY = 86_400.0


@dataclass(slots=True)
class Token:
    value: str
    until: float


class Tokens:
    """The tokens of one way of getting them."""

    def __init__(self) -> None:
        self._current: Token | None = None
        self._former: Token | None = None
        self._forced: list[float] = []

    def get(self, now: float) -> Token:
        """The token in force, renewed when its end is near."""
        if self._current is None or now > self._current.until - OVERLAP:
            return self._renew(now)
        return self._current

    def force(self, now: float) -> Token | None:
        """A new token; None where today's forced ones are used up."""
        self._forced = [at for at in self._forced if now - at < DAY]
        if self._forced and now - self._forced[-1] < FORCED_APART:
            return self.get(now)
        if len(self._forced) >= FORCED_A_DAY:
            return None
        self._forced.append(now)
        return self._renew(now)

    def error(self, value: str, now: float) -> int:
        """0 for a good token, 42001 for one that ran out, 40001 for a replaced or unknown one."""
        for token in (self._current, self._former):
            if token and secrets.compare_digest(token.value, value):
                return 0 if now < token.until else 42001
        return 40001

    def _renew(self, now: float) -> Token:
        self._former = self._current
        if self._former:
            self._former.until = min(self._former.until, now + OVERLAP)
        self._current = Token(f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(100)}", now + LIFE)
        return self._current
