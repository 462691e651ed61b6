"""How long a text is, as channels count it."""

from collections.abc import Callable, Mapping

# GSM 03.38: the basic alphabet counts one, its extension table two; any other character makes the whole text UCS-2.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")


def segments(text: str) -> int:
    """How many SMS the text takes: 160/153 units of GSM-7, or 70/67 of UCS-2 (3GPP TS 23.038, 23.040)."""
    if all(character in GSM_BASIC or character in GSM_EXTENDED for character in text):
        units, alone, joined = len(text) + sum(character in GSM_EXTENDED for character in text), 160, 153
    else:
        units, alone, joined = len(text.encode("utf-16-be", "surrogatepass")) // 2, 70, 67
    return 1 if units <= alone else -(-units // joined)


MEASURES: Mapping[str, Callable[[str], int]] = {
    "characters": len,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "segments": segments,
}
WORDS: Mapping[str, str] = {"characters": "字", "bytes": "字节", "segments": "条短信"}
"""What a reader calls each of them."""
