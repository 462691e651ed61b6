"""The platform between people and accounts: what they write and do becomes callbacks, replies become bubbles."""

import secrets
from itertools import count

from sandbox.asks import BadAsk, Json, text
from sandbox.hooks import HookAnswer, Hooks
from sandbox.people import Person
from sandbox.phone import Entry
from sandbox.provider import Doing, chosen
from sandbox.wechat import callbacks, incoming
from sandbox.wechat.account import WeChatAccount, opened
from sandbox.wechat.errors import Trouble
from sandbox.wechat.outgoing import passive_entry
from sandbox.wechat.xml import Fields
from sandbox.world import World

OUT_OF_ORDER = "该公众号暂时无法提供服务，请稍后再试"
SETTLED_BY = {"follow": "subscribe", "scan": "scan", "menu": "menu"}
"""Which acts open which window."""


class WeChatPlatform:
    """Every account and everything that people do to it."""

    channel = "wechat"

    def __init__(self, world: World, hooks: Hooks) -> None:
        self.accounts: dict[str, WeChatAccount] = {}
        self._world = world
        self._hooks = hooks
        self._message_ids = count(25_000_000_000_000_000 + secrets.randbelow(10**15))

    def open_account(self, given: Json) -> str:
        app_id = text(given, "app_id")
        self.accounts[app_id] = opened(given, self.accounts.get(app_id))
        return app_id

    def close_accounts(self) -> None:
        self.accounts.clear()

    def shown(self) -> list[dict[str, object]]:
        return [account.shown() for account in self.accounts.values()]

    def say(self, person: Person, given: Json) -> Doing:
        """Text, or one of image, voice, video, location, link as `kind`, or an answer to a message menu (`menu_id`)."""
        account = self._hooked(given)
        if person.openid in account.unfollowed:
            raise BadAsk("没有关注公众号，不能发消息")
        kind, fields, entry = incoming.written(self._world, given)
        entry.direction, entry.state, entry.provider_id = "out", "sending", str(next(self._message_ids))
        answers_menu = "bizmsgmenuid" in fields
        account.ledger.grant(person.openid, "menu" if answers_menu else "message", self._world.clock.now())
        account.wrote_at[person.openid] = self._world.clock.now()
        self._world.show(person, self.channel, entry)
        message = self._head(account, person, kind) | fields | {"MsgId": int(entry.provider_id)}
        return self._send(account, person, message, entry.provider_id, entry)

    def act(self, person: Person, given: Json) -> Doing:
        """`action`: follow, unfollow, menu (key, or url), scan (scene); check: the hook's address is verified."""
        account, action = self._hooked(given), text(given, "action")
        if action == "check":
            return Doing(["check"], self._world.start(self._check_hook(account)))
        fields, said = incoming.event(action, given)
        self._follow(account, person, action)
        if window := SETTLED_BY.get(action):
            account.ledger.grant(person.openid, window, self._world.clock.now())
        entry = self._world.show(person, self.channel, Entry("out", "event", said, state="sending"))
        message = self._head(account, person, "event") | fields
        return self._send(account, person, message, f"event-{secrets.token_hex(8)}", entry)

    def window(self, person: Person, given: Json) -> dict[str, object]:
        """`open`, the messages `left` and the `seconds` until the last window closes."""
        ledger, now = chosen(self.accounts, given).ledger, self._world.clock.now()
        seconds = ledger.until(person.openid, now) - now
        return {"open": seconds > 0, "left": ledger.left(person.openid, now), "seconds": seconds}

    def report_template(self, account: WeChatAccount, person: Person, message_id: int, status: str) -> None:
        """Tell the account what became of a template message, if it listens."""
        if not account.hook.url:
            return
        event: Fields = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": message_id, "Status": status}
        message = self._head(account, person, "event") | event
        self._send(account, person, message, f"template-{message_id}", None)

    async def _check_hook(self, account: WeChatAccount) -> None:
        """Ask the hook for its echo, as the platform does when the address is saved; the account shows the result."""
        request, echo = callbacks.check_request(account, self._world.clock.now())
        answer = await self._hooks.call(self.channel, account.hook, request)
        account.checked = answer is not None and answer.status == 200 and answer.body == echo.encode()
        self._world.live.tell("accounts")

    def _follow(self, account: WeChatAccount, person: Person, action: str) -> None:
        if action == "follow":
            account.unfollowed.discard(person.openid)
        elif action == "unfollow":
            account.unfollowed.add(person.openid)
            account.ledger.close(person.openid)
        self._world.live.tell("accounts")

    def _hooked(self, given: Json) -> WeChatAccount:
        account = chosen(self.accounts, given)
        if not account.hook.url:
            raise BadAsk("this account has no hook_url")
        return account

    def _head(self, account: WeChatAccount, person: Person, kind: str) -> Fields:
        return {
            "ToUserName": account.original_id,
            "FromUserName": person.openid,
            "CreateTime": int(self._world.clock.now()),
            "MsgType": kind,
        }

    def _send(
        self, account: WeChatAccount, person: Person, message: Fields, delivery_id: str, entry: Entry | None
    ) -> Doing:
        work = self._deliver(account, person, message, delivery_id, entry)
        return Doing([delivery_id], self._world.start(work))

    async def _deliver(
        self, account: WeChatAccount, person: Person, message: Fields, delivery_id: str, entry: Entry | None
    ) -> None:
        def receive(answer: HookAnswer) -> None:
            self._receive(account, person, delivery_id, answer)

        delivery = await self._hooks.deliver(
            self.channel,
            delivery_id,
            account.hook,
            lambda: callbacks.request(account, person.openid, message, self._world.clock.now()),
            receive,
        )
        if entry is None:
            return
        entry.state = "delivered" if delivery.state == "delivered" else "failed"
        self._world.changed(person, self.channel)
        if entry.state == "failed" and message["MsgType"] != "event":
            self._out_of_order(person)

    def _receive(self, account: WeChatAccount, person: Person, delivery_id: str, answer: HookAnswer) -> None:
        """Show the reply that came inside the answer."""
        try:
            reply = callbacks.read_reply(account, person.openid, answer.body)
            if reply is None:
                return
            entry = passive_entry(self._world, reply)
        except (callbacks.BadReply, Trouble) as problem:
            self._out_of_order(person, str(problem))
            return
        entry.reply_to = delivery_id
        self._world.arrived(person, self.channel, account.app_id, entry)

    def _out_of_order(self, person: Person, why: str = "") -> None:
        self._world.show(person, self.channel, Entry("in", "notice", OUT_OF_ORDER, via="platform", error=why))
