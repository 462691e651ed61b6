"""The people outside, for tests of what staff see: they write, and it is journalled and folded as in life."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from core.conversations.models import Conversation
from core.desk import Desk
from core.intake.accounts import add_account
from core.intake.fold import fold
from core.intake.journal import Journal
from core.messages import Media, MessageKind, MessageReceived, Person
from core.staff import accounts, links, sessions
from core.staff.accounts import Role

VALUES = {
    "wechat": {"app_id": "wx1234567890abcdef", "app_secret": "x", "token": "t", "mode": "plain"},
    "sms": {"account_sid": "AC" + "0" * 32, "auth_token": "x", "number": "+14155550100"},
    "email": {"address": "service@example.com", "smtp_host": "127.0.0.1", "smtp_port": "25"},
}

PASSWORD = "correct horse 电池"


@dataclass(slots=True)
class Street:
    """Everybody who writes to us, and those who answer."""

    desk: Desk
    journal: Journal
    at: dict[str, UUID] = field(default_factory=dict)

    @classmethod
    async def open(cls, desk: Desk) -> "Street":
        """An account on each channel."""
        street = cls(desk, await Journal.open(desk))
        for kind, values in VALUES.items():
            street.at[kind] = (await add_account(desk, kind, kind, values, ())).id
        return street

    async def write(
        self,
        kind: str,
        address: str,
        text: str = "",
        *,
        name: str = "",
        subject: str = "",
        full_text: str = "",
        files: tuple[Media, ...] = (),
        shown: MessageKind = MessageKind.TEXT,
    ) -> UUID:
        """Somebody writes; the conversation that it went into."""
        event = MessageReceived(
            dedupe_key=uuid4().hex,
            sender=Person(address, name),
            text=text,
            kind=shown,
            subject=subject,
            full_text=full_text,
            media=files,
        )
        await self.journal.accept(self.at[kind], [event], b"")
        folded = await fold(self.desk)
        await self.desk.bell.announce(folded.conversations)
        newest = await Conversation.filter(id__in=list(folded.conversations)).order_by("-last_message_at").first()
        assert newest is not None
        return newest.id

    async def hire(self, login: str, name: str, *roles: str) -> accounts.StaffView:
        """Somebody who works here, with `PASSWORD`."""
        hired = await accounts.create(self.desk, login, name, roles or (Role.AGENT,))
        link = await links.make(self.desk, hired.id)
        await links.use(self.desk, link.rpartition("/")[2], PASSWORD)
        return hired

    async def session(self, staff_id: UUID) -> str:
        """A logged-in browser's token."""
        return await sessions.begin(staff_id)
