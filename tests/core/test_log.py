"""Nothing personal reaches a log line, whichever way it tries."""

import ast
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog

from core import log
from core.errors import NotAllowed, Refused

ROOT = Path(__file__).parents[2]
NAME, PHONE, MAIL = "王标记", "13800138000", "marked.person@example.com"
OPENID, TOKEN = "oMARKEDopenid0123456789abcde", "tokMARKED0123456789abcdefXYZ"
MARKS = (NAME, PHONE, MAIL, OPENID, TOKEN)
ID = UUID("0192f0c1-2345-7abc-8def-0123456789ab")


class Lines(io.StringIO):
    """What was logged, as objects."""

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def only(self) -> dict[str, Any]:
        (found,) = self.objects()
        return found


@pytest.fixture
def lines() -> Iterator[Lines]:
    before, level = logging.root.handlers, logging.root.level
    stream = Lines()
    log.set_up("INFO", stream)
    yield stream
    logging.root.handlers = before
    logging.root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_says_what_happened_to_which_record(lines: Lines) -> None:
    structlog.get_logger("core.intake").info("event accepted", channel="sms", inbound_id=ID, ms=12)
    found = lines.only()
    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "level": "info",
        "logger": "core.intake",
        "event": "event accepted",
        "channel": "sms",
        "inbound_id": str(ID),
        "ms": 12,
    }


def test_keys_that_nobody_agreed_on_are_dropped(lines: Lines) -> None:
    structlog.get_logger("core.intake").info("event accepted", text=NAME, body=PHONE, sender={"name": NAME})
    assert set(lines.only()) == {"timestamp", "level", "logger", "event"}


@pytest.mark.parametrize(
    "secret", [PHONE, MAIL, OPENID, TOKEN, "+86 138 0013 8000", "021-55556666", "11010119900307123X"]
)
def test_allowed_keys_are_masked(lines: Lines, secret: str) -> None:
    structlog.get_logger("core.intake").warning("odd value", problem=f"got {secret}, sorry")
    assert lines.only()["problem"] == "got …, sorry"


def test_containers_under_an_allowed_key_are_not_printed(lines: Lines) -> None:
    structlog.get_logger("core.intake").warning("odd value", problem={"name": NAME})
    assert lines.only()["problem"] == "dict"


def test_an_address_loses_its_credentials_and_its_query() -> None:
    assert log.masked("redis://user:pass@host:6379/0") == "redis://…host:6379/0"
    assert (
        log.masked("https://api.example.com/cgi-bin/token?appid=1&secret=2")
        == "https://api.example.com/cgi-bin/token?…"
    )


def test_our_own_ids_stay_readable() -> None:
    assert log.masked(f"conversation {ID} moved") == f"conversation {ID} moved"


def test_an_exception_is_told_by_type_and_place(lines: Lines) -> None:
    try:
        raise asyncpg.UniqueViolationError(f"DETAIL: Key (name)=({NAME}, {PHONE}) already exists.")
    except asyncpg.UniqueViolationError:
        structlog.get_logger("core.intake").exception("write failed")
    assert "UniqueViolationError at " in lines.only()["raised"]
    assert "test_an_exception_is_told_by_type_and_place" in lines.only()["raised"]
    _nothing_marked(lines)


def test_causes_are_told_without_their_texts_too(lines: Lines) -> None:
    try:
        try:
            raise ValueError(NAME)
        except ValueError as problem:
            raise KeyError(PHONE) from problem
    except KeyError:
        structlog.get_logger("core.intake").exception("write failed")
    assert "builtins.KeyError at" in lines.only()["raised"]
    assert "; from builtins.ValueError at" in lines.only()["raised"]
    _nothing_marked(lines)


def test_our_own_errors_say_their_reason(lines: Lines) -> None:
    try:
        raise Refused(f"对方已取消关注 {OPENID}") from NotAllowed("窗口已关闭")
    except Refused:
        structlog.get_logger("workers.deliver").exception("send refused")
    assert "(对方已取消关注 …)" in lines.only()["raised"]
    assert "(窗口已关闭)" in lines.only()["raised"]


def test_a_librarys_message_keeps_numbers_and_loses_words(lines: Lines) -> None:
    logging.getLogger("arq.worker").warning("%6.2fs ! %s max retries %d exceeded", 1.5, f"reply({NAME})", 3)
    assert lines.only()["event"] == "1.50s ! … max retries 3 exceeded"


@pytest.mark.parametrize("name", ["arq.worker", "uvicorn.access", "tortoise.db_client", "mail.log", "aiohttp.access"])
def test_libraries_are_quiet_below_a_warning(lines: Lines, name: str) -> None:
    logging.getLogger(name).info("%s", NAME)
    assert lines.getvalue() == ""


def test_a_librarys_exception_loses_its_text(lines: Lines) -> None:
    try:
        raise ValueError(NAME)
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved\nfuture: <Task %s>", NAME)
    assert lines.only()["event"].startswith("Task exception was never retrieved")
    _nothing_marked(lines)


def test_the_last_words_of_a_process_are_fenced(lines: Lines) -> None:
    sys.excepthook(ValueError, ValueError(NAME), None)
    assert lines.only()["raised"] == "builtins.ValueError at ?"


def test_every_log_call_uses_a_constant_event_and_known_keys() -> None:
    wrong = [each for path in _sources() for each in _calls_outside_the_fence(path)]
    assert wrong == []


def _nothing_marked(lines: Lines) -> None:
    assert [mark for mark in MARKS if mark in lines.getvalue()] == []


def _sources() -> list[Path]:
    return [
        path
        for package in ("core", "channels", "web", "workers", "templates")
        for path in (ROOT / package).rglob("*.py")
    ]


def _calls_outside_the_fence(path: Path) -> list[str]:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    wrong = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in {"log", "logger"}):
            continue
        constant = len(node.args) == 1 and isinstance(node.args[0], ast.Constant)
        unknown = {each.arg for each in node.keywords} - log.KEYS - {"exc_info"}
        if not constant or unknown:
            wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {unknown or 'event is not a constant'}")
    return wrong


def test_a_terminal_gets_readable_lines_behind_the_same_fence(lines: Lines) -> None:
    class Terminal(Lines):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    log.set_up("INFO", screen)
    structlog.get_logger("core.intake").warning("odd value", problem=f"got {PHONE}", text=NAME)
    assert "odd value" in screen.getvalue()
    assert not [mark for mark in MARKS if mark in screen.getvalue()]
    assert lines.getvalue() == ""
