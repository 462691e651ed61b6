"""The access token of an official account, one for all who send through it in this process.

stable_token returns the same token to every caller until five minutes before its end, so several processes do not
take it from each other. A refused one is asked for again without force: where another process was first, its new one
comes back. Only when the refused one itself comes back is a new one forced. Should two do that in the same moment,
WeChat's own rule of one in 30 s decides: whoever is turned away waits, and finds the new one by asking as usual.
Source: developers.weixin.qq.com, 获取稳定版接口调用凭据.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import aiohttp

from channels.http import check_throttle, request
from channels.wechat.codes import error_for
from core.errors import TryLater

RENEWED_EARLY = 300.0
"""Seconds before the end: old and new are both valid in that time."""
FORCED_APART = 300.0
"""Seconds between two renewals that we force. Only the token before the newest lives on, for so long: forcing faster
would end one that others still use. WeChat itself wants 30 s between them, and at most 20 a day."""


@dataclass(slots=True)
class TokenKeeper:
    """Fetches the token when it is needed, once for everybody who waits."""

    http: aiohttp.ClientSession = field(repr=False)
    api_base: str
    app_id: str
    app_secret: str = field(repr=False)
    value: str = field(default="", repr=False)
    good_until: float = 0.0
    forced_at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def current(self, refused: str = "") -> str:
        """A token that WeChat has not `refused`. Raise `TryLater` or `Refused`."""
        async with self.lock:
            if self.value and self.value != refused and time.monotonic() < self.good_until:
                return self.value
            await self._fetch()
            if self.value == refused and time.monotonic() - self.forced_at > FORCED_APART:
                self.forced_at = time.monotonic()
                await self._fetch(force=True)
            return self.value

    async def _fetch(self, force: bool = False) -> None:
        asked = {
            "grant_type": "client_credential",
            "appid": self.app_id,
            "secret": self.app_secret,
            "force_refresh": force,
        }
        started = time.monotonic()
        body, headers = json.dumps(asked).encode(), {"Content-Type": "application/json"}
        url = f"{self.api_base}/cgi-bin/stable_token"
        reply = await request(self.http, "POST", url, data=body, headers=headers)
        check_throttle(reply)
        try:
            answer = reply.json()
        except ValueError:
            raise TryLater("微信没有给出凭证，稍后自动重试", code=str(reply.status)) from None
        self._keep(answer, started)

    def _keep(self, answer: dict[str, object], started: float) -> None:
        code, value, lasts = answer.get("errcode"), answer.get("access_token"), answer.get("expires_in")
        if isinstance(code, int) and code:
            # Whatever it is, it is the account that is refused, not this message: the message waits.
            error = error_for(code)
            raise TryLater(error.reason, error.code, error.after if isinstance(error, TryLater) else None)
        if not isinstance(value, str) or not value or not isinstance(lasts, int):
            raise TryLater("微信没有给出凭证，稍后自动重试")
        self.value, self.good_until = value, started + lasts - RENEWED_EARLY


# By session, because that is what lives as long as the process and belongs to one event loop.
_keepers: WeakKeyDictionary[aiohttp.ClientSession, dict[tuple[str, str, str], TokenKeeper]] = WeakKeyDictionary()


def keeper(http: aiohttp.ClientSession, api_base: str, app_id: str, app_secret: str) -> TokenKeeper:
    """The one keeper of this account in this process; a changed secret starts afresh."""
    kept = _keepers.setdefault(http, {})
    key = (api_base, app_id, app_secret)
    if key not in kept:
        kept[key] = TokenKeeper(http, *key)
    return kept[key]
