"""The network between phones and accounts: incoming texts become webhooks, accepted ones travel on."""

import asyncio
import re
import secrets
from urllib.parse import urlencode

import xmltodict

from sandbox.asks import BadAsk, Json, parts, text, upload
from sandbox.hooks import Hook, HookAnswer, Hooks, Request
from sandbox.people import Person
from sandbox.phone import Entry
from sandbox.provider import Doing, chosen
from sandbox.twilio.account import API_VERSION, Message, TwilioAccount, opened
from sandbox.twilio.segments import count
from sandbox.twilio.signature import sign
from sandbox.world import World

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START = {"START", "YES", "UNSTOP"}
STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = (
    "You have successfully been re-subscribed to messages from this number. "
    "Reply HELP for help. Reply STOP to unsubscribe."
)
STEP_SECONDS = 0.05
"""Between one status and the next."""
MEDIA_LIFE = 30 * 86_400.0


class TwilioNetwork:
    """Every account and everything that travels."""

    channel = "sms"

    def __init__(self, world: World, hooks: Hooks) -> None:
        self.accounts: dict[str, TwilioAccount] = {}
        self._world = world
        self._hooks = hooks

    def open_account(self, given: Json) -> str:
        sid = text(given, "account_sid")
        self.accounts[sid] = opened(given, self.accounts.get(sid))
        return sid

    def close_accounts(self) -> None:
        self.accounts.clear()

    def shown(self) -> list[dict[str, object]]:
        return [account.shown() for account in self.accounts.values()]

    def say(self, person: Person, given: Json) -> Doing:
        """A text, with files as `media` (MMS)."""
        account = chosen(self.accounts, given)
        if not account.hook.url:
            raise BadAsk("this account has no hook_url")
        body = text(given, "text", "")
        files = [upload(each) for each in parts(given, "media")]
        if not body and not files:
            raise BadAsk("text should not be empty")
        keys = [self._world.keep(each.name, each.content_type, each.content, MEDIA_LIFE) for each in files]
        shown = tuple(self._world.shown(f.name, f.content_type, k) for f, k in zip(files, keys, strict=True))
        message = self._incoming(account, person, body, tuple(keys))
        entry = Entry("out", "image" if shown else "text", body, media=shown, state="sending")
        entry.provider_id = message.sid
        self._world.show(person, self.channel, entry)
        self._obey(account, person, body)
        return Doing([message.sid], self._world.start(self._deliver(account, person, message, entry)))

    def act(self, person: Person, given: Json) -> Doing:
        """`action`: stop or start, the keywords."""
        action = text(given, "action")
        if action not in {"stop", "start"}:
            raise BadAsk("action should be one of stop, start")
        return self.say(person, {**given, "text": action.upper()})

    def window(self, person: Person, given: Json) -> dict[str, object]:  # noqa: ARG002
        return {}

    def accept(self, account: TwilioAccount, message: Message, person: Person | None) -> None:
        """The API took a message: it travels on its own."""
        entry = Entry("in", "text", message.body, via="api", state="queued", provider_id=message.sid)
        entry.card = {"segments": message.segments, "media_urls": list(message.media)}
        if person:
            self._world.arrived(person, self.channel, account.account_sid, entry)
        self._world.start(self._travel(account, message, person, entry))

    def _incoming(self, account: TwilioAccount, person: Person, body: str, keys: tuple[str, ...]) -> Message:
        return account.keep(
            Message(
                sid=f"{'MM' if keys else 'SM'}{secrets.token_hex(16)}",
                to=account.number,
                sender=person.phone,
                body=body,
                direction="inbound",
                segments=count(body),
                created=self._world.clock.now(),
                status="received",
                media=keys,
            )
        )

    def _obey(self, account: TwilioAccount, person: Person, body: str) -> None:
        """Keywords work without the account: Twilio blocks and answers by itself."""
        word = body.strip().upper()
        if word in STOP:
            account.opted_out.add(person.phone)
        elif word in START and person.phone in account.opted_out:
            account.opted_out.discard(person.phone)
        else:
            return
        said = STOPPED if word in STOP else STARTED
        self._world.show(person, self.channel, Entry("in", "text", said, via="platform", state="delivered"))

    async def _deliver(self, account: TwilioAccount, person: Person, message: Message, entry: Entry) -> None:
        def receive(answer: HookAnswer) -> None:
            for said in _replies(answer):
                reply = Entry("in", "text", said, via="twiml", state="delivered", reply_to=message.sid)
                self._world.arrived(person, self.channel, account.account_sid, reply)

        fields = self._incoming_fields(account, message)
        make = self._maker(account, account.hook.url, fields)
        delivery = await self._hooks.deliver(self.channel, message.sid, account.hook, make, receive)
        entry.state = "delivered" if delivery.state == "delivered" else "failed"
        self._world.changed(person, self.channel)

    def _incoming_fields(self, account: TwilioAccount, message: Message) -> dict[str, str]:
        fields = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsMessageSid": message.sid,
            "AccountSid": account.account_sid,
            "ApiVersion": API_VERSION,
            "From": message.sender,
            "To": message.to,
            "Body": message.body,
            "NumMedia": str(len(message.media)),
            "NumSegments": str(message.segments),
            "SmsStatus": "received",
            "ToCountry": "",
            "FromCountry": "CN" if message.sender.startswith("+86") else "",
        }
        for index, key in enumerate(message.media):
            file = self._world.files.get(key, self._world.clock.now())
            path = account.uri(f"Messages/{message.sid}/Media/ME{message.sid[2:30]}{index:04d}")
            fields[f"MediaUrl{index}"] = f"{self._world.base_url}/twilio{path}"
            fields[f"MediaContentType{index}"] = file.content_type if file else ""
        return fields

    async def _travel(self, account: TwilioAccount, message: Message, person: Person | None, entry: Entry) -> None:
        """From queued to its end, with a callback for each state after the first."""
        steps = self._steps(message, person)
        reported = list(reversed(steps)) if self._world.faults.take("sms", "shuffle") else steps
        for status, to_report in zip(steps, reported, strict=True):
            await asyncio.sleep(STEP_SECONDS)
            self._reach(message, status, entry)
            if person:
                self._world.changed(person, self.channel)
            if message.callback:
                await self._report(account, message, to_report)

    def _steps(self, message: Message, person: Person | None) -> list[str]:
        fault = self._world.faults.take("sms", "undelivered", recipient=message.to)
        if fault or person is None:
            message.error_code = fault.code if fault else 30005
            return ["sent", "undelivered"]
        return ["sent", "delivered"]

    def _reach(self, message: Message, status: str, entry: Entry) -> None:
        now = self._world.clock.now()
        message.status, message.updated = status, now
        message.sent = message.sent or now
        entry.state = status
        entry.error = str(message.error_code) if status == "undelivered" else ""

    async def _report(self, account: TwilioAccount, message: Message, status: str) -> None:
        fields = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": account.account_sid,
            "ApiVersion": API_VERSION,
            "From": message.sender,
            "To": message.to,
        }
        if status == "undelivered":
            fields["ErrorCode"] = str(message.error_code)
        hook = Hook(message.callback, account.hook.timeout, account.hook.retries, account.hook.retry_delay)
        make = self._maker(account, message.callback, fields)
        if self._world.faults.take("sms", "twice"):
            await self._hooks.call(self.channel, hook, make())
        await self._hooks.call(self.channel, hook, make())

    def _maker(self, account: TwilioAccount, url: str, fields: dict[str, str]) -> "_Maker":
        return _Maker(account.auth_token, url, fields, f"{secrets.token_hex(16)}")


class _Maker:
    """Every try of a callback is the same, and says so in its idempotency token."""

    def __init__(self, auth_token: str, url: str, fields: dict[str, str], token: str) -> None:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": sign(auth_token, url, fields),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
        }
        self._request = Request(url, urlencode(fields).encode(), headers)

    def __call__(self) -> Request:
        return self._request


def _replies(answer: HookAnswer) -> list[str]:
    """The texts in a TwiML answer (twilio.com/docs/messaging/twiml); plain text is one of them."""
    body = answer.body.decode("utf-8", "replace").strip()
    if answer.content_type == "text/plain":
        return [body] if body else []
    try:
        response = xmltodict.parse(body, force_list=("Message",)).get("Response") if body else None
    except Exception:  # noqa: BLE001  whatever is wrong with it, Twilio sends nothing and logs 12100
        return []
    messages = response.get("Message", []) if isinstance(response, dict) else []
    return [said for each in messages if (said := _said(each))]


def _said(message: object) -> str:
    if isinstance(message, dict):
        message = message.get("Body") or message.get("#text") or ""
    return re.sub(r"\s+$", "", str(message or ""))
