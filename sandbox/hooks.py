"""How a provider calls the product: with its time limit and its tries, each one signed anew and recorded."""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

import aiohttp

from sandbox.asks import Json, number, text
from sandbox.wire import Call, readable, without_secrets
from sandbox.world import World

MOST_DELIVERIES = 50_000
MOST_AT_ONCE = 256
LONGEST_ANSWER = 1024 * 1024


@dataclass(slots=True)
class Hook:
    """Where an account's callbacks go. `retries` are the tries after the first; times are in seconds.

    `retry_delay` counts from the start of one try to the start of the next.
    """

    url: str
    timeout: float
    retries: int
    retry_delay: float


def hook(given: Json, *, timeout: float, retries: int, retry_delay: float) -> Hook:
    """An account's hook, with the provider's own habits unless the ask says otherwise."""
    return Hook(
        url=text(given, "hook_url", ""),
        timeout=number(given, "timeout", timeout),
        retries=int(number(given, "retries", retries)),
        retry_delay=number(given, "retry_delay", retry_delay),
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One try as it goes over the wire; `opened` is what an encrypted body says."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    opened: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What the product said."""

    status: int
    content_type: str
    body: bytes


@dataclass(slots=True)
class Delivery:
    """What became of one callback. `state`: pending, delivered or given_up."""

    id: str
    tries: int = 0
    state: str = "pending"
    status: int = 0


class Hooks:
    """Calls the product."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._http: aiohttp.ClientSession | None = None
        self._at_once = asyncio.Semaphore(MOST_AT_ONCE)
        self._deliveries: OrderedDict[str, Delivery] = OrderedDict()
        self._sequence = 0

    async def start(self) -> None:
        connector = aiohttp.TCPConnector(limit=MOST_AT_ONCE)
        self._http = aiohttp.ClientSession(
            connector=connector, auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def stop(self) -> None:
        if self._http:
            await self._http.close()

    async def deliver(
        self,
        provider: str,
        delivery_id: str,
        hook: Hook,
        make: Callable[[], Request],
        receive: Callable[[HookAnswer], None],
    ) -> Delivery:
        """Bring one callback over, twice or late if the faults say so; each answer goes to `receive`."""
        delivery = self._follow(delivery_id)
        await self._hold_back(provider)
        copies = 2 if self._world.faults.take(provider, "twice") else 1
        for _ in range(copies):
            await self._try_all(provider, delivery, hook, make, receive)
        self._world.live.tell("delivery", id=delivery.id, state=delivery.state)
        return delivery

    def shown(self, delivery_id: str) -> dict[str, object] | None:
        delivery = self._deliveries.get(delivery_id)
        return asdict(delivery) if delivery else None

    def counts(self) -> dict[str, int]:
        """How many callbacks are pending, delivered and given up, and how many tries that took."""
        states = Counter(each.state for each in self._deliveries.values())
        tries = sum(each.tries for each in self._deliveries.values())
        return {name: states[name] for name in ("pending", "delivered", "given_up")} | {"tries": tries}

    def clear(self) -> None:
        """Forget what is over."""
        over = [each.id for each in self._deliveries.values() if each.state != "pending"]
        for delivery_id in over:
            del self._deliveries[delivery_id]

    def _follow(self, delivery_id: str) -> Delivery:
        delivery = self._deliveries[delivery_id] = Delivery(delivery_id)
        if len(self._deliveries) > MOST_DELIVERIES:
            self._deliveries.popitem(last=False)
        return delivery

    async def _hold_back(self, provider: str) -> None:
        """Out of order: every other callback waits until the next ones have overtaken it."""
        fault = self._world.faults.take(provider, "shuffle")
        if fault:
            self._sequence += 1
            await asyncio.sleep(fault.seconds if self._sequence % 2 else 0)

    async def _try_all(
        self,
        provider: str,
        delivery: Delivery,
        hook: Hook,
        make: Callable[[], Request],
        receive: Callable[[HookAnswer], None],
    ) -> None:
        for left in reversed(range(hook.retries + 1)):
            started = time.monotonic()
            delivery.tries += 1
            answer = await self.call(provider, hook, make())
            delivery.status = answer.status if answer else 0
            if answer and 200 <= answer.status < 300:
                delivery.state = "delivered"
                receive(answer)
                return
            if left:
                await asyncio.sleep(max(0.0, hook.retry_delay - (time.monotonic() - started)))
        if delivery.state == "pending":
            delivery.state = "given_up"

    async def call(self, provider: str, hook: Hook, request: Request) -> HookAnswer | None:
        """One try; None where no answer came in time."""
        call = Call(
            provider=provider,
            direction="to_product",
            method=request.method,
            url=request.url,
            at=self._world.clock.now(),
            headers=without_secrets(request.headers),
            body=readable(request.body, request.headers.get("Content-Type", "")),
            opened=request.opened,
        )
        started, answer = time.monotonic(), None
        try:
            answer = await self._ask(hook, request)
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            call.note = "超时没有应答" if isinstance(problem, TimeoutError) else f"没有应答：{type(problem).__name__}"
        else:
            call.status, call.answer = answer.status, readable(answer.body, answer.content_type)
        call.took_ms = round((time.monotonic() - started) * 1000)
        self._world.record(call)
        return answer

    async def _ask(self, hook: Hook, request: Request) -> HookAnswer:
        if self._http is None:
            raise RuntimeError("start() comes first")
        limit = aiohttp.ClientTimeout(total=hook.timeout)
        async with (
            self._at_once,
            self._http.request(
                request.method,
                request.url,
                data=request.body or None,
                headers=dict(request.headers),
                timeout=limit,
                allow_redirects=False,
            ) as response,
        ):
            body = await response.content.read(LONGEST_ANSWER)
            return HookAnswer(response.status, response.content_type, body)
