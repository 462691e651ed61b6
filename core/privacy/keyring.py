"""The keys of a process: wrapped in the database, opened in memory, looked up by the id that a sealed value names.

Opening is synchronous once the keys are here: `await need(...)` first for all values of a page or batch, then `open`.
"""

import asyncio
import hashlib
import hmac
import os
from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from core import clock
from core.ids import new_id
from core.privacy.cipher import Algorithm, CannotOpen, Key, key_id
from core.privacy.models import DataKey

MOST_KEYS = 50_000
"""Opened contact keys kept in memory (about 300 bytes each)."""

WRAPPED = "data_key.wrapped"


class Keyring:
    """Opens and seals. One for each process, made with the root key."""

    def __init__(self, root_key: bytes, algorithm: Algorithm = Algorithm.AES_256_GCM) -> None:
        self.algorithm = algorithm
        self.root_name = hashlib.sha256(b"yingda root key name" + root_key).hexdigest()[:16]
        self._root = Key.of(UUID(int=0), Algorithm.AES_256_GCM, root_key)
        self._open: OrderedDict[UUID, Key] = OrderedDict()
        self._system: dict[str, Key] = {}
        self._making = asyncio.Lock()

    async def system(self, purpose: str) -> Key:
        """The key of one kind of system record, made on first use."""
        if purpose not in self._system:
            async with self._making:
                if purpose not in self._system:
                    self._system[purpose] = await self._load_system(purpose)
        return self._system[purpose]

    def new_contact_key(self) -> tuple[Key, DataKey]:
        """A fresh key for a person, and its row, which the caller saves in the transaction that makes the contact."""
        return self._make("contact")

    def remember(self, key: Key) -> None:
        """Keep a key made here, once its row is certain to be saved."""
        self._open[key.id] = key
        while len(self._open) > MOST_KEYS:
            self._open.popitem(last=False)

    async def need(self, sealed: Iterable[bytes | None]) -> None:
        """Fetch the keys of these values, so that `open` can run without waiting."""
        await self.need_keys({key_id(each) for each in sealed if each})

    async def need_keys(self, ids: Iterable[UUID]) -> None:
        """Fetch these keys. One that was destroyed stays away, and its values raise `CannotOpen`."""
        wanted = set(ids)
        for each in wanted & self._open.keys():
            self._open.move_to_end(each)  # what somebody is about to open is not what makes room
        missing = [each for each in wanted if each not in self._open]
        if missing:
            for row in await DataKey.filter(id__in=missing, wrapped__not_isnull=True):
                self.remember(self._unwrap(row))

    def key(self, wanted: UUID) -> Key:
        """A key fetched before. Raise `CannotOpen` if it is not here (destroyed, or never fetched)."""
        try:
            return self._open[wanted]
        except KeyError:
            raise CannotOpen("the key is gone") from None

    def open(self, place: str, row: UUID, sealed: bytes) -> bytes:
        """Open a value whose key was fetched with `need`."""
        return self.key(key_id(sealed)).open(place, row, sealed)

    def text(self, place: str, row: UUID, sealed: bytes | None) -> str:
        """Open a text; an absent one reads as empty."""
        return self.open(place, row, sealed).decode() if sealed else ""

    def _make(self, purpose: str) -> tuple[Key, DataKey]:
        key = Key.of(new_id(), self.algorithm, os.urandom(self.algorithm.key_bytes))
        row = DataKey(
            id=key.id,
            purpose=purpose,
            algorithm=int(key.algorithm),
            wrapped=self._root.seal(WRAPPED, key.id, key.secret),
            root=self.root_name,
            created_at=clock.now(),
        )
        return key, row

    def _unwrap(self, row: DataKey) -> Key:
        if row.wrapped is None:
            raise CannotOpen("the key was destroyed")
        if row.root != self.root_name:
            raise CannotOpen("the keys in this database belong to another root key")
        return Key.of(row.id, Algorithm(row.algorithm), self._root.open(WRAPPED, row.id, row.wrapped))

    async def _load_system(self, purpose: str) -> Key:
        row = await DataKey.filter(purpose=purpose, destroyed_at=None).first()
        if row is None:
            await DataKey.bulk_create([self._make(purpose)[1]], ignore_conflicts=True)
            row = await DataKey.get(purpose=purpose, destroyed_at=None)
        key = self._unwrap(row)
        self.remember(key)
        return key


class BlindIndex:
    """Exact look-up without plaintext: an HMAC of the normalised value under a key of its own.

    A plain hash would not do: phone numbers can be enumerated.
    """

    def __init__(self, key: Key) -> None:
        self._secret = key.secret

    def of(self, kind: str, value: str) -> bytes:
        """16 bytes for a value of one kind; equal for equal values only."""
        return hmac.digest(self._secret, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), "sha256")[:16]
