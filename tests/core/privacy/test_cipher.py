"""Sealed values open where they were sealed, and nowhere else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy.cipher import Algorithm, CannotOpen, Key, key_id

KEYS = {each: Key.of(UUID(int=each), each, bytes(range(each.key_bytes))) for each in Algorithm}
PLACE, ROW = "message.body", UUID(int=42)

keys = pytest.mark.parametrize("key", KEYS.values(), ids=[each.name for each in Algorithm])


@keys
@given(value=st.binary(max_size=200), row=st.uuids(), place=st.text("abc._", max_size=20))
def test_what_is_sealed_opens_in_its_place(key: Key, value: bytes, row: UUID, place: str) -> None:
    sealed = key.seal(place, row, value)
    assert key.open(place, row, sealed) == value
    assert key_id(sealed) == key.id


@keys
def test_the_same_value_never_looks_the_same_twice(key: Key) -> None:
    assert len({key.seal(PLACE, ROW, b"13800138000") for _ in range(50)}) == 50


@keys
def test_a_value_that_was_moved_does_not_open(key: Key) -> None:
    sealed = key.seal(PLACE, ROW, b"secret")
    twin = Key.of(key.id, key.algorithm, bytes(key.algorithm.key_bytes))
    other = Key.of(UUID(int=99), key.algorithm, key.secret)
    for opener, place, row in (
        (key, "message.subject", ROW),
        (key, PLACE, UUID(int=43)),
        (twin, PLACE, ROW),
        (other, PLACE, ROW),
    ):
        with pytest.raises(CannotOpen):
            opener.open(place, row, sealed)


@keys
def test_a_value_altered_in_any_byte_does_not_open(key: Key) -> None:
    sealed = key.seal(PLACE, ROW, b"secret")
    for at in range(len(sealed)):
        for flip in (1, 3, 128):
            altered = sealed[:at] + bytes([sealed[at] ^ flip]) + sealed[at + 1 :]
            with pytest.raises(CannotOpen):
                key.open(PLACE, ROW, altered)


@keys
@given(st.integers(0, 60))
def test_a_value_cut_short_does_not_open(key: Key, length: int) -> None:
    sealed = key.seal(PLACE, ROW, b"secret")
    with pytest.raises(CannotOpen):
        key.open(PLACE, ROW, sealed[: min(length, len(sealed) - 1)])


@keys
@given(st.binary(max_size=100))
def test_anything_else_does_not_open(key: Key, noise: bytes) -> None:
    with pytest.raises(CannotOpen):
        key.open(PLACE, ROW, noise)


@keys
def test_errors_and_pictures_of_a_key_tell_nothing_of_it(key: Key) -> None:
    assert repr(key.secret) not in repr(key)
    with pytest.raises(CannotOpen) as problem:
        key.open(PLACE, UUID(int=1), key.seal(PLACE, ROW, b"secret"))
    assert "secret" not in str(problem.value)
