"""All that the providers share: the people, their phones, the wire, the clock and the faults. In memory, bounded."""

import asyncio
from collections.abc import Coroutine

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.files import File, Files
from sandbox.live import Live
from sandbox.people import People, Person
from sandbox.phone import Entry, Phones, Sent, Shown
from sandbox.wire import Call, Wire


class World:
    """One sandbox's state. `base_url` is where its own HTTP server is reached."""

    def __init__(self, base_url: str = "") -> None:
        self.base_url = base_url
        self.clock = Clock()
        self.people = People()
        self.phones = Phones()
        self.wire = Wire()
        self.faults = Faults()
        self.files = Files()
        self.live = Live()
        self._tasks: set[asyncio.Task[None]] = set()

    def show(self, person: Person, channel: str, entry: Entry) -> Entry:
        """Something new on a person's phone."""
        self.phones.show(person.id, channel, entry, self.clock.now())
        self.live.tell("phone", person=person.id, channel=channel)
        return entry

    def changed(self, person: Person, channel: str) -> None:
        """Something on a person's phone looks different now."""
        self.live.tell("phone", person=person.id, channel=channel)

    def arrived(self, person: Person, channel: str, account: str, entry: Entry) -> Entry:
        """Something of the product's reached a person: shown and counted."""
        self.show(person, channel, entry)
        self.phones.sent.append(
            Sent(
                at=entry.at,
                channel=channel,
                account=account,
                person=person.id,
                to=person.address(channel),
                via=entry.via,
                kind=entry.kind,
                text=entry.text,
                provider_id=entry.provider_id,
                reply_to=entry.reply_to,
            )
        )
        return entry

    def record(self, call: Call) -> Call:
        """A call for the wire list."""
        self.wire.record(call)
        self.live.tell("wire")
        return call

    def keep(self, name: str, content_type: str, content: bytes, seconds: float = float("inf")) -> str:
        """Keep a file for `seconds`; return its key."""
        return self.files.put(File(name, content_type, content, self.clock.now() + seconds))

    def media_url(self, key: str) -> str:
        return f"{self.base_url}/media/{key}"

    def shown(self, name: str, content_type: str, key: str) -> Shown:
        """A kept file as phones show it."""
        return Shown(name, content_type, f"/media/{key}")

    def start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Let work go on in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """End what is still going on."""
        self.live.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
