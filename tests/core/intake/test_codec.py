"""Events as bytes: whatever an adapter reads comes back the same, and the database takes it sealed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake.codec import decode, encode
from core.intake.models import Inbound
from core.messages import (
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    Event,
    Media,
    MessageKind,
    MessageReceived,
    Person,
)
from tests.core.spoken import Shop

TEXTS = st.text(st.characters(), max_size=30) | st.sampled_from(["", "\0", "\ud800", "\ud83d\ude00", '{"is": "x"}'])
TIMES = st.none() | st.datetimes(timezones=st.just(UTC))
PEOPLE = st.builds(Person, TEXTS, name=TEXTS, verified=st.booleans())
MEDIA = st.builds(Media, TEXTS, TEXTS, content=st.none() | st.binary(max_size=50), reference=TEXTS, inline_id=TEXTS)
EVENTS = (
    st.builds(
        MessageReceived,
        TEXTS,
        PEOPLE,
        text=TEXTS,
        kind=st.sampled_from(MessageKind),
        provider_id=TEXTS,
        subject=TEXTS,
        full_text=TEXTS,
        sent_at=TIMES,
        media=st.lists(MEDIA, max_size=3).map(tuple),
        in_reply_to=TEXTS,
        references=st.lists(TEXTS, max_size=3).map(tuple),
        automatic=st.booleans(),
    )
    | st.builds(ContactChanged, TEXTS, PEOPLE, st.sampled_from(ContactChange), at=TIMES, detail=TEXTS)
    | st.builds(DeliveryUpdate, TEXTS, TEXTS, st.sampled_from(DeliveryState), code=TEXTS, reason=TEXTS, at=TIMES)
)


@given(EVENTS)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    assert decode(encode(event)) == event


def test_what_says_nothing_takes_no_room() -> None:
    event = MessageReceived("m1", Person("o1"))
    assert encode(event) == b'{"is": "message", "dedupe_key": "m1", "sender": {"address": "o1"}}'


@pytest.mark.parametrize("odd", ["", "\0", "\ud800", "\ud83d\ude00", "\u2028", "😀"])
async def test_the_journal_takes_any_text(shop: Shop, odd: str) -> None:
    event = MessageReceived(odd, Person(odd, name=odd), text=odd, sent_at=datetime(2026, 1, 1, tzinfo=UTC))
    (written,) = await shop.take("email", event)

    sealed = (await Inbound.get(id=written.id)).event_sealed
    assert sealed is not None
    key = await shop.desk.keyring.system("journal")
    assert decode(key.open("inbound.event", written.id, sealed)) == event
