"""A program that speaks to the API, and people who wrote on WeChat for it to read."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp

from core.conversations.listing import Line, conversations
from core.desk import Desk
from core.intake.fold import fold
from core.intake.journal import Journal
from core.messages import MessageReceived, Person

OPENID = "oMARKEDopenid0123456789abcde"


@dataclass(frozen=True)
class Answered:
    """What the API said."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


class Program:
    """A program with (or without) a token."""

    def __init__(self, http: aiohttp.ClientSession, base: str, token: str) -> None:
        self._http, self._base = http, base
        self._token = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **given: Any) -> Answered:
        sent = self._token | (headers or {})
        async with self._http.request(method, self._base + path, headers=sent, **given) as response:
            body = await response.json() if "json" in response.content_type else await response.text()
            return Answered(response.status, dict(response.headers), body)


class Wrote:
    """People write."""

    def __init__(self, desk: Desk, account_id: UUID) -> None:
        self._desk, self._account_id, self._count = desk, account_id, 0

    async def __call__(self, openid: str = OPENID, text: str = "空调不制冷了", name: str = "王标记") -> Line:
        """A message arrives and is folded; the conversation that it is in."""
        self._count += 1
        event = MessageReceived(f"m{self._count}", Person(openid, name=name), text=text)
        journal = await Journal.open(self._desk)
        await journal.accept(self._account_id, [event], b"raw")
        while (await fold(self._desk)).count:
            pass
        return (await conversations(self._desk, "open", None, find=openid))[0]
