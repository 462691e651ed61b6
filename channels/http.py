"""One way for adapters to ask a provider over HTTP, and one reading of what a failure means for a send.

Nothing here logs: addresses carry tokens, bodies carry what people wrote. Errors are raised `from None` for the
same reason, aiohttp's own texts quote the address.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from core.errors import OutcomeUnknown, Refused, TryLater

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5, sock_connect=5, sock_read=15)
LARGEST = 25 * 1024 * 1024
LONGEST_WAIT = timedelta(days=1)

# What aiohttp raises while no byte of the request has left yet.
BEFORE_SENDING = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider said. Header names in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> dict[str, object]:
        """The body as a JSON object. Raise `ValueError` when it is anything else."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        return value


async def request(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    once: bool = False,
    params: Mapping[str, str] | None = None,
    data: bytes | aiohttp.FormData | None = None,
    headers: Mapping[str, str] | None = None,
    redirects: bool = False,
    largest: int = LARGEST,
) -> Reply:
    """Ask once and return the reply, whatever its status.

    `once` marks what must not happen twice (a send): when the connection is lost after the request may have gone
    out, nobody knows, and `OutcomeUnknown` is raised. Everything else that fails on the way is `TryLater`.
    """
    try:
        async with http.request(
            method, url, params=params, data=data, headers=headers, allow_redirects=redirects, timeout=TIMEOUT
        ) as response:
            body = await _read(response, largest, once)
            return Reply(response.status, response.headers, body)
    except BEFORE_SENDING:
        raise TryLater("连接不上服务商，稍后自动重试", code="network") from None
    except (aiohttp.ClientError, TimeoutError, OSError):
        if once:
            raise OutcomeUnknown("与服务商的连接中断，不确定是否已送出", code="network") from None
        raise TryLater("与服务商的连接中断，稍后自动重试", code="network") from None


async def _read(response: aiohttp.ClientResponse, largest: int, once: bool) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > largest:
            if once:
                raise OutcomeUnknown("服务商的回应异常，不确定是否已送出", code="too_large")
            raise Refused(f"文件超过 {largest // 1024 // 1024} MB，无法接收", code="too_large")
    return bytes(body)


def check_throttle(reply: Reply) -> None:
    """Raise `TryLater` for 429 (RFC 6585) and 503 (RFC 9110, 15.6.4): both say that nothing was taken."""
    if reply.status in {429, 503}:
        raise TryLater("服务商要求放慢速度，稍后自动重试", code=str(reply.status), after=retry_after(reply.headers))


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The provider's wish in Retry-After, as seconds or as a date (RFC 9110, 10.2.3); at most a day."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(timedelta(seconds=int(value[:9])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - datetime.now(UTC), timedelta()), LONGEST_WAIT)


def basic_auth(user: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617); aiohttp's own `auth` goes away with version 4."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
