"""What screens show of names, addresses and texts by default."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy import masking


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"),
        ("张小燕", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳", "欧*"),
        ("John Smith", "J***"),
        ("张", "张*"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert masking.name(name) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "138****8000"),
        ("guest@example.com", "g***@example.com"),
        ("oMARKEDopenid0123456789abcde", "oMAR…bcde"),
        ("10690", "10***"),
        ("", "***"),
    ],
)
def test_addresses(address: str, shown: str) -> None:
    assert masking.address(address) == shown


@given(st.text(max_size=40))
def test_a_masked_address_hides_something_of_every_address(address: str) -> None:
    shown = masking.address(address)
    assert shown != address or "*" in address or "…" in address


PHONES = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "+86", "86", "+86 ", "86-", "+86-"]),
    st.sampled_from(["138", "199", "152"]),
    st.sampled_from(["", " ", "-"]),
    st.from_regex(r"[0-9]{4}", fullmatch=True),
    st.sampled_from(["", " ", "-"]),
    st.from_regex(r"[0-9]{4}", fullmatch=True),
)
PERSONAL = st.one_of(
    PHONES,
    st.from_regex(r"[a-z][a-z0-9.]{2,8}[a-z]@[a-z]{2,8}\.(com|cn)", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{16}[0-9Xx]", fullmatch=True),
)
HARMLESS = st.text("空调不制冷了，，。！ ABCxyz", max_size=12).map(lambda text: f"{text}，")


@given(HARMLESS, PERSONAL, HARMLESS)
def test_personal_numbers_and_addresses_in_a_text_are_hidden_and_nothing_else_is_changed(
    before: str, personal: str, after: str
) -> None:
    shown = masking.free_text(f"{before}{personal}，{after}")
    assert shown.startswith(before)
    assert shown.endswith(f"，{after}")
    assert personal not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打我电话138 0013 8000谢谢", "打我电话138****8000谢谢"),
        ("+86-138-0013-8000", "+86-138****8000"),
        ("11010519491231002X", "1****************X"),
        ("a@b.cn和wang.x@example.com", "a***@b.cn和w***@example.com"),
        ("１３８００１３８０００", "１３８****８０００"),
        ("订单 20261122123456789", "订单 20261122123456789"),
        ("型号KFR-35GW/26，故障码E3，2026-11-22 10:00", "型号KFR-35GW/26，故障码E3，2026-11-22 10:00"),
        ("4008123456", "4008123456"),
    ],
)
def test_texts(text: str, shown: str) -> None:
    assert masking.free_text(text) == shown


@given(st.text(st.characters(exclude_categories=["Nd"], exclude_characters="@"), max_size=60))
def test_a_text_without_digits_or_addresses_stays_as_it_is(text: str) -> None:
    assert masking.free_text(text) == text
