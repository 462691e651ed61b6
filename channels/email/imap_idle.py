"""IDLE (RFC 2177) on the library's IMAP client, which does not know it: the waiting itself needs no thread."""

import asyncio
import imaplib
import io
import socket
import ssl

TAG = b"IDLE"
ANNOUNCES = (b"EXISTS", b"RECENT")


def begin(client: imaplib.IMAP4) -> bool:
    """Start idling; whether something was announced before the server took the command."""
    client.send(TAG + b" IDLE\r\n")
    return _until(client, b"+")


def end(client: imaplib.IMAP4) -> bool:
    """Stop idling; whether something was announced at the last moment."""
    client.send(b"DONE\r\n")
    return _until(client, TAG)


def heard(client: imaplib.IMAP4) -> bool:
    """Whether one of the lines that have arrived announces a mail. Raise `abort` when the server hung up."""
    news = False
    while waiting(client):
        news = _announces(_line(client)) or news
    return news


def waiting(client: imaplib.IMAP4) -> bool:
    """Whether there is something to read, be it the end: never waits. TLS sends records that carry nothing."""
    before = client.sock.gettimeout()
    client.sock.settimeout(0)
    try:
        if _buffered(client).peek(1) or isinstance(client.sock, ssl.SSLSocket):
            return True  # over TLS an empty look is the end: "nothing yet" is an error there
        client.sock.recv(1, socket.MSG_PEEK)
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        client.sock.settimeout(before)
    return True


def _buffered(client: imaplib.IMAP4) -> io.BufferedReader:
    assert isinstance(client.file, io.BufferedReader)  # noqa: S101 what `makefile("rb")` makes
    return client.file


async def readable(client: imaplib.IMAP4) -> None:
    """Wait until the connection has something to read."""
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    descriptor = client.sock.fileno()
    loop.add_reader(descriptor, came.set)
    try:
        await came.wait()
    finally:
        loop.remove_reader(descriptor)


def _until(client: imaplib.IMAP4, mark: bytes) -> bool:
    news = False
    while not (line := _line(client)).startswith(mark):
        news = _announces(line) or news
    if line.startswith(TAG) and not line.upper().startswith(TAG + b" OK"):
        raise imaplib.IMAP4.abort("IDLE refused")
    return news


def _line(client: imaplib.IMAP4) -> bytes:
    line = client.readline()
    if not line or line.startswith(b"* BYE"):
        raise imaplib.IMAP4.abort("the server hung up")
    return line


def _announces(line: bytes) -> bool:
    return line.startswith(b"* ") and line.rstrip().upper().endswith(ANNOUNCES)
