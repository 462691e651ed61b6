import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.text import cut
from core.lengths import MEASURES, segments

FAMILY = "👨‍👩‍👧‍👦"
# Texts as people write them, and everything else.
TEXTS = st.text() | st.lists(
    st.sampled_from(["空调不制冷。", "明天来？", "ok ", "\n", "\r\n", FAMILY, "👍🏽", "🇨🇳", "e\u0301", "，", "a" * 9])
).map("".join)


@given(text=TEXTS, longest=st.integers(4, 60), unit=st.sampled_from(["characters", "bytes"]))
def test_the_parts_are_the_text_and_each_fits(text: str, longest: int, unit: str) -> None:
    parts = cut(text, longest, unit)
    assert "".join(parts) == text
    assert all(part and MEASURES[unit](part) <= longest for part in parts)


@given(text=TEXTS.map(lambda text: text * 9), longest=st.integers(1, 4))
def test_parts_in_segments_fit_too(text: str, longest: int) -> None:
    parts = cut(text, longest, "segments")
    assert "".join(parts) == text
    assert all(segments(part) <= longest for part in parts)


@given(text=TEXTS.map(lambda text: text * 9), longest=st.integers(2, 4))
def test_what_stands_before_each_part_takes_room(text: str, longest: int) -> None:
    parts = cut(text, longest, "segments", "【应答家电】")
    assert "".join(parts) == text
    assert all(segments("【应答家电】" + part) <= longest for part in parts)


@given(before=st.text("空调ab", max_size=40), whole=st.sampled_from([FAMILY, "👍🏽", "🇨🇳", "e\u0301", "\r\n", "☎️"]))
def test_what_people_see_as_one_stays_one(before: str, whole: str) -> None:
    parts = cut(before + whole * 3, 16)
    assert sum(part.count(whole) for part in parts) == 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("短", ["短"]),
        ("第一行很长很长\n第二行", ["第一行很长很长\n", "第二行"]),
        ("今天到了。明天再来看看", ["今天到了。明天再来看", "看"]),
        ("我们今天到了。明天再来", ["我们今天到了。", "明天再来"]),
        ("他说：“马上来。”我们等", ["他说：“马上来。”", "我们等"]),
        ("hello there my friend", ["hello ", "there my ", "friend"]),
        ("一二三四五六七八九十一二", ["一二三四五六七八九十", "一二"]),
        ("一二三四五，六七八九十一", ["一二三四五，", "六七八九十一"]),
    ],
)
def test_it_is_cut_where_a_reader_would(text: str, parts: list[str]) -> None:
    assert cut(text, 10) == parts


def test_one_that_is_longer_than_a_part_is_cut_all_the_same() -> None:
    assert "".join(cut(FAMILY, 8, "bytes")) == FAMILY


def test_a_part_must_hold_a_character() -> None:
    with pytest.raises(ValueError, match="at least one character"):
        cut("空", 3, "bytes")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("空" * 70, 1),
        ("空" * 71, 2),
        ("空" * 134, 2),
        ("空" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("a" * 69 + "空空", 2),
    ],
)
def test_segments_are_counted_as_networks_do(text: str, count: int) -> None:
    assert segments(text) == count
