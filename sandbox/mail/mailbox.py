"""The folder behind one mail account: numbered letters that never change their number."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_LETTERS = 5_000


@dataclass(slots=True)
class Letter:
    """One message as it lies there. `received` is Unix time."""

    uid: int
    raw: bytes = field(repr=False)
    received: float
    flags: set[str] = field(default_factory=set)


class Mailbox:
    """INBOX. UIDs only grow; UIDVALIDITY changes with every start of the sandbox, since nothing outlives it."""

    def __init__(self) -> None:
        self.uid_validity = int(time.time())
        self.next_uid = 1
        self._letters: OrderedDict[int, Letter] = OrderedDict()
        self._watchers: set[Callable[[], None]] = set()

    def put(self, raw: bytes, received: float) -> Letter:
        """A new letter arrives; whoever idles is told."""
        letter = self._letters[self.next_uid] = Letter(self.next_uid, raw, received)
        self.next_uid += 1
        if len(self._letters) > MOST_LETTERS:
            self._letters.popitem(last=False)
        for tell in tuple(self._watchers):
            tell()
        return letter

    def letters(self) -> list[Letter]:
        """In the order of their numbers."""
        return list(self._letters.values())

    def expunge(self) -> list[int]:
        """Drop what is marked \\Deleted; the sequence numbers it had, each counted after the ones before went."""
        gone, position = [], 1
        for letter in self.letters():
            if "\\Deleted" in letter.flags:
                gone.append(position)
                del self._letters[letter.uid]
            else:
                position += 1
        return gone

    def renumber(self) -> None:
        """A new UIDVALIDITY: what clients remembered means nothing now."""
        self.uid_validity += 1

    def watch(self, tell: Callable[[], None]) -> None:
        self._watchers.add(tell)

    def unwatch(self, tell: Callable[[], None]) -> None:
        self._watchers.discard(tell)
