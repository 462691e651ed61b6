"""Bytes to text, as mail really comes: charsets that are missing, misnamed or lie.

A declared name is a hint. Chinese mail says gb2312 and means GB18030 (its superset), so the whole family is read as
that; a name that does not fit the bytes gives way to what the bytes say (UTF-8, then GB18030, then Windows-1252).
"""

import codecs
import re

_GB_FAMILY = {
    "gb2312", "gb_2312_80", "gb2312_80", "csgb2312", "gbk", "x_gbk", "cp936", "ms936", "936", "windows_936",
    "gb18030", "euc_cn", "euccn", "chinese", "iso_ir_58", "csiso58gb231280", "zh_cn", "x_euc_cn", "gb",
}  # fmt: skip
_SAID_OTHERWISE = {
    "big5": "big5hkscs", "big5_hkscs": "big5hkscs", "x_x_big5": "big5hkscs", "cn_big5": "big5hkscs",
    "hz_gb_2312": "hz", "hz": "hz", "utf8mb4": "utf-8", "unicode_1_1_utf_7": "utf-7", "utf8": "utf-8",
    "ks_c_5601_1987": "cp949", "ks_c_5601": "cp949", "euc_kr": "cp949", "shift_jis": "cp932", "x_sjis": "cp932",
    "iso_8859_1": "cp1252", "latin1": "cp1252", "latin_1": "cp1252", "windows_31j": "cp932",
    "iso_8859_8_i": "iso-8859-8", "iso_2022_jp": "iso2022_jp_ext",
}  # fmt: skip
_SAYS_NOTHING = {
    "", "us_ascii", "ascii", "ansi_x3.4_1968", "unknown_8bit", "x_unknown", "unknown", "_autodetect", "_autodetect_all",
    "default", "default_charset", "8bit", "7bit", "binary", "user_defined", "x_user_defined", "none", "iso_8859_1",
    "latin1", "windows_1252", "cp1252",
}  # fmt: skip
_NOT_TEXT = {"idna", "punycode", "mbcs", "oem", "undefined", "unicode_escape", "raw_unicode_escape", "unicode_internal"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_GB_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]")
_LOW_AFTER_HIGH = re.compile(rb"[\x80-\xff][\x00-\x7f]")
_SHIFTED = re.compile(rb"\x0e([^\x0f\n]*)\x0f?")
_DESIGNATION = re.compile(rb"\x1b\$[)*+][A-M]")


def decode(data: bytes, declared: str = "") -> str:
    """The text of `data`, which somebody says is in `declared`. Never fails: what cannot be read becomes U+FFFD."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    name = re.sub(r"[\s-]+", "_", declared.strip("\"' ;,").lower())
    if name.startswith("iso_2022_cn"):
        return _iso_2022_cn(data)
    if name in _SAYS_NOTHING:
        return guess(data)
    codec = "gb18030" if name in _GB_FAMILY else _codec(name)
    if codec is None:
        return guess(data)
    try:
        return data.decode(codec)
    except UnicodeError:
        return _misnamed(data, codec)


def guess(data: bytes) -> str:
    """The text of bytes about which nothing (believable) is said."""
    if b"~{" in data and b"~}" in data and data.isascii():
        return _tried(data, "hz") or data.decode("ascii")
    if (b"\x1b$B" in data or b"\x1b$@" in data) and data.isascii():
        return data.decode("iso2022_jp_ext", "replace")
    text = _tried(data, "utf-8")
    if text is not None:
        return text
    if _looks_chinese(data):
        return data.decode("gb18030", "replace")
    return _tried(data, "cp1252") or data.decode("latin-1")


def _misnamed(data: bytes, codec: str) -> str:
    """`data` is broken in the charset it was said to be in: another that fits it whole, else that one with gaps."""
    for other in ("utf-8", "gb18030"):
        text = _tried(data, other)
        if text is not None and (other == "utf-8" or _looks_chinese(data)):
            return text
    return data.decode(codec, "replace")


def _looks_chinese(data: bytes) -> bool:
    """Chinese comes in pairs of high bytes; an accented letter stands alone between plain ones."""
    high = len(_HIGH.findall(data))
    paired = 2 * len(_GB_PAIR.findall(data))
    return high >= 2 and paired * 10 >= high * 9 and len(_LOW_AFTER_HIGH.findall(data)) * 2 <= high


def _tried(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _codec(name: str) -> str | None:
    """The name of a Python text codec, or None if there is no such thing (or it is no charset at all)."""
    try:
        found = codecs.lookup(_SAID_OTHERWISE.get(name, name))
        str(b" ", found.name, "replace")  # refuses rot13, base64 and the like
    except (LookupError, ValueError, TypeError):
        return None
    return None if found.name.replace("-", "_") in _NOT_TEXT else found.name


def _iso_2022_cn(data: bytes) -> str:
    """ISO-2022-CN (RFC 1922) as far as GB 2312 goes: SO shifts to pairs of 7-bit bytes, SI back."""

    def lifted(run: re.Match[bytes]) -> bytes:
        return bytes(byte | 0x80 for byte in run[1])

    return _SHIFTED.sub(lifted, _DESIGNATION.sub(b"", data)).decode("gb18030", "replace")
