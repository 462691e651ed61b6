"""Where credentials go: over TLS, or nowhere but this machine."""

import re

import pytest

from channels import REGISTRY
from channels.base import SAFE_URL


@pytest.mark.parametrize(
    "url", ["https://api.example.com", "http://127.0.0.1:8010/wechat", "http://localhost", "http://[::1]:1"]
)
def test_addresses_that_are_safe(url: str) -> None:
    assert re.fullmatch(SAFE_URL, url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "http://10.0.0.1",
        "ftp://x",
    ],
)
def test_addresses_that_are_not(url: str) -> None:
    assert not re.fullmatch(SAFE_URL, url)


def test_every_channel_that_asks_for_an_address_asks_for_a_safe_one() -> None:
    addresses = [field for channel in REGISTRY.values() for field in channel.fields if field.example.startswith("http")]

    assert addresses
    assert [field.name for field in addresses if re.fullmatch(field.check, "http://api.example.com")] == []
