"""Which words of a bounce are about which address, and at which step of the conversation they were said."""

import re

MOST_ADDRESSES = 50
LONGEST_SECTION = 4_000

_OPENS = re.compile(
    r"^[ \t]{0,12}<?(?P<address>[\w.+=/-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6})>?[ \t]*(?:\(.{0,200})?(?::|：|$)",
    re.MULTILINE,
)
_AFTER_DATA = re.compile(
    r"in reply to (?:the )?(?:end of )?DATA\b|after (?:the )?(?:end of data|DATA\b)"
    # Two carriers answer the mail itself in these words, be the subscriber unknown or only the filter on.
    r"|\b550:? : user unknown|\b550[ -]['\"]?unknown user [^\s@]{1,64}@docomo\.ne\.jp"
    r"|>>> DATA\s{1,4}<<< (?!503)5|SMTP command\s{1,4}(?:DATA|\.)\s|DATA command[\w ]{0,20}(?:reject|refus)",
    re.IGNORECASE,
)
_AT_RECIPIENT = re.compile(r"in reply to (?:the )?RCPT|after RCPT|>>> RCPT[^\n]{0,300}\s{1,4}<<< 5", re.IGNORECASE)


def sections(text: str) -> dict[str, str]:
    """The words about each address: from the line that it opens to the line that the next one opens."""
    opened = list(_OPENS.finditer(text))[:MOST_ADDRESSES]
    ends = [each.start() for each in opened[1:]] + [len(text)]
    found: dict[str, str] = {}
    for each, end in zip(opened, ends, strict=False):
        address = each["address"].lower()
        found[address] = (found.get(address, "") + text[each.start() : end])[:LONGEST_SECTION]
    return found


def filtered(text: str) -> bool:
    """Whether the address had been accepted before the refusal came.

    A server that does not know a user says so to RCPT (RFC 5321 section 3.3); what it says once it has the mail is
    about the mail.
    """
    return bool(_AFTER_DATA.search(text)) and not _AT_RECIPIENT.search(text)
