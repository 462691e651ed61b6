"""The list of conversations: one page, with what an agent needs to choose the next one. Names and texts come masked."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import phonenumbers

from core import clock, database
from core.conversations.arrival import BODY
from core.conversations.naming import names_of
from core.conversations.reachability import closes_at
from core.desk import Desk
from core.privacy import masking
from core.privacy.cipher import CannotOpen
from core.staff import accounts

PREVIEW = 60

VIEWS: dict[str, str] = {
    "mine": "conversation.state = 'open' AND conversation.assignee_id = $1",
    "unassigned": "conversation.state = 'open' AND conversation.assignee_id IS NULL",
    "open": "conversation.state = 'open'",
    "closed": "conversation.state = 'closed'",
    "all": "conversation.state IN ('open', 'closed')",
}

KIND_LABELS = {"image": "[图片]", "voice": "[语音]", "video": "[视频]", "file": "[文件]", "location": "[位置]"}

PAGE = """
SELECT conversation.*, $1::uuid AS me,
       last.id AS last_id, last.body_sealed AS last_body, last.kind AS last_kind, last.state AS last_state,
       last.reason AS last_reason, last.direction AS last_direction,
       seen.kinds, seen.last_in
FROM conversation
LEFT JOIN LATERAL (
  -- what people said: neither our automatic answers nor lines about who took it tell what is wanted
  SELECT * FROM message
  WHERE message.conversation_id = conversation.id AND message.direction <> 'event' AND message.author_kind <> 'bot'
  ORDER BY message.id DESC LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
  SELECT array_agg(address.kind) AS kinds, array_agg(address.last_in_at) AS last_in
  FROM address WHERE address.contact_id = conversation.contact_id
) AS seen ON true
WHERE {view}
  AND ($2::uuid[] IS NULL OR conversation.contact_id = ANY($2))
  AND ($4::uuid IS NULL OR coalesce(conversation.waiting_since, 'infinity') > coalesce($5::timestamptz, 'infinity')
       OR coalesce(conversation.waiting_since, 'infinity') = coalesce($5::timestamptz, 'infinity')
          AND (conversation.last_message_at, conversation.id) < ($6::timestamptz, $4::uuid))
ORDER BY coalesce(conversation.waiting_since, 'infinity'), conversation.last_message_at DESC, conversation.id DESC
LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list, for asking what comes after it: who waits longest comes first, then the newest."""

    waiting_since: datetime | None
    last_message_at: datetime
    conversation_id: UUID

    def __str__(self) -> str:
        waiting = self.waiting_since.isoformat() if self.waiting_since else ""
        return f"{waiting}~{self.last_message_at.isoformat()}~{self.conversation_id}"

    @classmethod
    def of(cls, text: str) -> "Position":
        """What `str` made. Raise `ValueError`."""
        try:
            waiting, last, conversation_id = text.split("~")
            return cls(clock.read(waiting) if waiting else None, clock.read(last), UUID(conversation_id))
        except ValueError:
            raise ValueError("not a position") from None


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation in the list."""

    conversation_id: UUID
    contact_id: UUID
    name: str
    channels: list[str]
    preview: str
    state: str
    assignee_id: UUID | None
    assignee: str
    last_message_at: datetime
    waiting_since: datetime | None
    unread: int
    last_state: str
    closes_at: datetime | None

    @property
    def position(self) -> Position:
        return Position(self.waiting_since, self.last_message_at, self.conversation_id)


async def conversations(
    desk: Desk, view: str, staff_id: UUID | None, after: Position | None = None, limit: int = 50, find: str = ""
) -> list[Line]:
    """A page of one view: who waits longest comes first, then the newest.

    `find` is a whole phone number, mail address or openid.
    """
    people = await contacts_at(desk, find) if find else None
    sql = PAGE.replace("{view}", VIEWS[view])
    place = (after.conversation_id, after.waiting_since, after.last_message_at) if after else (None, None, None)
    return await _lines(desk, await database.rows(sql, staff_id, people, limit, *place))


async def counts(staff_id: UUID | None) -> dict[str, int]:
    """How many conversations each open view holds."""
    # The views are our own constants.
    sums = ", ".join(f"count(*) FILTER (WHERE {VIEWS[view]}) AS {view}" for view in ("mine", "unassigned", "open"))
    sql = f"SELECT {sums}, $1::uuid AS me FROM conversation WHERE state = 'open'"  # noqa: S608 as said above
    found = await database.rows(sql, staff_id)
    return {name: int(count) for name, count in found[0].items() if name != "me"}


async def contacts_at(desk: Desk, find: str) -> list[UUID]:
    """The people who have this exact address on any channel."""
    wanted = [desk.index.of(kind, value) for kind in desk.facts for value in spellings(find)]
    found = await database.rows("SELECT DISTINCT contact_id FROM address WHERE value_index = ANY($1)", wanted)
    return [row["contact_id"] for row in found]


def spellings(find: str) -> set[str]:
    """The ways in which a typed address may be stored: as it is, in lower case, as a number in E.164."""
    bare = "".join(unicodedata.normalize("NFKC", find).split())
    return {bare, bare.lower(), *_numbers(bare)}


def _numbers(bare: str) -> set[str]:
    """What people in the mainland would reach by dialling this, with or without the country's code before it."""
    digits = re.sub(r"[().-]", "", bare)
    if not re.fullmatch(r"\+?[0-9]{8,17}", digits):
        return set()
    found = set()
    for dialled in (digits, f"+{digits}"):
        try:
            number = phonenumbers.parse(dialled, "CN")
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            found.add(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return found


async def _lines(desk: Desk, found: list[dict[str, Any]]) -> list[Line]:
    await desk.keyring.need(row["last_body"] for row in found)
    people = await names_of(desk, (row["contact_id"] for row in found))
    colleagues = await accounts.names(desk, {row["assignee_id"] for row in found if row["assignee_id"]})
    return [_line(desk, row, people, colleagues) for row in found]


def _line(desk: Desk, row: dict[str, Any], people: dict[UUID, str], colleagues: dict[UUID, str]) -> Line:
    return Line(
        conversation_id=row["id"],
        contact_id=row["contact_id"],
        name=people[row["contact_id"]],
        channels=sorted(set(row["kinds"] or [])),
        preview=_preview(desk, row),
        state=row["state"],
        assignee_id=row["assignee_id"],
        assignee=colleagues.get(row["assignee_id"], ""),
        last_message_at=row["last_message_at"],
        waiting_since=row["waiting_since"],
        unread=row["unread"],
        last_state=row["last_state"] or "",
        closes_at=_closing(desk, row),
    )


def _preview(desk: Desk, row: dict[str, Any]) -> str:
    if row["last_direction"] == "event":
        return str(row["last_reason"])
    try:
        text = desk.keyring.text(BODY, row["last_id"], row["last_body"]) if row["last_body"] else ""
    except CannotOpen:
        return "内容已删除"
    return masking.free_text(" ".join(text.split()))[:PREVIEW] or KIND_LABELS.get(row["last_kind"] or "", "")


def _closing(desk: Desk, row: dict[str, Any]) -> datetime | None:
    """When the last way of answering closes; None as soon as one stays open for good."""
    closings = []
    for kind, last_in in zip(row["kinds"] or [], row["last_in"] or [], strict=True):
        if desk.facts[kind].reply_window is None:
            return None
        closings.append(closes_at(desk.facts[kind], last_in))
    return max(filter(None, closings), default=None)
