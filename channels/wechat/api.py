"""Calls to WeChat's API: the token goes along, is renewed once when it was the trouble, and `errcode` is read."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
import structlog

from channels.http import Reply, check_throttle, request
from channels.wechat.codes import STALE_TOKEN, error_for
from channels.wechat.token import TokenKeeper
from core.errors import OutcomeUnknown, Refused, TryLater

JSON = {"Content-Type": "application/json"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Api:
    """One account's API at `api_base`."""

    http: aiohttp.ClientSession = field(repr=False)
    api_base: str
    tokens: TokenKeeper

    async def post(self, path: str, content: Mapping[str, object]) -> None:
        """Send something that must not happen twice. Raise `TryLater`, `Refused` or `OutcomeUnknown`."""
        # WeChat shows \uXXXX as it stands, so the characters go out as themselves.
        body = json.dumps(content, ensure_ascii=False).encode()
        reply = await self._renewing(lambda token: self._ask("POST", path, token, data=body, once=True))
        if _object(reply).get("errcode") != 0:
            raise OutcomeUnknown("微信的回应无法识别，不确定是否已送出", code=str(reply.status))

    async def put(self, path: str, content: Mapping[str, object]) -> None:
        """Set something to a value; doing it twice changes nothing. Raise `TryLater` or `Refused`."""
        body = json.dumps(content, ensure_ascii=False).encode()
        reply = await self._renewing(lambda token: self._ask("POST", path, token, data=body))
        if _object(reply).get("errcode") != 0:
            raise TryLater("微信的回应无法识别，请稍后再试", code=str(reply.status))

    async def upload(self, path: str, kind: str, name: str, content_type: str, content: bytes) -> str:
        """Store a file with WeChat for three days and return its media_id."""

        async def attempt(token: str) -> Reply:
            # Built for each attempt: a form that was sent once is empty the second time.
            form = aiohttp.FormData()
            form.add_field("media", content, filename=name, content_type=content_type)
            return await self._ask("POST", path, token, data=form, params={"type": kind})

        media_id = _object(await self._renewing(attempt)).get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise TryLater("微信没有收下文件，稍后自动重试")
        return media_id

    async def download(self, path: str, params: Mapping[str, str]) -> Reply:
        """Fetch a file, or the JSON that stands in its place."""
        return await self._renewing(lambda token: self._ask("GET", path, token, params=params))

    async def _renewing(self, attempt: Callable[[str], Awaitable[Reply]]) -> Reply:
        token = await self.tokens.current()
        reply = await attempt(token)
        if _code(reply) in STALE_TOKEN:
            reply = await attempt(await self.tokens.current(refused=token))
        if code := _code(reply):
            log.warning("wechat answered", code=code, rid=_rid(reply))
            raise error_for(code)
        return reply

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        data: bytes | aiohttp.FormData | None = None,
        params: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> Reply:
        query = {"access_token": token, **(params or {})}
        headers = JSON if isinstance(data, bytes) else None
        url = f"{self.api_base}{path}"
        reply = await request(self.http, method, url, params=query, data=data, headers=headers, once=once)
        check_throttle(reply)
        # Its gateway answers 5xx in place of the API, which itself only ever answers 200: nothing was taken.
        if reply.status >= 500:
            raise TryLater("微信服务暂时不可用，稍后自动重试", code=str(reply.status))
        if reply.status != 200:
            raise Refused("微信拒绝了这次请求", code=str(reply.status))
        return reply


def _object(reply: Reply) -> dict[str, object]:
    try:
        return reply.json()
    except ValueError:
        return {}


def _code(reply: Reply) -> int:
    """The errcode of a reply; 0 for success and for files."""
    code = _object(reply).get("errcode", 0) if reply.body.lstrip().startswith(b"{") else 0
    return code if isinstance(code, int) else 0


def _rid(reply: Reply) -> str:
    """The request's id, which WeChat's support asks for."""
    found = re.search(r"rid:\s*([0-9a-f-]{1,64})", str(_object(reply).get("errmsg")))
    return found[1] if found else ""
