"""What personal data looks like on a screen by default (GB/T 35273 7.2; conventions of the trade)."""

import re

COMPOUND_SURNAMES = {
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "夏侯",
}

_PHONE = re.compile(r"^(\+?\d{0,4}?)(1[3-9]\d)\d{4}(\d{4})$")
_PHONE_IN_TEXT = re.compile(r"(?<!\d)((?:\+?86[- ]?)?[1１][3-9３-９]\d)[- ]?\d{4}[- ]?(\d{4})(?!\d)")
_MAIL_IN_TEXT = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_IDENTITY_IN_TEXT = re.compile(r"(?<!\d)(\d)\d{16}([\dXx])(?!\d)")


def name(value: str) -> str:
    """张小燕 → 张**; John → J***; an empty name stays empty."""
    value = value.strip()
    if not value:
        return ""
    shown = value[:2] if value[:2] in COMPOUND_SURNAMES and len(value) > 2 else value[:1]
    return shown + "*" * max(1, min(3, len(value) - len(shown)))


def address(value: str) -> str:
    """A phone number, mail address or openid with its middle hidden."""
    if "@" in value:
        user, _, domain = value.partition("@")
        return f"{user[:1]}***@{domain}"
    phone = _PHONE.match(value)
    if phone:
        return f"{phone[2]}****{phone[3]}"
    return f"{value[:4]}…{value[-4:]}" if len(value) > 12 else f"{value[:2]}***"


def free_text(value: str) -> str:
    """A text with the phone numbers, mail addresses and identity numbers in it masked."""
    value = _IDENTITY_IN_TEXT.sub(r"\1****************\2", value)
    value = _PHONE_IN_TEXT.sub(r"\1****\2", value)
    return _MAIL_IN_TEXT.sub(r"\1***@\2", value)
