"""The shipped texts, and the little language they are written in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import templates
from templates import BadTemplate, placeholders, render, text_of

KEYS = sorted(each.name.removesuffix(".txt") for each in templates.DEFAULTS.glob("*.txt"))


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of texts of our own."""
    monkeypatch.setattr(templates, "DEFAULTS", tmp_path)
    text_of.cache_clear()
    yield tmp_path
    text_of.cache_clear()


def test_there_are_texts() -> None:
    assert "conversation.received" in KEYS


@pytest.mark.parametrize("key", KEYS)
def test_every_shipped_text_can_be_rendered(key: str) -> None:
    text = render(key, dict.fromkeys(placeholders(text_of(key)), "值"))
    assert text
    assert "{" not in text
    assert "}" not in text


def test_values_take_the_places_that_name_them(written: Path) -> None:
    (written / "a.txt").write_text("{{ 姓名 }}您好，{{日期}}见。{{姓名}}\n")
    assert placeholders(text_of("a")) == {"姓名", "日期"}
    assert render("a", {"姓名": "小燕", "日期": "周一", "没用": "x"}) == "小燕您好，周一见。小燕"


def test_a_missing_value_is_refused_and_named(written: Path) -> None:
    (written / "a.txt").write_text("{{姓名}}{{日期}}")
    with pytest.raises(BadTemplate, match="日期"):
        render("a", {"姓名": "小燕"})


@pytest.mark.parametrize("text", ["{{" + "长" * 41 + "}}", "{{ }}", "您好{{姓名", "{{姓{名}}"])
def test_a_broken_placeholder_is_never_sent_to_anyone(written: Path, text: str) -> None:
    (written / "a.txt").write_text(text)
    with pytest.raises(BadTemplate):
        render("a", {"姓名": "小燕", "名": "x"})


@pytest.mark.parametrize("value", ["{{日期}}", r"\1 \g<0>", "{0} %s ${x}", "{{姓名}}"])
def test_a_value_is_only_ever_text(written: Path, value: str) -> None:
    (written / "a.txt").write_text("{{姓名}}！")
    assert render("a", {"姓名": value}) == f"{value}！"


@pytest.mark.parametrize(
    "key",
    ["", "../secret", "/etc/hostname", "..", "a/../../secret", "conversation.received\n", "A", "a\0", "a..b", ".a"],
)
def test_a_key_that_is_none_is_refused(key: str, written: Path) -> None:
    (written.parent / "secret.txt").write_text("geheim")
    with pytest.raises(BadTemplate):
        text_of(key)


@given(st.text(max_size=30))
def test_no_key_reads_anything_but_a_shipped_text(key: str) -> None:
    text_of.cache_clear()
    if key not in KEYS:
        with pytest.raises(BadTemplate):
            text_of(key)
