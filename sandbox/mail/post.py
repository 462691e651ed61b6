"""The post between people and the product's mail accounts."""

import secrets

from sandbox.asks import BadAsk, Json, flag, parts, text, upload
from sandbox.hooks import HookAnswer, Hooks, Request
from sandbox.mail.account import MailAccount, opened
from sandbox.mail.letters import QUOTES, Draft, Quoted, bounce, read, write
from sandbox.people import Person
from sandbox.phone import Entry
from sandbox.provider import Doing, chosen
from sandbox.world import World


class MailPost:
    """Every account, and every letter both ways."""

    channel = "email"

    def __init__(self, world: World, hooks: Hooks) -> None:
        self.accounts: dict[str, MailAccount] = {}
        self._world = world
        self._hooks = hooks

    def open_account(self, given: Json) -> str:
        address = text(given, "address").lower()
        self.accounts[address] = opened(given, self.accounts.get(address))
        return address

    def close_accounts(self) -> None:
        self.accounts.clear()

    def shown(self) -> list[dict[str, object]]:
        return [account.shown() for account in self.accounts.values()]

    def login(self, user: str, password: str) -> MailAccount | None:
        """The account that these open."""
        return next((each for each in self.accounts.values() if each.admits(user, password)), None)

    def say(self, person: Person, given: Json) -> Doing:
        """A letter: subject, text, `media`; `reply_to` a Message-ID, `quote` one of qq, 163, outlook, gmail.

        `raw` sends bytes of one's own (in base64) instead. `authenticated` false: the sender's domain does not vouch.
        """
        account = chosen(self.accounts, given)
        if raw := text(given, "raw", ""):
            return self._hand_over(account, person, upload({"data": raw}).content)
        quote = text(given, "quote", "")
        if quote and quote not in QUOTES:
            raise BadAsk(f"quote should be one of {', '.join(QUOTES)}")
        answered = self._quoted(person, account, text(given, "reply_to", ""))
        draft = Draft(
            sender=person.mail,
            sender_name=person.name,
            receiver=account.address,
            subject=text(given, "subject", f"回复：{answered.subject}" if answered else "（无主题）"),
            text=text(given, "text", ""),
            at=self._world.clock.now(),
            files=tuple(upload(each) for each in parts(given, "media")),
            answers=answered,
            quote=quote,
            authenticated=flag(given, "authenticated", default=True),
        )
        try:
            raw_letter = write(draft).as_bytes()
        except ValueError as problem:
            raise BadAsk(str(problem)) from None
        return self._hand_over(account, person, raw_letter)

    def act(self, person: Person, given: Json) -> Doing:  # noqa: ARG002
        raise BadAsk("there is nothing to do by mail but to write")

    def window(self, person: Person, given: Json) -> dict[str, object]:  # noqa: ARG002
        return {}

    def receive(self, recipient: str, raw: bytes) -> bool:
        """A letter of the product's arrived for a person; False where nobody lives there."""
        person = self._world.people.at(recipient)
        if person is None or person.mail.lower() != recipient.lower():
            return self._to_ourselves(recipient, raw)
        letter = read(raw)
        entry = self._entry(raw, "in")
        entry.via, entry.state = "smtp", "delivered"
        sender = next((each for each in self.accounts if each in letter.sender.lower()), "")
        self._world.arrived(person, self.channel, sender, entry)
        return True

    def send_back(self, recipient: str, sender: str, raw: bytes) -> None:
        """A letter that was accepted comes back as undeliverable."""
        account = self.accounts.get(sender.lower()) or next(iter(self.accounts.values()), None)
        if account:
            now = self._world.clock.now()
            report = bounce(raw, recipient, "mailer-daemon@mx.example.com", account.address, now)
            self._world.start(self._bring(account, None, report, f"bounce-{secrets.token_hex(8)}", None))

    def _to_ourselves(self, recipient: str, raw: bytes) -> bool:
        account = self.accounts.get(recipient.lower())
        if account:
            account.mailbox.put(raw, self._world.clock.now())
        return account is not None

    def _hand_over(self, account: MailAccount, person: Person, raw: bytes) -> Doing:
        entry = self._entry(raw, "out")
        entry.state = "sending"
        self._world.show(person, self.channel, entry)
        delivery_id = entry.provider_id or f"mail-{secrets.token_hex(8)}"
        return Doing([delivery_id], self._world.start(self._bring(account, person, raw, delivery_id, entry)))

    async def _bring(
        self, account: MailAccount, person: Person | None, raw: bytes, delivery_id: str, entry: Entry | None
    ) -> None:
        """Into the mailbox, or to the hook."""
        state = "delivered"
        if account.pushes:
            delivery = await self._hooks.deliver(
                self.channel, delivery_id, account.hook, lambda: self._push(account, raw), _listen
            )
            state = "delivered" if delivery.state == "delivered" else "failed"
        else:
            copies = 2 if self._world.faults.take(self.channel, "twice") else 1
            for _ in range(copies):
                account.mailbox.put(raw, self._world.clock.now())
        if entry and person:
            entry.state = state
            self._world.changed(person, self.channel)

    def _push(self, account: MailAccount, raw: bytes) -> Request:
        return account.push(raw, self._world.clock.now())

    def _entry(self, raw: bytes, direction: str) -> Entry:
        letter = read(raw)
        shown = tuple(
            self._world.shown(
                each.name, each.content_type, self._world.keep(each.name, each.content_type, each.content)
            )
            for each in letter.files
        )
        card = {"references": letter.references, "from": letter.sender}
        return Entry(
            direction,
            "mail",
            letter.text,
            subject=letter.subject,
            media=shown,
            provider_id=letter.message_id,
            reply_to=letter.in_reply_to,
            card=card,
        )

    def _quoted(self, person: Person, account: MailAccount, message_id: str) -> Quoted | None:
        if not message_id:
            return None
        screen = self._world.phones.screen(person.id, self.channel)
        entry = next((each for each in screen if each.provider_id == message_id), None)
        if entry is None:
            raise BadAsk("reply_to names no letter in this person's mailbox")
        subject = entry.subject.removeprefix("回复：")
        return Quoted(
            message_id,
            str(entry.card.get("references", "")),
            str(entry.card.get("from", "")),
            person.mail if entry.direction == "in" else account.address,
            subject,
            entry.text,
            entry.at,
        )


def _listen(answer: HookAnswer) -> None:
    """A pushed letter needs no word back."""
