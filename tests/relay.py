"""A wire to a real server that can be cut and mended: what "the database is away" looks like to those who use it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Relay:
    """Passes bytes between a port of its own and a server on TCP or a Unix socket."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """The server's address as it is reached through here."""
        login = f"{self._to.username or ''}{':' + self._to.password if self._to.password else ''}"
        place = f"{login + '@' if login else ''}127.0.0.1:{self.port}"
        scheme, path = ("redis", "") if self._to.scheme == "unix" else (self._to.scheme, self._to.path)
        return urlunsplit((scheme, place, path, "", ""))

    async def mend(self) -> None:
        """Let connections through, on the same port as before."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new connections and drop those there are."""
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        self._writers.clear()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder = parse_qs(self._to.query).get("host", [""])[0]
        if self._to.scheme == "unix":
            return await asyncio.open_unix_connection(self._to.path)
        if folder:
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{self._to.port or 5432}")
        return await asyncio.open_connection(self._to.hostname, self._to.port)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._connect()
        self._writers |= {writer, far_writer}
        with suppress(OSError):
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        self._writers -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def relay(url: str) -> AsyncIterator[Relay]:
    """A mended wire to the server at `url`."""
    wire = Relay(url)
    await wire.mend()
    try:
        yield wire
    finally:
        await wire.cut()
