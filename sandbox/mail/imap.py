"""IMAP4rev1 (RFC 3501) with IDLE and LITERAL+: as much as a client needs that reads one folder."""

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.mail import imap_fetch
from sandbox.mail.account import MailAccount
from sandbox.mail.imap_parse import BadCommand, Command, announced, as_quoted, parse, selected, unquote
from sandbox.mail.imap_search import search
from sandbox.mail.mailbox import Letter
from sandbox.mail.post import MailPost
from sandbox.wire import Call
from sandbox.world import World

CAPABILITIES = "IMAP4rev1 IDLE LITERAL+ UNSELECT"
FLAGS = "\\Answered \\Flagged \\Deleted \\Seen \\Draft"
LONGEST_LINE = 65_536
LONGEST_LITERAL = 65_536


class Session:
    """One connection."""

    def __init__(
        self, world: World, post: MailPost, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._world = world
        self._post = post
        self._reader = reader
        self._writer = writer
        self._account: MailAccount | None = None
        self._folder: list[Letter] | None = None
        """The letters in the order the client knows; None while no folder is selected."""
        self._read_only = False
        self._over = False

    async def serve(self) -> None:
        """Answer commands until the client leaves."""
        self._line(f"* OK [CAPABILITY {CAPABILITIES}] sandbox ready")
        await self._writer.drain()
        while not self._over:
            words = await self._read()
            if words is None:
                return
            if self._world.faults.take("imap", "drop"):
                return
            if slow := self._world.faults.take("imap", "slow"):
                await asyncio.sleep(slow.seconds)
            await self._obey(words)
            await self._writer.drain()

    async def _obey(self, line: bytes) -> None:
        try:
            command = parse(line)
        except BadCommand as problem:
            self._line(f"{problem.tag} BAD {problem}")
            return
        handler = _HANDLERS.get(command.name)
        if handler is None:
            self._line(f"{command.tag} BAD unknown command")
            return
        try:
            done = await handler(self, command)
        except BadCommand as problem:
            self._line(f"{command.tag} BAD {problem}")
            return
        self._tell_new()
        self._line(f"{command.tag} {done}")

    async def _read(self) -> bytes | None:
        """One command with its literals put in place; None at the end."""
        whole = b""
        while True:
            try:
                line = await self._reader.readuntil(b"\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
                return None
            whole += line[:-2]
            if not (literal := announced(line)):
                return whole
            size, waits = literal
            if size > LONGEST_LITERAL:
                return None
            if waits:
                self._line("+ go on")
                await self._writer.drain()
            whole = whole[: whole.rindex(b"{")] + as_quoted(await self._reader.readexactly(size))

    def _line(self, text: str) -> None:
        self._writer.write(text.encode("utf-8", "surrogateescape") + b"\r\n")

    async def capability(self, _command: Command) -> str:
        self._line(f"* CAPABILITY {CAPABILITIES}")
        return "OK done"

    async def noop(self, _command: Command) -> str:
        return "OK done"

    async def logout(self, _command: Command) -> str:
        self._line("* BYE until next time")
        self._over = True
        return "OK done"

    async def login(self, command: Command) -> str:
        user, password = (unquote(each) for each in command.need(2))
        self._account = self._post.login(user, password)
        if not self._account:  # those that succeed come every few seconds and would bury everything else
            self._note("LOGIN", user, "NO")
        return "OK logged in" if self._account else "NO [AUTHENTICATIONFAILED] wrong user or password"

    async def folders(self, command: Command) -> str:
        self._need_account()
        self._line(f'* {command.name} (\\HasNoChildren) "/" INBOX')
        return "OK done"

    async def status(self, command: Command) -> str:
        account = self._need_account()
        if unquote(command.need(1)[0]).upper() != "INBOX":
            return "NO no such folder"
        letters = account.mailbox.letters()
        numbers = {
            "MESSAGES": len(letters),
            "RECENT": 0,
            "UIDNEXT": account.mailbox.next_uid,
            "UIDVALIDITY": account.mailbox.uid_validity,
            "UNSEEN": sum("\\Seen" not in each.flags for each in letters),
        }
        asked = command.rest.partition("(")[2].rstrip(")").upper().split()
        self._line(f"* STATUS INBOX ({' '.join(f'{name} {numbers[name]}' for name in asked if name in numbers)})")
        return "OK done"

    async def select(self, command: Command) -> str:
        account = self._need_account()
        if unquote(command.need(1)[0]).upper() != "INBOX":
            self._folder = None
            return "NO [NONEXISTENT] no such folder"
        self._folder = account.mailbox.letters()
        self._read_only = command.name == "EXAMINE"
        self._line(f"* FLAGS ({FLAGS})")
        self._line(f"* OK [PERMANENTFLAGS ({'' if self._read_only else FLAGS})] flags")
        self._line(f"* {len(self._folder)} EXISTS")
        self._line("* 0 RECENT")
        self._line(f"* OK [UIDVALIDITY {account.mailbox.uid_validity}] valid")
        self._line(f"* OK [UIDNEXT {account.mailbox.next_uid}] next")
        return f"OK [{'READ-ONLY' if self._read_only else 'READ-WRITE'}] selected"

    async def close(self, command: Command) -> str:
        self._need_folder()
        if command.name == "CLOSE" and not self._read_only:
            self._need_account().mailbox.expunge()
        self._folder = None
        return "OK done"

    async def search(self, command: Command) -> str:
        found = search(command.rest, self._need_folder())
        letters = self._need_folder()
        numbers = [letters[position].uid if command.by_uid else position + 1 for position in found]
        self._line("* SEARCH" + "".join(f" {number}" for number in numbers))
        return "OK done"

    async def fetch(self, command: Command) -> str:
        letters = self._need_folder()
        numbers, asked = command.split()
        positions = selected(numbers, [each.uid for each in letters] if command.by_uid else len(letters))
        items = imap_fetch.items(asked, uid=command.by_uid)
        for position in positions:
            letter = letters[position]
            if imap_fetch.marks_seen(items) and not self._read_only:
                letter.flags.add("\\Seen")
            self._writer.write(f"* {position + 1} FETCH (".encode() + imap_fetch.answer(letter, items) + b")\r\n")
            await self._writer.drain()
        self._note("UID FETCH" if command.by_uid else "FETCH", command.rest, f"{len(positions)} 封")
        return "OK done"

    async def store(self, command: Command) -> str:
        letters = self._need_folder()
        if self._read_only:
            return "NO [READ-ONLY] opened for reading"
        numbers, asked = command.split()
        how, _, given = asked.partition(" ")
        flags = set(given.strip("() ").split())
        for position in selected(numbers, [each.uid for each in letters] if command.by_uid else len(letters)):
            letter = letters[position]
            _change(letter, how.upper(), flags)
            if not how.upper().endswith(".SILENT"):
                answer = imap_fetch.answer(letter, imap_fetch.items("(FLAGS)", uid=command.by_uid))
                self._writer.write(f"* {position + 1} FETCH (".encode() + answer + b")\r\n")
        self._note("UID STORE" if command.by_uid else "STORE", command.rest, "OK")
        return "OK done"

    async def expunge(self, _command: Command) -> str:
        self._need_folder()
        for position in self._need_account().mailbox.expunge():
            self._line(f"* {position} EXPUNGE")
        self._folder = self._need_account().mailbox.letters()
        return "OK done"

    async def idle(self, _command: Command) -> str:
        """Wait for DONE and tell of new letters meanwhile (RFC 2177)."""
        self._need_folder()
        mailbox, news = self._need_account().mailbox, asyncio.Event()
        self._line("+ idling")
        self._tell_new()
        await self._writer.drain()
        mailbox.watch(news.set)
        done = asyncio.create_task(self._reader.readline())
        try:
            while not done.done():
                waiting = asyncio.create_task(news.wait())
                await asyncio.wait({done, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                news.clear()
                self._tell_new()
                await self._writer.drain()
        finally:
            mailbox.unwatch(news.set)
            done.cancel()
        if (await done).strip().upper() != b"DONE":
            self._over = True
        return "OK done"

    def _tell_new(self) -> None:
        """Tell how many letters there are, if that changed."""
        if self._folder is None or self._account is None:
            return
        letters = self._account.mailbox.letters()
        known = {each.uid for each in self._folder}
        fresh = [each for each in letters if each.uid not in known]
        if fresh:
            self._folder.extend(fresh)
            self._line(f"* {len(self._folder)} EXISTS")

    def _need_account(self) -> MailAccount:
        if self._account is None:
            raise BadCommand("log in first")
        return self._account

    def _need_folder(self) -> list[Letter]:
        if self._folder is None:
            raise BadCommand("select a folder first")
        return self._folder

    def _note(self, method: str, what: str, answer: str) -> None:
        now = self._world.clock.now()
        self._world.record(Call("imap", "from_product", method, what, now, answer=answer))


async def serve_imap(world: World, post: MailPost, host: str, port: int) -> asyncio.Server:
    """Listen for the product reading its mailbox."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not world.faults.take("imap", "refuse"):
                await Session(world, post, reader, writer).serve()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away in the middle of something
        finally:
            writer.close()

    return await asyncio.start_server(connected, host, port, limit=LONGEST_LINE)


def _change(letter: Letter, how: str, flags: set[str]) -> None:
    if how.startswith("+"):
        letter.flags |= flags
    elif how.startswith("-"):
        letter.flags -= flags
    else:
        letter.flags = flags


_HANDLERS: dict[str, Callable[[Session, Command], Awaitable[str]]] = {
    "CAPABILITY": Session.capability,
    "NOOP": Session.noop,
    "CHECK": Session.noop,
    "LOGOUT": Session.logout,
    "LOGIN": Session.login,
    "LIST": Session.folders,
    "LSUB": Session.folders,
    "STATUS": Session.status,
    "SELECT": Session.select,
    "EXAMINE": Session.select,
    "CLOSE": Session.close,
    "UNSELECT": Session.close,
    "SEARCH": Session.search,
    "FETCH": Session.fetch,
    "STORE": Session.store,
    "EXPUNGE": Session.expunge,
    "IDLE": Session.idle,
}
