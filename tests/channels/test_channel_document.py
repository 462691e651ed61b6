"""docs/adding-a-channel.md names every channel, and every file that it sends a reader to is there."""

import re
from pathlib import Path

import pytest

from channels import REGISTRY

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "adding-a-channel.md").read_text()


@pytest.mark.parametrize("kind", REGISTRY)
def test_every_kind_is_named_with_its_file(kind: str) -> None:
    row = re.search(rf"^\| `{kind}` \| `([\w/.]+)` \|", DOCUMENT, re.MULTILINE)
    assert row is not None, kind
    assert REGISTRY[kind].__module__ == row[1].removesuffix(".py").replace("/", ".")


def test_no_kind_is_named_that_does_not_exist() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| `channels/", DOCUMENT, re.MULTILINE)) == set(REGISTRY)


def test_what_it_says_to_copy_is_there() -> None:
    copied = re.findall(r"^ +cp (?:-r )?(\S+) ", DOCUMENT, re.MULTILINE)
    assert len(copied) == 4
    assert [path for path in copied if not (ROOT / path).exists()] == []
