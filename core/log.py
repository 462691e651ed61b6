"""Logs: one JSON object a line on stdout, readable lines on a terminal, and nothing personal in either.

Three fences, because patterns cannot recognise a name: events are constant texts and their keys come from `KEYS`
(a test reads every call); what looks like a phone number, mail address, openid or token is masked all the same; and an
exception is told by its type and where it was raised, never by its text (asyncpg quotes rows in DETAIL, drivers quote
URLs, parsers quote payloads). Messages of libraries keep their numbers and lose every other argument.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from core.errors import YingdaError

OURS = ("core", "channels", "web", "workers", "commands", "templates", "__main__", "uvicorn")
"""Loggers that LOG_LEVEL is about. Every other library speaks from WARNING on: arq's INFO lists job arguments."""

FIRST = ("timestamp", "level", "logger", "event")

KEYS = frozenset(
    {
        "account_id",
        "act",
        "address_id",
        "attachment_id",
        "channel",
        "code",
        "contact_id",
        "conversation_id",
        "count",
        "due",
        "event",
        "host",
        "inbound_id",
        "kind",
        "level",
        "logger",
        "merge_id",
        "message_id",
        "method",
        "ms",
        "outbox_id",
        "outcome",
        "part",
        "pid",
        "port",
        "problem",
        "raised",
        "reason",
        "rid",
        "route",
        "rows",
        "scope",
        "setting",
        "size",
        "staff_id",
        "state",
        "status",
        "timestamp",
        "token_id",
        "tries",
        "version",
        "waiting",
        "work",
        "worker",
    }
)
"""What happened, where and to what. Every id is one of ours."""

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_RID = r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}"  # WeChat's name for a request, which its support asks for
_MASKED = re.compile(
    rf"(?P<keep>(?<![\w-])(?:{_UUID}|{_RID})(?![\w-]))"
    r"|(?<=://)[^\s/@]+@"  # credentials in an address
    r"|(?<=\?)[^\s\"']+"  # a query string
    r"|(?i:bearer|basic)\s+[\w.~+/=-]+"
    r"|[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"  # mail
    r"|\+\d[\d ()-]{6,}\d"  # E.164, however it is spaced
    r"|(?<!\d)(?:86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"  # a Chinese mobile number
    r"|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)"  # a fixed line
    r"|\d{11,}[\dXx]?"  # identity numbers, cards, whatever else is that long
    r"|(?<![\w-])o[\w-]{27}(?![\w-])"  # an openid
    r"|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}(?![\w-])"  # keys and tokens
)


def masked(text: str) -> str:
    """The text without what looks like personal data or a secret. Our own ids (UUIDs) stay."""
    return _MASKED.sub(lambda found: found["keep"] or "…", text)


def set_up(level: str, stream: TextIO | None = None) -> None:
    """Send our logs and every library's through the fences to `stream` (stdout). `level` is LOG_LEVEL's."""
    stream = stream or sys.stdout
    stamp: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *stamp, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_foreign, *stamp],
            processors=[_raised, _fenced, _renderer(stream.isatty())],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = lambda happened: _uncaught(happened.exc_type, happened.exc_value, happened.exc_traceback)


def _renderer(readable: bool) -> Processor:
    if readable:
        return structlog.dev.ConsoleRenderer(sort_keys=False)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _foreign(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """A library's message: its first line, its numbers, and none of its other arguments."""
    given = event.pop("positional_args", ())
    text = str(event["event"])
    arguments = {k: _number(v) for k, v in given.items()} if isinstance(given, Mapping) else tuple(map(_number, given))
    if arguments:
        with suppress(TypeError, ValueError, KeyError):  # the template alone says enough
            text = text % arguments
    event["event"] = text.strip().partition("\n")[0][:200]
    return event


def _number(value: object) -> object:
    return value if isinstance(value, int | float) else "…"


def _raised(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    exception = given[1] if isinstance(given, tuple) else given
    if isinstance(exception, BaseException):
        event["raised"] = told(exception)
    return event


def told(exception: BaseException) -> str:
    """An exception without its text: type, where (innermost first), and what caused it."""
    parts: list[str] = []
    current: BaseException | None = exception
    while current is not None and len(parts) < 4:
        parts.append(_one(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "; from ".join(parts)


def _one(exception: BaseException) -> str:
    kind = type(exception)
    words = _words(exception)
    frames = list(traceback.walk_tb(exception.__traceback__))[-6:]
    places = [f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}" for frame, line in frames]
    return f"{kind.__module__}.{kind.__qualname__}{words} at {', '.join(reversed(places)) or '?'}"


def _words(exception: BaseException) -> str:
    """Only our own errors carry a `reason` that is written to be shown."""
    reason = getattr(exception, "reason", "") if isinstance(exception, YingdaError) else ""
    return f" ({masked(str(reason))})" if reason else ""


def _fenced(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    kept: dict[str, Any] = {name: event[name] for name in FIRST if name in event}
    kept |= {name: _plain(name, value) for name, value in event.items() if name in KEYS and name not in FIRST}
    kept["event"] = masked(str(kept["event"]))
    return kept


def _plain(name: str, value: object) -> object:
    if name == "raised" or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID | datetime):
        return str(value)
    return masked(value) if isinstance(value, str) else type(value).__name__


def _uncaught(kind: type[BaseException], exception: BaseException | None, trace: TracebackType | None) -> None:
    """The last line of a process or thread that ends by an exception."""
    if issubclass(kind, KeyboardInterrupt):
        return
    found = exception.with_traceback(trace) if exception else None
    structlog.get_logger("core.log").critical("uncaught exception", exc_info=found or kind())
