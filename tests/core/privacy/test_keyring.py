"""Keys: wrapped in the database, made once, gone when destroyed."""

import asyncio

import pytest

from core import clock
from core.conversations.models import Contact, Message
from core.desk import Desk
from core.privacy import keyring
from core.privacy.cipher import Algorithm, CannotOpen
from core.privacy.keyring import BlindIndex, Keyring
from core.privacy.models import DataKey
from tests.core.spoken import OPENID, PHONE, Shop

ROOT = b"r" * 32


async def test_system_keys_are_made_once_however_many_processes_start(desk: Desk) -> None:
    rings = [Keyring(desk.settings.root_key) for _ in range(20)]
    found = await asyncio.gather(*(ring.system("fresh") for ring in rings))

    assert await DataKey.filter(purpose="fresh").count() == 1
    assert len({each.secret for each in found}) == 1


@pytest.mark.usefixtures("desk")
async def test_another_root_key_is_refused_in_words() -> None:
    with pytest.raises(CannotOpen, match="another root key"):
        await Keyring(ROOT).system("index")


async def test_the_table_holds_no_key_in_the_clear(desk: Desk) -> None:
    key = await desk.keyring.system("index")
    (row,) = await DataKey.filter(purpose="index")
    assert row.wrapped is not None
    assert key.secret not in row.wrapped
    assert row.root != desk.settings.root_key.hex()[:16]


@pytest.mark.parametrize("algorithm", Algorithm)
async def test_values_of_both_algorithms_open_side_by_side(desk: Desk, algorithm: Algorithm) -> None:
    ring = Keyring(desk.settings.root_key, algorithm)
    key, row = ring.new_contact_key()
    await row.save(force_create=True)
    sealed = key.seal("t.c", row.id, "张三".encode())

    fresh = Keyring(desk.settings.root_key)
    await fresh.need([sealed, None])
    assert fresh.text("t.c", row.id, sealed) == "张三"
    assert fresh.text("t.c", row.id, None) == ""


async def test_what_a_destroyed_key_sealed_stays_shut(shop: Shop) -> None:
    await shop.person("wechat", OPENID, "我的秘密")
    await shop.person("sms", PHONE, "还在")
    contact = await Contact.all().order_by("id").first()
    assert contact is not None
    await DataKey.filter(id=contact.key_id).update(wrapped=None, destroyed_at=clock.now())

    ring, opened = Keyring(shop.desk.settings.root_key), []
    messages = await Message.filter(direction="in").order_by("id")
    await ring.need(each.body_sealed for each in messages)
    for each in messages:
        try:
            opened.append(ring.text("message.body", each.id, each.body_sealed))
        except CannotOpen:
            opened.append("gone")
    assert opened == ["gone", "还在"]


async def test_a_wrapped_key_moved_to_another_row_does_not_open(desk: Desk) -> None:
    ring = desk.keyring
    rows = [ring.new_contact_key()[1] for _ in range(2)]
    rows[0].wrapped, rows[1].wrapped = rows[1].wrapped, rows[0].wrapped
    await DataKey.bulk_create(rows)
    with pytest.raises(CannotOpen):
        await Keyring(desk.settings.root_key).need_keys([rows[0].id])


async def test_keys_that_were_asked_for_are_never_what_makes_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "MOST_KEYS", 3)
    ring = Keyring(desk.settings.root_key)
    rows = [ring.new_contact_key()[1] for _ in range(5)]
    await DataKey.bulk_create(rows)
    ids = [row.id for row in rows]
    await ring.need_keys(ids[:3])

    await ring.need_keys([ids[0], ids[3]])
    assert ring.key(ids[0]).id == ids[0]
    await ring.need_keys([ids[4]])
    assert ring.key(ids[0]).id == ids[0]
    with pytest.raises(CannotOpen):
        ring.key(ids[1])


async def test_an_index_tells_equal_values_of_one_kind_and_nothing_else(desk: Desk) -> None:
    other = BlindIndex(Keyring(ROOT).new_contact_key()[0])
    assert desk.index.of("sms", PHONE) == desk.index.of("sms", PHONE)
    assert len(desk.index.of("sms", "")) == 16
    different = {desk.index.of("sms", PHONE), desk.index.of("email", PHONE), desk.index.of("sms", PHONE + "1")}
    assert len(different | {other.of("sms", PHONE), desk.index.of("sm", f"s\0{PHONE}")}) == 5
