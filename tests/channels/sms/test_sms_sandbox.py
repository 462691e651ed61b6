"""Every row of the table of codes: the sandbox answers with it or reports it, and the right thing happens."""

from dataclasses import replace

import aiohttp
import pytest

from channels.base import Account
from channels.sms import codes
from channels.sms.twilio import TwilioChannel
from channels.text import cut
from core.errors import Refused, SendError, TryLater
from core.messages import Accepted, ContactChange, ContactChanged, DeliveryState, DeliveryUpdate, Outgoing
from sandbox.client import SandboxClient
from tests.channels.contract import PART_ID, account
from tests.channels.sms.listening import Listener, listen
from tests.channels.sms.twilio_side import AUTH_TOKEN, NUMBER, PERSON, SID, values
from tests.sandbox.standin import Ports, Product

PART = Outgoing(PART_ID, PERSON, "师傅明天上午九点到")
REPORTED = [code for code in (*codes.LATER, *codes.GONE, *codes.REFUSED) if 30000 <= code < 31000]


@pytest.fixture
def listener(product: Product) -> Listener:
    return listen(product, "sms")


@pytest.fixture
async def channel(
    sandbox: SandboxClient, listener: Listener, ports: Ports, http: aiohttp.ClientSession
) -> TwilioChannel:
    hook = listener.hook
    await sandbox.open_account(kind="sms", account_sid=SID, auth_token=AUTH_TOKEN, number=NUMBER, hook_url=hook)
    opened = account("sms", values(f"{ports.base}/twilio"))
    return TwilioChannel(Account(opened.id, opened.public_id, hook, opened.values), http)


async def refusal(channel: TwilioChannel) -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(PART)
    return caught.value


@pytest.mark.parametrize("code", codes.LATER)
async def test_what_may_work_later_is_for_later(code: int, sandbox: SandboxClient, channel: TwilioChannel) -> None:
    await sandbox.fault("sms", "reject", code=code, times=1)
    error = await refusal(channel)
    assert isinstance(error, TryLater)
    assert (error.code, error.after, error.reason) == (str(code), *codes.LATER[code])
    assert isinstance(await channel.send(PART), Accepted), "and then it goes"


@pytest.mark.parametrize("code", codes.GONE)
async def test_an_address_that_is_no_use_is_gone(code: int, sandbox: SandboxClient, channel: TwilioChannel) -> None:
    await sandbox.fault("sms", "reject", code=code, times=1)
    error = await refusal(channel)
    assert isinstance(error, Refused)
    assert (error.code, error.reason, error.recipient_gone) == (str(code), codes.GONE[code], True)


@pytest.mark.parametrize("code", codes.REFUSED)
async def test_what_is_wrong_stays_wrong(code: int, sandbox: SandboxClient, channel: TwilioChannel) -> None:
    await sandbox.fault("sms", "reject", code=code, times=1)
    error = await refusal(channel)
    assert isinstance(error, Refused)
    assert (error.code, error.reason, error.recipient_gone) == (str(code), codes.REFUSED[code], False)


@pytest.mark.parametrize("code", REPORTED)
async def test_what_fails_on_the_way_is_reported(
    code: int, sandbox: SandboxClient, listener: Listener, channel: TwilioChannel
) -> None:
    await sandbox.fault("sms", "undelivered", code=code, times=1)
    sent = await channel.send(PART)
    (update,) = await listener.hears(channel, 2)
    assert isinstance(update, DeliveryUpdate)
    assert (update.provider_id, update.state, update.code) == (sent.provider_id, DeliveryState.FAILED, str(code))
    assert update.reason == codes.reason_for(str(code))
    assert "自动重试" not in update.reason, "nothing is tried again after a report"


async def test_who_said_stop_is_not_written_to_until_start(
    sandbox: SandboxClient, listener: Listener, channel: TwilioChannel
) -> None:
    await sandbox.say("zhang", "sms", "STOP")
    changed, _said = await listener.hears(channel)
    assert isinstance(changed, ContactChanged)
    assert changed.change is ContactChange.OPTED_OUT
    assert (await refusal(channel)).code == "21610"
    await sandbox.say("zhang", "sms", "START")
    changed, _said = await listener.hears(channel)
    assert isinstance(changed, ContactChanged)
    assert changed.change is ContactChange.OPTED_IN
    assert isinstance(await channel.send(PART), Accepted)


async def test_what_was_sent_is_found_again(channel: TwilioChannel) -> None:
    sent = await channel.send(PART)
    found = await channel.look_up(PART)
    assert found is not None
    assert found.provider_id == sent.provider_id


@pytest.mark.parametrize("text", ["空调不制冷。" * 300, "a" * 3000, "^" * 2000, "😀" * 900])
async def test_long_texts_are_cut_by_what_is_charged(text: str, sandbox: SandboxClient, channel: TwilioChannel) -> None:
    parts = cut(text, TwilioChannel.facts.longest_text, TwilioChannel.facts.text_unit)
    for each in parts:
        await channel.send(replace(PART, text=each))
    arrived = [entry for entry in await sandbox.phone("zhang", "sms") if entry["direction"] == "in"]
    assert "".join(entry["text"] for entry in arrived) == text
    assert max(entry["card"]["segments"] for entry in arrived) <= 7
