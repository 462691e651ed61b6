"""Overheard calls: where an account asks for it, a timestamp of another time is refused."""

import time

import pytest

from channels import problems_of
from channels.base import RawCall
from channels.wechat.adapter import WeChatChannel
from core.errors import RejectedCall
from tests.channels.contract import account, no_http
from tests.channels.wechat.platform_side import HOOK, TOKEN, payload, plain, safe, sha1, values


def channel(stale_after: str) -> WeChatChannel:
    return WeChatChannel(account("wechat", values(mode="compatible", stale_after=stale_after)), no_http())


def at(seconds: float) -> str:
    """A timestamp so many seconds from now."""
    return str(int(time.time() + seconds))


def echo(timestamp: str) -> RawCall:
    query = {"signature": sha1(TOKEN, timestamp, "n1"), "timestamp": timestamp, "nonce": "n1", "echostr": "7"}
    return RawCall("GET", HOOK, query, {}, b"")


def calls(timestamp: str) -> list[RawCall]:
    """One of each kind, rightly signed."""
    return [plain(payload("text"), timestamp), safe(payload("text"), timestamp), echo(timestamp)]


@pytest.mark.parametrize("seconds", [-3600, -400, 400, 10.0**9])
def test_a_call_of_another_time_is_refused(seconds: float) -> None:
    for call in calls(at(seconds)):
        with pytest.raises(RejectedCall):
            channel("300").verify(call)


@pytest.mark.parametrize("seconds", [-200, 0, 200])
def test_a_call_of_now_is_heard(seconds: float) -> None:
    for call in calls(at(seconds)):
        channel("300").verify(call)


def test_a_fresh_timestamp_on_an_old_signature_is_refused() -> None:
    for call in calls("1735689601"):
        with pytest.raises(RejectedCall):
            channel("300").verify(RawCall(call.method, HOOK, {**call.query, "timestamp": at(0)}, {}, call.body))


def test_what_was_kept_can_be_read_again_at_any_time() -> None:
    assert len(channel("300").parse(safe(payload("text"), "1735689601"))) == 1


def test_unless_asked_for_nobody_looks_at_the_clock() -> None:
    for call in [*calls("1735689601"), *calls("9" * 20)]:
        channel("").verify(call)
        channel("0").verify(call)


@pytest.mark.parametrize("value", ["59", "-1", "060", "5min", "100000"])
def test_a_senseless_span_is_named_with_an_example(value: str) -> None:
    assert "300" in problems_of("wechat", values(stale_after=value))["stale_after"]
