"""What each person sees: one list of entries per person and channel, bounded, and what counts as having arrived."""

from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count, islice

MOST_ENTRIES = 300
MOST_PHONES = 20_000
MOST_SENT = 50_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as the phone shows it."""

    name: str
    content_type: str
    url: str


@dataclass(slots=True)
class Entry:
    """One bubble, card or mail. `direction` is seen from the person: `out` is what they wrote.

    `state` of an `out` entry: sending, delivered or failed; of an `in` entry: the provider's word for it.
    `card` holds what is neither text nor file (articles, menu choices, a place, a template's fields).
    """

    direction: str
    kind: str = "text"
    text: str = ""
    subject: str = ""
    media: tuple[Shown, ...] = ()
    state: str = ""
    via: str = ""
    provider_id: str = ""
    reply_to: str = ""
    card: Mapping[str, object] = field(default_factory=dict)
    error: str = ""
    at: float = 0.0
    id: int = 0

    def shown(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing that a provider took from the product for a person.

    `via` says how: `passive` (inside the answer to a callback), `api`, `template`, `smtp`, `twiml`.
    `reply_to` names the person's message that a passive reply answers.
    """

    at: float
    channel: str
    account: str
    person: str
    to: str
    via: str
    kind: str
    text: str
    provider_id: str
    reply_to: str = ""

    def shown(self) -> dict[str, object]:
        return asdict(self)


class Phones:
    """Every person's screens and the record of all that reached them."""

    def __init__(self) -> None:
        self._screens: OrderedDict[tuple[str, str], deque[Entry]] = OrderedDict()
        self._ids = count(1)
        self.sent: deque[Sent] = deque(maxlen=MOST_SENT)

    def show(self, person_id: str, channel: str, entry: Entry, at: float) -> Entry:
        """Put an entry at the end of a screen."""
        entry.id, entry.at = next(self._ids), at
        screen = self._screens.setdefault((person_id, channel), deque(maxlen=MOST_ENTRIES))
        screen.append(entry)
        if len(self._screens) > MOST_PHONES:
            self._screens.popitem(last=False)
        return entry

    def screen(self, person_id: str, channel: str) -> list[Entry]:
        return list(self._screens.get((person_id, channel), ()))

    def counts(self) -> dict[str, object]:
        """How much arrived: in all, per person and way, and passive replies per message they answer."""
        by_person: dict[str, Counter[str]] = {}
        by_message: Counter[str] = Counter()
        for each in self.sent:
            by_person.setdefault(each.person, Counter())[each.via] += 1
            if each.reply_to:
                by_message[each.reply_to] += 1
        return {"total": len(self.sent), "by_person": by_person, "by_message": by_message}

    def latest_sent(self, most: int) -> list[Sent]:
        return list(islice(reversed(self.sent), most))[::-1]

    def clear(self) -> None:
        self._screens.clear()
        self.sent.clear()
