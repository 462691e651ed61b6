"""The outbox: who may take what, in which order, and what follows from each ending."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from core import clock
from core.conversations.models import Address
from core.conversations.writing import reply
from core.errors import NotAllowed, NotFound, OutcomeUnknown, Refused, TryLater
from core.ids import new_id
from core.intake.models import ChannelAccount
from core.messages import Accepted, DeliveryState, Media
from core.notification import outbox
from core.notification.leaving import leaving
from core.notification.models import Attempt, Outbox
from tests.core.notification.leaves import claimed, forget_acknowledgements, sent, state_of
from tests.core.spoken import OPENID, Shop, said

PNG = Media("图.png", "image/png", b"\x89PNG")


class Person:
    """Somebody to whom answers go."""

    def __init__(self, shop: Shop, address_id: UUID, conversation_id: UUID) -> None:
        self._shop, self.address_id, self.conversation_id = shop, address_id, conversation_id

    async def told(self, text: str, *files: Media) -> UUID:
        return await reply(self._shop.desk, self.conversation_id, None, text, self.address_id, files)


async def meet(shop: Shop, openid: str = OPENID) -> Person:
    _, address_id, conversation_id = await shop.person("wechat", openid)
    await forget_acknowledgements()
    return Person(shop, address_id, conversation_id)


@pytest.fixture
async def person(shop: Shop) -> Person:
    return await meet(shop)


async def test_parts_of_one_address_leave_one_at_a_time_in_order(shop: Shop, person: Person) -> None:
    messages = [await person.told("一", PNG, PNG), await person.told("二"), await person.told("三", PNG)]
    left = []
    while taken := await outbox.claim(10):
        assert len(taken) == 1
        assert await outbox.claim(10) == []
        ready = await leaving(shop.desk, taken[0])
        attempt = await outbox.begin(taken[0])
        assert attempt is not None
        assert await outbox.claim(10) == []
        await outbox.end(shop.desk, ready.part, attempt, ready.key, outbox.ending_of(Accepted(), 1))
        left.append((messages.index(ready.part.message_id), ready.part.part))

    assert left == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1)]


async def test_claimers_at_once_get_disjoint_parts(shop: Shop) -> None:
    for number in range(40):
        await shop.take("wechat", said(f"o{number:027}"))
    await shop.fold()

    taken = await asyncio.gather(*(outbox.claim(7) for _ in range(10)))

    found = [each for some in taken for each in some]
    assert len(found) == len(set(found)) == 40


async def test_a_resent_part_waits_for_what_is_on_its_way_to_the_same_address(shop: Shop, person: Person) -> None:
    await person.told("一")
    failed = await sent(shop, Refused("不行"))
    await person.told("二")
    await claimed(shop)
    await outbox.resend(shop.desk, failed, None)

    assert await outbox.claim(10) == []


async def test_a_failed_part_lets_the_next_one_go_and_a_delayed_one_does_not(shop: Shop, person: Person) -> None:
    await person.told("一")
    await person.told("二")
    await sent(shop, TryLater("忙"))
    assert await outbox.claim(10) == []

    with clock.held(clock.now() + timedelta(seconds=10)):
        await sent(shop, Refused("不行"))
        assert len(await outbox.claim(10)) == 1


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Accepted("p1"), DeliveryState.SENT),
        (Accepted("p1", DeliveryState.DELIVERED), DeliveryState.DELIVERED),
        (TryLater("忙", "503"), DeliveryState.QUEUED),
        (Refused("对方已取消关注", "43004"), DeliveryState.FAILED),
        (OutcomeUnknown("连接中断"), DeliveryState.UNKNOWN),
        (ValueError("ours"), DeliveryState.UNKNOWN),
    ],
)
async def test_what_a_try_came_to(
    shop: Shop, person: Person, outcome: Accepted | Exception, state: DeliveryState
) -> None:
    message_id = await person.told("您好")
    part_id = await sent(shop, outcome)

    part, attempt = await Outbox.get(id=part_id), await Attempt.get(outbox_id=part_id)
    assert part.state == attempt.outcome == await state_of(message_id) == state
    assert attempt.ended_at is not None
    assert (part.provider_index is not None) == isinstance(outcome, Accepted)
    assert "ours" not in part.reason + part.code


async def test_backing_off_grows_and_ends_in_failure() -> None:
    now = clock.now()
    with clock.held(now):
        waits = [outbox.ending_of(TryLater("忙"), tries).due_at for tries in range(1, len(outbox.BACKOFF) + 1)]
        last = outbox.ending_of(TryLater("忙"), len(outbox.BACKOFF) + 1)
        wished = outbox.ending_of(TryLater("忙", after=timedelta(seconds=77)), 1)

    for due_at, wait in zip(waits, outbox.BACKOFF, strict=True):
        assert due_at is not None
        assert wait * 0.8 <= due_at - now <= wait * 1.2
    assert (last.state, last.due_at) == (DeliveryState.FAILED, None)
    assert "忙" in last.reason
    assert wished.due_at == now + timedelta(seconds=77)


async def test_codes_that_no_column_takes_do_not_lose_the_outcome(shop: Shop, person: Person) -> None:
    message_id = await person.told("您好")
    await sent(shop, Refused("拒\0绝\ud800" * 200, "x\0" * 200))

    assert await state_of(message_id) == "failed"


async def test_a_dead_workers_parts_go_back_or_stand_as_unknown(shop: Shop) -> None:
    one, two = await meet(shop, "o" + "1" * 27), await meet(shop, "o" + "2" * 27)
    not_left, left = await one.told("一"), await two.told("二")
    parts = {(await Outbox.get(id=each)).message_id: each for each in await outbox.claim(10)}
    await outbox.begin(parts[left])
    assert await outbox.recover() == []

    with clock.held(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        assert len(await outbox.recover()) == 2
        assert [await state_of(not_left), await state_of(left)] == ["queued", "unknown"]
        assert await outbox.begin(parts[left]) is None
        assert await outbox.claim(10) == [parts[not_left]]


async def test_a_part_that_is_claimed_again_and_again_and_never_leaves_fails_at_last(person: Person) -> None:
    message_id, moment = await person.told("您好"), clock.now()
    for _ in range(outbox.MOST_CLAIMS + 1):
        assert await state_of(message_id) == "queued"
        with clock.held(moment):
            assert len(await outbox.claim(1)) == 1
        moment += outbox.LEASE + timedelta(seconds=1)
        with clock.held(moment):
            await outbox.recover()

    assert await state_of(message_id) == "failed"


async def test_a_part_whose_lease_was_lost_does_not_leave(shop: Shop, person: Person) -> None:
    await person.told("您好")
    ready = await claimed(shop)

    with clock.held(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        assert await outbox.begin(ready.part.id) is None
        await outbox.recover()
        assert await outbox.begin(ready.part.id) is None
    assert await Attempt.all().count() == 0


async def test_a_sender_that_was_held_up_still_tells_what_it_knows(shop: Shop, person: Person) -> None:
    message_id = await person.told("您好")
    ready = await claimed(shop)
    attempt = await outbox.begin(ready.part.id)
    assert attempt is not None
    with clock.held(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        await outbox.recover()
    assert await state_of(message_id) == "unknown"

    await outbox.end(shop.desk, ready.part, attempt, ready.key, outbox.ending_of(TryLater("忙"), 1))
    assert await state_of(message_id) == "unknown"
    await outbox.end(shop.desk, ready.part, attempt, ready.key, outbox.ending_of(Accepted("p1"), 1))
    assert await state_of(message_id) == "sent"


async def test_an_unknown_part_is_asked_about_ever_more_rarely_for_an_hour(shop: Shop, person: Person) -> None:
    await person.told("您好")
    start = clock.now() + timedelta(hours=3)  # it had to wait long before it left
    with clock.held(start):
        part_id = await sent(shop, OutcomeUnknown("断了"))
    asked = []
    for seconds in range(0, 7200, 5):
        with clock.held(start + timedelta(seconds=seconds)):
            if part_id in await outbox.to_look_up():
                asked.append(seconds)

    assert asked[0] == 10
    assert all(later - earlier >= earlier for earlier, later in pairwise(asked))
    assert asked[-1] * 2 > 1800
    assert asked[-1] < 3600


async def test_a_person_who_saw_it_fail_may_send_it_again_once(shop: Shop, person: Person) -> None:
    message_id = await person.told("您好")
    with pytest.raises(NotFound):
        await outbox.resend(shop.desk, new_id(), None)
    queued = (await Outbox.get()).id
    with pytest.raises(NotAllowed):
        await outbox.resend(shop.desk, queued, None)

    failed = await sent(shop, Refused("不行"))
    again = await asyncio.gather(*(outbox.resend(shop.desk, failed, None) for _ in range(5)), return_exceptions=True)

    assert sorted(isinstance(each, UUID) for each in again) == [False] * 4 + [True]
    assert all(isinstance(each, UUID | NotAllowed) for each in again)
    assert await state_of(message_id) == "queued"
    ready = await claimed(shop)
    assert ready.part.id in again
    assert ready.outgoing.text == "您好"


async def test_dividing_keeps_texts_in_order_and_files_behind_them(shop: Shop, person: Person) -> None:
    message_id = await person.told("甲乙丙", PNG)
    await person.told("后一条")
    ready = await claimed(shop)
    await outbox.divide(ready.part, ready.key, ["甲", "乙", "丙"])

    left = []
    for number in range(5):
        ready = await claimed(shop)
        attempt = await outbox.begin(ready.part.id)
        assert attempt is not None
        await outbox.end(shop.desk, ready.part, attempt, ready.key, outbox.ending_of(Accepted(f"p{number}"), 1))
        left.append(ready.outgoing.text or ready.outgoing.media[0].name)
    assert left == ["甲", "乙", "丙", "图.png", "后一条"]
    assert await state_of(message_id) == "sent"


async def test_a_part_that_others_took_meanwhile_is_not_divided(shop: Shop, person: Person) -> None:
    await person.told("甲乙丙")
    held_up = await claimed(shop)
    with clock.held(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        await outbox.recover()
        await sent(shop, Accepted("p1"))

    await outbox.divide(held_up.part, held_up.key, ["甲", "乙", "丙"])
    await outbox.drop(held_up.part.id, "联系人资料已删除")

    assert [each.state for each in await Outbox.all()] == ["sent"]


async def test_a_divided_part_that_is_resent_says_only_its_own_text(shop: Shop, person: Person) -> None:
    await person.told("甲乙")
    ready = await claimed(shop)
    await outbox.divide(ready.part, ready.key, ["甲", "乙"])
    await sent(shop, Accepted())
    failed = await sent(shop, Refused("不行"))
    await outbox.resend(shop.desk, failed, None)

    assert (await claimed(shop)).outgoing.text == "乙"


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ((Accepted("a"), Accepted("b")), "sent"),
        ((Accepted("a"), Refused("图太大")), "failed"),
        ((OutcomeUnknown("断了"), Accepted("b")), "unknown"),
        ((OutcomeUnknown("断了"), Refused("图太大")), "failed"),
        ((Accepted("a", DeliveryState.READ), Accepted("b", DeliveryState.DELIVERED)), "delivered"),
        ((Accepted("a"), TryLater("忙")), "queued"),
    ],
)
async def test_a_message_is_as_far_as_its_worst_part(
    shop: Shop, person: Person, outcomes: tuple[Accepted | Exception, ...], state: str
) -> None:
    message_id = await person.told("看图", PNG)
    for outcome in outcomes:
        await sent(shop, outcome)

    assert await state_of(message_id) == state


async def test_an_address_that_is_gone_is_marked_until_it_writes_again(shop: Shop, person: Person) -> None:
    await outbox.mark_gone(person.address_id)
    assert (await Address.get()).unreachable_at is not None

    await shop.person("wechat", OPENID, "我又关注了")
    assert (await Address.get()).unreachable_at is None


async def test_parts_of_an_account_that_was_switched_off_wait(shop: Shop, person: Person) -> None:
    await person.told("您好")
    await ChannelAccount.filter(id=shop.accounts["wechat"]).update(active=False)
    assert await outbox.claim(10) == []

    await ChannelAccount.filter(id=shop.accounts["wechat"]).update(active=True)
    assert len(await outbox.claim(10)) == 1
