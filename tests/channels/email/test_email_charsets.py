"""Bytes of mails to text: what is declared, what is meant, and what is neither."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import charsets, headers


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("gb2312", "gbk"), ("GB2312", "gb18030"), ("x-gbk", "gb18030"), ("cp936", "gbk"), ("ms936", "gbk"),
     ("hz-gb-2312", "hz"), ("", "gb18030"), ("us-ascii", "gbk"), ("iso-8859-1", "gbk"), ("_autodetect", "utf-8"),
     ("utf-8", "gbk"), ("gb2312", "utf-8"), ("no-such-charset", "gbk"), ("rot13", "utf-8"), ("utf-7", "utf-7"),
     ("big5", "utf-8")],
)  # fmt: skip
def test_chinese_is_read_whatever_it_is_called(declared: str, codec: str) -> None:
    text = "空调不制冷，请安排维修"
    assert charsets.decode(text.encode(codec), declared) == text


def test_characters_beyond_gb2312_are_read_in_mail_that_says_gb2312() -> None:
    assert charsets.decode("镕堃①㊣".encode("gb18030"), "gb2312") == "镕堃①㊣"


@pytest.mark.parametrize("declared", ["big5", "Big5-HKSCS", "cn-big5"])
def test_traditional_chinese_is_read(declared: str) -> None:
    assert charsets.decode("冷氣機無法製冷".encode("big5"), declared) == "冷氣機無法製冷"


def test_iso_2022_cn_is_read() -> None:
    shifted = bytes(byte & 0x7F for byte in "维修".encode("gb2312"))
    assert charsets.decode(b"\x1b$)A\x0e" + shifted + b"\x0f ok", "ISO-2022-CN") == "维修 ok"


@pytest.mark.parametrize(
    ("text", "declared"), [("Grüße, schöne Geräte", "iso-8859-1"), ("café", ""), ("Preis 5 €", "")]
)
def test_accents_are_not_taken_for_chinese(text: str, declared: str) -> None:
    assert charsets.decode(text.encode("cp1252"), declared) == text


def test_marks_of_unicode_win() -> None:
    assert charsets.decode(b"\xef\xbb\xbf" + "在吗".encode(), "gbk") == "在吗"


@given(st.binary(), st.text(max_size=20))
def test_every_byte_string_has_a_text(data: bytes, declared: str) -> None:
    assert isinstance(charsets.decode(data, declared), str)


def test_words_cut_in_mid_character_are_joined() -> None:
    data = "油烟机不吸烟".encode("gbk")
    pieces = (base64.b64encode(part).decode() for part in (data[:5], data[5:]))
    assert headers.words("Re: " + "\r\n ".join(f"=?gb2312?B?{piece}?=" for piece in pieces)) == "Re: 油烟机不吸烟"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?Q?=E5=9C=A8=E5=90=97?=", "在吗"),
        ("=?GBK?Q?=D4=DA_=C2=F0?=", "在 吗"),
        ("=?utf-8?B?5Zyo?= =?utf-8?B?5ZCX?=", "在吗"),
        ("=?utf-8?B?5Zyo?= and =?gbk?B?wvA=?=", "在 and 吗"),
        ("=?utf-8?B?5Zyo5ZCX", "=?utf-8?B?5Zyo5ZCX"),
        ("a =?x?Q?b?= c", "a b c"),
        ("=?utf-8?B?DQpCY2M6IGE=?=", "Bcc: a"),
    ],
)
def test_encoded_words(raw: str, text: str) -> None:
    assert headers.words(raw) == text
