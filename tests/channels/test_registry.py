from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from channels import FACTS, REGISTRY, problems_of, with_defaults
from channels.base import Webhook
from channels.http import Reply, check_throttle, retry_after
from core.errors import TryLater


def test_every_kind_is_found_by_its_own_name() -> None:
    assert {kind: channel.kind for kind, channel in REGISTRY.items()} == {kind: kind for kind in REGISTRY}
    assert set(FACTS) == set(REGISTRY)
    assert {"wechat", "sms"} <= set(REGISTRY)


def test_channels_that_are_called_can_hear() -> None:
    assert issubclass(REGISTRY["wechat"], Webhook)
    assert issubclass(REGISTRY["sms"], Webhook)


def test_values_are_trimmed_and_filled_in() -> None:
    filled = with_defaults("sms", {"number": " +14155550100 ", "unknown": "x"})
    assert filled["number"] == "+14155550100"
    assert filled["api_base"] == "https://api.twilio.com"
    assert "unknown" not in filled


def test_a_value_of_two_lines_is_none() -> None:
    assert "auth_token" in problems_of("sms", {"auth_token": "a\nb"})


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("99999999", timedelta(days=1)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta()),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_a_providers_wish_is_read(wish: str, wait: timedelta | None) -> None:
    assert retry_after({"Retry-After": wish}) == wait


def test_a_wish_may_be_a_moment() -> None:
    wait = retry_after({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=2))})
    assert wait is not None
    assert timedelta(hours=1) < wait <= timedelta(hours=2)


@pytest.mark.parametrize("status", [429, 503])
def test_throttling_means_that_nothing_was_taken(status: int) -> None:
    with pytest.raises(TryLater) as caught:
        check_throttle(Reply(status, {}, b""))
    assert caught.value.code == str(status)
