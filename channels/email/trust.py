"""Who sent a mail, and whether we may believe it: only our own mail server's verdict counts (RFC 8601 section 5)."""

import re

from channels.email.headers import Headers
from core.messages import Person

_DMARC = re.compile(r"(?:^|;)\s*dmarc\s*=\s*pass\b([^;]{0,300})", re.IGNORECASE)
_FROM = re.compile(r"\bheader\.from\s*=\s*\"?(?:[^\s;@\"]{0,64}@)?([^\s;\"]{1,255})", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]{0,500}\)")


def sender(headers: Headers, authserv_id: str) -> Person | None:
    """The author of a mail; None if it names none. `verified` needs our server's dmarc=pass for the address shown."""
    for field in ("from", "reply-to", "sender", "return-path"):
        if found := headers.addresses(field):
            name, address = found[0]
            sure = field == "from" and len(found) == 1 and len(headers.all("from")) == 1
            return Person(address, name, verified=sure and vouched(headers, authserv_id, address))
    return None


def vouched(headers: Headers, authserv_id: str, address: str) -> bool:
    """Whether the topmost Authentication-Results of our own server says dmarc=pass for the address's domain.

    Only the topmost counts: a sender can write such a field too, but ours is put above it.
    """
    for value in headers.all("authentication-results"):
        name, _, results = _COMMENT.sub(" ", value).partition(";")
        if not authserv_id or name.split(" ")[0].strip().lower() != authserv_id.strip().lower():
            continue
        passed = _DMARC.search(results)
        named = _FROM.search(passed[1]) if passed else None
        domain = address.rpartition("@")[2]
        return passed is not None and (named is None or named[1].lower().strip(".") == domain)
    return False
