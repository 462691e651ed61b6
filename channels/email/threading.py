"""How mails hang together: the Message-ID that we give, and the References that we carry on."""

import re
from collections.abc import Sequence
from uuid import UUID

_PART_ID = re.compile(r"[0-9a-f]{32}")

FIRST, LAST = 1, 20
"""References kept of a long thread: where it began and where it is now (RFC 5322 section 3.6.4 asks for no more)."""


def message_id(part_id: UUID, address: str) -> str:
    """Our Message-ID of a part: the same on every try, at the domain of the account's own address."""
    return f"<{part_id.hex}@{domain(address)}>"


def is_ours(identifier: str, address: str) -> bool:
    """Whether a Message-ID has the form that we give at this address."""
    local, _, at = identifier.strip("<>").partition("@")
    return bool(_PART_ID.fullmatch(local)) and at.lower() == domain(address)


def domain(address: str) -> str:
    """The domain of an address as it travels: ASCII, lower case. Raise `ValueError` if there is none."""
    name = address.rpartition("@")[2].strip().lower()
    return name.encode("idna").decode("ascii") if name else _no_domain()


def _no_domain() -> str:
    raise ValueError("an address needs a domain")


def references(known: Sequence[str], in_reply_to: str = "") -> tuple[str, ...]:
    """The thread so far, oldest first, each id once, in angle brackets, capped."""
    said = (each for each in (*known, in_reply_to) if each)
    clean = tuple(dict.fromkeys(f"<{''.join(each.split()).strip('<>')}>" for each in said))
    usable = tuple(each for each in clean if each.isascii() and each.isprintable() and 3 < len(each) <= 900)
    return usable if len(usable) <= FIRST + LAST else usable[:FIRST] + usable[-LAST:]
