"""Between phones and accounts: what people write and how far texts came is collected and pushed together."""

import asyncio
import json
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

from sandbox.asks import BadAsk, Json, text
from sandbox.gateway.account import GatewayAccount, Message, Waiting, opened
from sandbox.gateway.signature import headers
from sandbox.hooks import Hooks, Request
from sandbox.people import Person
from sandbox.phone import Entry
from sandbox.provider import Doing, chosen
from sandbox.world import World

STOP = {"退订", "TD", "T", "N", "R", "0000"}
START = {"订阅", "恢复订阅"}
MOST_IN_PUSH = 100
COLLECT_SECONDS = 0.05
"""How long a push waits for more entries."""
STEP_SECONDS = 0.05
"""From acceptance to the network's report."""
BEIJING = timezone(timedelta(hours=8))


class GatewayNetwork:
    """Every account and everything that travels."""

    channel = "sms_cn"

    def __init__(self, world: World, hooks: Hooks) -> None:
        self.accounts: dict[str, GatewayAccount] = {}
        self._world = world
        self._hooks = hooks

    def open_account(self, given: Json) -> str:
        key = text(given, "app_key")
        self.accounts[key] = opened(given, self.accounts.get(key))
        return key

    def close_accounts(self) -> None:
        self.accounts.clear()

    def shown(self) -> list[dict[str, object]]:
        return [account.shown() for account in self.accounts.values()]

    def say(self, person: Person, given: Json) -> Doing:
        """A text; there are no files on this road."""
        account, said = chosen(self.accounts, given), text(given, "text")
        if not account.hook.url:
            raise BadAsk("this account has no hook_url")
        if not person.phone.startswith("+86"):
            raise BadAsk("only numbers of mainland China reach this gateway")
        number = f"up{secrets.token_hex(10)}"
        shown = Entry("out", "text", said, state="sending", provider_id=number)
        self._world.show(person, self.channel, shown)
        self._obey(account, person, said)
        entry: dict[str, object] = {"type": "up", "id": number, "mobile": person.phone[3:], "content": said}
        return Doing([number], self._world.start(self._bring(account, person, entry, shown)))

    def act(self, person: Person, given: Json) -> Doing:
        """`action`: stop or start, by the words for them."""
        words = {"stop": "TD", "start": "恢复订阅"}
        action = text(given, "action")
        if action not in words:
            raise BadAsk("action should be one of stop, start")
        return self.say(person, {**given, "text": words[action]})

    def window(self, person: Person, given: Json) -> dict[str, object]:  # noqa: ARG002
        return {}

    def accept(self, account: GatewayAccount, message: Message, person: Person | None) -> None:
        """The API took a text: it travels on its own."""
        entry = Entry("in", "text", message.text, via="api", state="queued", provider_id=message.id)
        entry.card = {"segments": message.segments}
        if person:
            self._world.arrived(person, self.channel, account.app_key, entry)
        self._world.start(self._travel(account, message, person, entry))

    def _obey(self, account: GatewayAccount, person: Person, said: str) -> None:
        """Words of refusal work without the account."""
        word = unicodedata.normalize("NFKC", said).strip().upper()
        if word in STOP:
            account.opted_out.add(person.phone)
        elif word in START:
            account.opted_out.discard(person.phone)

    async def _bring(self, account: GatewayAccount, person: Person, entry: dict[str, object], shown: Entry) -> None:
        shown.state = "delivered" if await self._push(account, entry) else "failed"
        self._world.changed(person, self.channel)

    async def _travel(self, account: GatewayAccount, message: Message, person: Person | None, entry: Entry) -> None:
        await asyncio.sleep(STEP_SECONDS)
        fault = self._world.faults.take("sms_cn", "undelivered", recipient=message.phone)
        message.status = entry.state = fault.word if fault else "DELIVRD" if person else "MK:0001"
        if person:
            self._world.changed(person, self.channel)
        if account.hook.url:
            report: dict[str, object] = {
                "type": "report",
                "msg_id": message.id,
                "mobile": message.phone[3:],
                "status": message.status,
            }
            await self._push(account, report)

    async def _push(self, account: GatewayAccount, entry: dict[str, object]) -> bool:
        """Put an entry into the next push; whether that was taken. The first one in line starts the collecting."""
        entry["at"] = datetime.fromtimestamp(self._world.clock.now(), UTC).astimezone(BEIJING).strftime("%F %T")
        waiting = Waiting(entry, asyncio.get_running_loop().create_future())
        account.waiting.append(waiting)
        if len(account.waiting) == 1:
            self._world.start(self._collect(account))
        return await waiting.pushed

    async def _collect(self, account: GatewayAccount) -> None:
        await asyncio.sleep(COLLECT_SECONDS)
        batch = list(account.waiting)
        account.waiting.clear()
        for start in range(0, len(batch), MOST_IN_PUSH):
            self._world.start(self._deliver(account, batch[start : start + MOST_IN_PUSH]))

    async def _deliver(self, account: GatewayAccount, batch: list[Waiting]) -> None:
        entries: list[object] = [each.entry for each in batch]
        if self._world.faults.take("sms_cn", "broken"):
            entries.insert(0, {"type": "up", "id": None})
        body = json.dumps({"events": entries}, ensure_ascii=False).encode()

        def make() -> Request:
            return Request(account.hook.url, body, headers(account.app_key, account.app_secret, body))

        delivery = await self._hooks.deliver(
            self.channel, secrets.token_hex(8), account.hook, make, lambda _answer: None
        )
        for each in batch:
            each.pushed.set_result(delivery.state == "delivered")
