"""Accounts on a running product, called as their providers call them, and what the journal then holds."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import aiohttp

from channels import with_defaults
from core.desk import Desk
from core.intake.accounts import add_account
from core.intake.codec import decode
from core.intake.journal import EVENT
from core.intake.models import Inbound, InboundState
from core.messages import Event, MessageReceived
from tests.channels.sms.twilio_side import values as sms_values
from tests.channels.wechat.platform_side import values as wechat_values


@dataclass
class Hook:
    """An account of its own on the running product, and what its provider has got into the journal."""

    desk: Desk
    http: aiohttp.ClientSession
    account_id: UUID
    url: str

    async def call(
        self, body: bytes = b"", query: Mapping[str, str] | None = None, method: str = "POST", **headers: str
    ) -> tuple[int, str]:
        """The status and the text that the provider is answered."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.url + ("?" + urlencode(query) if query else "")
        async with self.http.request(method, url, data=body, headers=named) as answer:
            return answer.status, await answer.text()

    async def rows(self) -> list[Inbound]:
        return await Inbound.filter(account_id=self.account_id).order_by("id")

    async def events(self) -> list[Event]:
        """What was journalled as understood."""
        key = await self.desk.keyring.system("journal")
        return [decode(key.open(EVENT, row.id, row.event_sealed)) for row in await self.rows() if row.event_sealed]

    async def messages(self) -> list[MessageReceived]:
        return [each for each in await self.events() if isinstance(each, MessageReceived)]

    async def unreadable(self) -> int:
        return sum(row.state == InboundState.UNREADABLE for row in await self.rows())


class Hooks:
    """Makes them."""

    def __init__(self, desk: Desk, http: aiohttp.ClientSession, base: str) -> None:
        self.desk, self.http, self.base = desk, http, base

    async def wechat(self, **changed: str) -> Hook:
        return await self._of("wechat", wechat_values(**changed))

    async def sms(self, auth_token: str) -> Hook:
        return await self._of("sms", sms_values(auth_token=auth_token))

    async def _of(self, kind: str, values: dict[str, str]) -> Hook:
        made = await add_account(self.desk, kind, "语料", with_defaults(kind, values), ())
        return Hook(self.desk, self.http, made.id, f"{self.base}/hooks/{kind}/{made.public_id}")


async def canary() -> tuple[asyncio.Server, list[object], str]:
    """A port that nobody has a reason to call, who called it, and its address."""
    callers: list[object] = []

    async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    return server, callers, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
