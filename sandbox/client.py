"""A client of /control for tests, benchmarks and fault runs."""

import asyncio
import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

Json = dict[str, Any]
POLL_SECONDS = 0.05


class Refusal(Exception):
    """The sandbox would not do what was asked; says why."""


class SandboxClient:
    """Drives one sandbox. Use it as an asynchronous context manager."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "SandboxClient":
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http:
            await self._http.close()

    async def open_account(self, **settings: object) -> str:
        """Make or change an account (`kind`, `hook_url`, credentials, `retries`, `retry_delay`, `timeout`); its key."""
        return str((await self._ask("POST", "accounts", settings))["keys"][0])

    async def close_accounts(self) -> None:
        await self._ask("DELETE", "accounts")

    async def accounts(self) -> list[Json]:
        return list(await self._ask("GET", "accounts"))

    async def people(self) -> list[Json]:
        return list(await self._ask("GET", "people"))

    async def add_person(self, **details: object) -> Json:
        """A new person (`id`, `name`, `openid`, `phone`, `mail`: all optional)."""
        return dict((await self._ask("POST", "people", details))[0])

    async def add_people(self, people: Sequence[Mapping[str, object]]) -> list[Json]:
        return list(await self._ask("POST", "people", {"people": list(people)}))

    async def say(self, person: str, channel: str, text: str = "", *, wait: bool = True, **more: object) -> str:
        """Write as a person; return the provider's id. With `wait`, only after the callback is over."""
        ask = {"person": person, "channel": channel, "text": text, "wait": wait, **more}
        return str((await self._ask("POST", "say", ask))["ids"][0])

    async def say_all(self, messages: Sequence[Mapping[str, object]], *, wait: bool = False) -> list[str]:
        """Many messages at once, each {"person", "channel", "text", …}: their callbacks run side by side."""
        return list((await self._ask("POST", "say", {"messages": list(messages), "wait": wait}))["ids"])

    async def act(self, person: str, action: str, channel: str = "wechat", **more: object) -> str:
        ask = {"person": person, "channel": channel, "action": action, "wait": True, **more}
        return str((await self._ask("POST", "act", ask))["ids"][0])

    async def phone(self, person: str, channel: str) -> list[Json]:
        return list(await self._ask("GET", f"phone?person={person}&channel={channel}"))

    async def wire(self) -> list[Json]:
        return list(await self._ask("GET", "wire"))

    async def call(self, call_id: int) -> Json:
        return dict(await self._ask("GET", f"wire/{call_id}"))

    async def fault(self, provider: str, kind: str, **more: object) -> int:
        return int((await self._ask("POST", "faults", {"provider": provider, "kind": kind, **more}))["ids"][0])

    async def faults(self) -> list[Json]:
        return list(await self._ask("GET", "faults"))

    async def no_faults(self) -> None:
        await self._ask("DELETE", "faults")

    async def forward(self, seconds: float) -> float:
        """Move the sandbox's clock; return its time."""
        return float((await self._ask("POST", "clock", {"forward": seconds}))["now"])

    async def sent(self, most: int = 50_000) -> list[Json]:
        """Everything of the product's that reached people, oldest first."""
        return list((await self._ask("GET", f"sent?most={most}"))["list"])

    async def counts(self) -> Json:
        """{"total", "by_person": {person: {way: n}}, "by_message": {message id: passive replies}}."""
        return dict((await self._ask("GET", "sent?most=0"))["counts"])

    async def deliveries(self) -> Json:
        """{"pending", "delivered", "given_up", "tries"} of all callbacks."""
        return dict(await self._ask("GET", "deliveries"))

    async def settled(self, seconds: float = 60.0) -> Json:
        """Wait until no callback is pending. Raise `TimeoutError`."""
        end = time.monotonic() + seconds
        while (counts := await self.deliveries())["pending"]:
            if time.monotonic() > end:
                raise TimeoutError(f"callbacks still pending: {counts}")
            await asyncio.sleep(POLL_SECONDS)
        return counts

    async def reached(self, person: str, channel: str, text: str, seconds: float = 10.0) -> Json:
        """Wait until something that holds `text` is on a person's phone; return it. Raise `TimeoutError`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for entry in await self.phone(person, channel):
                if entry["direction"] == "in" and text in entry["text"]:
                    return entry
            await asyncio.sleep(POLL_SECONDS)
        raise TimeoutError(f"nothing with that text reached {person} by {channel}")

    async def reset(self) -> None:
        """Forget everything but accounts and people."""
        await self._ask("POST", "reset", {})

    async def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        if self._http is None:
            raise RuntimeError("use it as a context manager")
        async with self._http.request(method, f"{self.base_url}/control/{path}", json=body) as response:
            answer = await response.json(content_type=None)
            if response.status >= 400:
                raise Refusal(str(answer))
            return answer


def media(name: str, content_type: str, content: bytes) -> dict[str, str]:
    """A file for `say`'s `media`."""
    return {"name": name, "content_type": content_type, "data": base64.b64encode(content).decode()}
