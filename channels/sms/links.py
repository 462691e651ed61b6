"""Whether a text holds what a phone would turn into a link."""

import re

# Endings that a phone underlines without http before them; an address of mail is none. Chinese may stand on either
# side without a space, so that a word's end is no border here.
LINK = re.compile(
    r"https?://|(?<![a-z0-9@._-])(?:www\.|[a-z0-9-]+(?:\.[a-z0-9-]+)*\."
    r"(?:com|cn|net|org|gov|edu|cc|tv|me|io|co|ly|gl|im|top|xyz|vip|app|link|shop|site|club|info|online|tech)"
    r"(?![a-z0-9-]|\.[a-z0-9]))",
    re.IGNORECASE | re.ASCII,
)


def holds_link(text: str) -> bool:
    """Whether there is a link, with or without its scheme."""
    return LINK.search(text) is not None
