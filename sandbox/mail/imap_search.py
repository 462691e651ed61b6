"""SEARCH: the keys that mailbox readers use."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes

from sandbox.mail.imap_parse import ARGUMENT, BadCommand, selected, unquote
from sandbox.mail.mailbox import Letter

Test = Callable[[int, Letter], bool]

FLAGGED = {"SEEN": "\\Seen", "DELETED": "\\Deleted", "FLAGGED": "\\Flagged", "ANSWERED": "\\Answered"}


def search(criteria: str, letters: list[Letter]) -> list[int]:
    """Positions (from 0) of the letters that meet every criterion. Raise `BadCommand`."""
    words = iter(ARGUMENT.findall(criteria.replace("(", " ").replace(")", " ")))
    tests: list[Test] = []
    for word in words:
        if word.upper() == "CHARSET":
            next(words, None)
            continue
        tests.append(_test(word.upper(), words, letters))
    return [position for position, letter in enumerate(letters) if all(test(position, letter) for test in tests)]


def _test(key: str, words: Iterator[str], letters: list[Letter]) -> Test:
    if key == "ALL":
        return lambda _position, _letter: True
    if key == "NOT":
        inner = _test(_next(words).upper(), words, letters)
        return lambda position, letter: not inner(position, letter)
    if key in FLAGGED:
        return lambda _position, letter: FLAGGED[key] in letter.flags
    if key.removeprefix("UN") in FLAGGED:
        return lambda _position, letter: FLAGGED[key.removeprefix("UN")] not in letter.flags
    if key == "UID":
        wanted = set(selected(_next(words), [each.uid for each in letters]))
        return lambda position, _letter: position in wanted
    if key in {"SINCE", "BEFORE", "ON"}:
        return _by_day(key, unquote(_next(words)))
    if key == "HEADER":
        return _by_header(unquote(_next(words)), unquote(_next(words)))
    if key in {"FROM", "TO", "SUBJECT"}:
        return _by_header(key, unquote(_next(words)))
    wanted = set(selected(key, len(letters)))
    return lambda position, _letter: position in wanted


def _next(words: Iterator[str]) -> str:
    word = next(words, None)
    if word is None:
        raise BadCommand("a search key lacks its value")
    return word


def _by_day(key: str, day: str) -> Test:
    try:
        wanted = datetime.strptime(day, "%d-%b-%Y").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadCommand("a date looks like 1-Mar-2026") from None

    def test(_position: int, letter: Letter) -> bool:
        received = datetime.fromtimestamp(letter.received, UTC).date()
        return {"SINCE": received >= wanted, "BEFORE": received < wanted, "ON": received == wanted}[key]

    return test


def _by_header(name: str, value: str) -> Test:
    def test(_position: int, letter: Letter) -> bool:
        found = message_from_bytes(letter.raw).get_all(name, [])
        return any(value.lower() in str(each).lower() for each in found)

    return test
