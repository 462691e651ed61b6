"""Twilio's own client over our own HTTP: our timeout, no hidden repeats, nothing in the logs, any base URL."""

from urllib.parse import urlencode

import aiohttp
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.http import Reply, basic_auth, check_throttle, request, retry_after
from channels.sms.codes import error_for
from core.errors import OutcomeUnknown, TryLater

TWILIO = "https://api.twilio.com"


class OurHttp(AsyncTwilioHttpClient):  # type: ignore[misc]  # twilio has no types
    """Carries what the library asks to `api_base`, over the process's session."""

    def __init__(self, session: aiohttp.ClientSession, api_base: str) -> None:
        super().__init__(pool_connections=False)
        self.ours = session
        self.api_base = api_base

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  # the library's; ours is the same for every call
        allow_redirects: bool = False,  # noqa: ARG002
    ) -> Response:
        """Raise `TryLater` or `OutcomeUnknown` where it is plain; codes in a 4xx are left to the library to read."""
        posted = method.upper() == "POST"
        reply = await request(
            self.ours,
            method,
            self._address(url, params),
            once=posted,
            data=urlencode(data or {}, doseq=True).encode() if posted else None,
            headers={**(headers or {}), **({"Authorization": basic_auth(*auth)} if auth else {})},
        )
        if reply.status == 429:
            raise error_for(_code(reply), retry_after(reply.headers))
        check_throttle(reply)
        if reply.status >= 500:
            # Twilio has no idempotency token and does not promise that a 500, 502 or 504 took nothing.
            if posted:
                raise OutcomeUnknown("短信服务商出错，不确定是否已送出", code=str(reply.status))
            raise TryLater("短信服务商暂时不可用，稍后自动重试", code=str(reply.status))
        return Response(reply.status, reply.body.decode(errors="replace"), reply.headers)

    def _address(self, url: str, params: dict[str, object] | None) -> str:
        asked = {name: str(value) for name, value in (params or {}).items() if value is not None}
        return self.api_base + url.removeprefix(TWILIO) + ("?" + urlencode(asked) if asked else "")


def _code(reply: Reply) -> int:
    """Which limit was reached; a front end that does not say means the general one (error 20429)."""
    try:
        code = reply.json().get("code")
    except ValueError:
        code = None
    return code if isinstance(code, int) else 20429


def twilio_client(session: aiohttp.ClientSession, api_base: str, account_sid: str, auth_token: str) -> Client:
    """The library's client for one account; region and edge of the process's environment do not reach it."""
    return Client(
        account_sid,
        auth_token,
        http_client=OurHttp(session, api_base),
        environment={"TWILIO_REGION": "", "TWILIO_EDGE": ""},
    )
