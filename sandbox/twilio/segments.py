"""How a text is cut: GSM-7 160 (153 when several), UCS-2 70 (67), in septets or UTF-16 units. 3GPP TS 23.038."""

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_TWICE = frozenset("^{}\\[~]|€\f")


def count(text: str) -> int:
    """Segments of a text; an empty one still is one message."""
    if all(letter in GSM7 or letter in GSM7_TWICE for letter in text):
        units, single, several = sum(2 if letter in GSM7_TWICE else 1 for letter in text), 160, 153
    else:
        units, single, several = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if units <= single else -(-units // several)
