"""The domestic adapter and the sandbox's gateway over HTTP: both ways, and everything that can go wrong on the way."""

import aiohttp
import pytest

from channels.sms import domestic
from channels.sms.domestic import DomesticChannel
from core.errors import OutcomeUnknown, Refused, SendError, TryLater, UnreadablePayload
from core.messages import (
    Accepted,
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    MessageReceived,
    Outgoing,
)
from sandbox.client import SandboxClient
from tests.channels.contract import PART_ID, account
from tests.channels.sms.gateway_side import APP_KEY, APP_SECRET, KIND, PERSON, SIGNATURE, values
from tests.channels.sms.listening import Listener, listen
from tests.sandbox.standin import Ports, Product

PART = Outgoing(PART_ID, PERSON, "师傅明天上午九点到")


async def open_account(sandbox: SandboxClient, hook: str, **changed: object) -> None:
    settings = {"app_key": APP_KEY, "app_secret": APP_SECRET, "signature": SIGNATURE, "template": "T100001"}
    await sandbox.open_account(kind=KIND, hook_url=hook, retry_delay=0.1, **(settings | changed))


@pytest.fixture
def listener(product: Product) -> Listener:
    return listen(product, KIND)


@pytest.fixture
async def channel(
    sandbox: SandboxClient, listener: Listener, ports: Ports, http: aiohttp.ClientSession
) -> DomesticChannel:
    await open_account(sandbox, listener.hook)
    return DomesticChannel(account(KIND, values(f"{ports.base}/gateway")), http)


async def refusal(channel: DomesticChannel) -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(PART)
    return caught.value


async def test_a_text_arrives_under_its_signature_and_is_reported(
    sandbox: SandboxClient, listener: Listener, channel: DomesticChannel
) -> None:
    sent = await channel.send(PART)
    entry = await sandbox.reached("zhang", KIND, PART.text)
    assert (entry["text"], entry["card"]) == (f"【{SIGNATURE}】{PART.text}", {"segments": 1})
    (update,) = await listener.hears(channel)
    assert isinstance(update, DeliveryUpdate)
    assert (update.provider_id, update.state) == (sent.provider_id, DeliveryState.DELIVERED)
    assert await channel.look_up(PART) == Accepted(sent.provider_id, DeliveryState.DELIVERED)


async def test_what_somebody_writes_is_heard(
    sandbox: SandboxClient, listener: Listener, channel: DomesticChannel
) -> None:
    number = await sandbox.say("zhang", KIND, "空调坏了 😀")
    (message,) = await listener.hears(channel)
    assert isinstance(message, MessageReceived)
    assert (message.sender.address, message.text, message.provider_id) == (PERSON, "空调坏了 😀", number)
    assert message.sent_at is not None
    assert (await sandbox.phone("zhang", KIND))[0]["state"] == "delivered"


async def test_many_come_in_batches(sandbox: SandboxClient, listener: Listener, channel: DomesticChannel) -> None:
    said = [{"person": "zhang", "channel": KIND, "text": f"第{number}句"} for number in range(250)]
    await sandbox.say_all(said, wait=True)
    batches = [channel.parse(call) for call in await listener.calls()]
    assert len({event.dedupe_key for batch in batches for event in batch}) == 250
    assert len(batches) < 50
    assert max(len(batch) for batch in batches) <= 100


async def test_a_push_that_is_not_taken_comes_again_the_same(
    sandbox: SandboxClient, listener: Listener, channel: DomesticChannel
) -> None:
    await sandbox.fault(KIND, "twice", times=1)
    await sandbox.say("zhang", KIND, "在吗")
    first, second = await listener.calls(2)
    channel.verify(first)
    channel.verify(second)
    assert channel.parse(first) == channel.parse(second)
    assert first.headers["x-signature"] != second.headers["x-signature"]


async def test_a_broken_neighbour_takes_nothing_along(
    sandbox: SandboxClient, listener: Listener, channel: DomesticChannel
) -> None:
    await sandbox.fault(KIND, "broken", times=1)
    await sandbox.say("zhang", KIND, "在吗")
    with pytest.raises(UnreadablePayload) as caught:
        await listener.hears(channel)
    assert [type(event) for event in caught.value.events] == [MessageReceived]


async def test_who_refuses_is_not_written_to_until_they_come_back(
    sandbox: SandboxClient, listener: Listener, channel: DomesticChannel
) -> None:
    await sandbox.say("zhang", KIND, "ｔｄ")
    changed, _said = await listener.hears(channel)
    assert isinstance(changed, ContactChanged)
    assert changed.change is ContactChange.OPTED_OUT
    error = await refusal(channel)
    assert isinstance(error, Refused)
    assert (error.code, error.recipient_gone) == ("2002", True)
    await sandbox.act("zhang", "start", KIND)
    assert isinstance(await channel.send(PART), Accepted)


@pytest.mark.parametrize("code", [*domestic.LATER, *domestic.GONE, *domestic.REFUSED])
async def test_every_code_ends_as_the_table_says(code: str, sandbox: SandboxClient, channel: DomesticChannel) -> None:
    await sandbox.fault(KIND, "errcode", code=int(code), times=1)
    error = await refusal(channel)
    assert error.code == code
    assert isinstance(error, TryLater) is (code in domestic.LATER)
    assert isinstance(await channel.send(PART), Accepted)


@pytest.mark.parametrize("status", [*domestic.REPORTS, "GX:9999"])
async def test_every_report_ends_as_the_table_says(
    status: str, sandbox: SandboxClient, listener: Listener, channel: DomesticChannel
) -> None:
    await sandbox.fault(KIND, "undelivered", word=status, times=1)
    sent = await channel.send(PART)
    update = (await listener.hears(channel))[-1]
    assert isinstance(update, DeliveryUpdate)
    assert (update.provider_id, update.state, update.code) == (sent.provider_id, DeliveryState.FAILED, status)
    assert update.reason == domestic.REPORTS.get(status, "短信没有送达")


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"app_secret": "other-secret"}, "1001"), ({"signature": "别家"}, "2201"), ({"template": "T2"}, "2202")],
)
async def test_an_account_that_does_not_fit_is_said_so(
    changed: dict[str, object], code: str, sandbox: SandboxClient, listener: Listener, channel: DomesticChannel
) -> None:
    await open_account(sandbox, listener.hook, **changed)
    assert (await refusal(channel)).code == code


async def test_an_account_that_is_not_there_is_said_so(sandbox: SandboxClient, channel: DomesticChannel) -> None:
    await sandbox.close_accounts()
    assert (await refusal(channel)).code == "1003"


@pytest.mark.parametrize("fault", ["drop", "cut"])
async def test_a_lost_answer_is_found_again_where_there_is_one(
    fault: str, sandbox: SandboxClient, channel: DomesticChannel
) -> None:
    await sandbox.fault(KIND, fault, times=1)
    with pytest.raises(OutcomeUnknown):
        await channel.send(PART)
    assert (await channel.look_up(PART) is not None) is (fault == "drop")


async def test_the_same_part_again_travels_once(sandbox: SandboxClient, channel: DomesticChannel) -> None:
    assert await channel.send(PART) == await channel.send(PART)
    assert (await sandbox.counts())["total"] == 1
