"""The people who own the phones. All of them are invented."""

import hashlib
import re
from collections import OrderedDict
from dataclasses import asdict, dataclass

MOST_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class Person:
    """One consumer with one address per channel. `phone` is E.164."""

    id: str
    name: str
    openid: str
    phone: str
    mail: str

    def address(self, channel: str) -> str:
        return {"wechat": self.openid, "sms": self.phone, "sms_cn": self.phone, "email": self.mail}[channel]

    def shown(self) -> dict[str, str]:
        return asdict(self)


class People:
    """Everybody, found by id or by address; the oldest newcomers leave when it gets too many."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[str, Person] = OrderedDict()
        self._by_address: dict[str, Person] = {}
        for person in DEMO:
            self.add(person)

    def add(self, person: Person) -> None:
        if person.id in self._by_id:
            self._forget(self._by_id[person.id])
        elif len(self._by_id) >= MOST_PEOPLE:
            self._forget(next(each for each in self._by_id.values() if each not in DEMO))
        self._by_id[person.id] = person
        for address in (person.openid, person.phone, person.mail.lower()):
            self._by_address[address] = person

    def get(self, person_id: str) -> Person | None:
        return self._by_id.get(person_id)

    def at(self, address: str) -> Person | None:
        """Who answers to an openid, a number in E.164 or a mail address."""
        return self._by_address.get(address) or self._by_address.get(address.lower())

    def all(self) -> list[Person]:
        return list(self._by_id.values())

    def _forget(self, person: Person) -> None:
        del self._by_id[person.id]
        for address in (person.openid, person.phone, person.mail.lower()):
            self._by_address.pop(address, None)


def e164(phone: str) -> str:
    """A mainland mobile number gets its +86; anything that starts with + stays."""
    digits = re.sub(r"[\s-]", "", phone)
    return digits if digits.startswith("+") else f"+86{digits}"


def newcomer(person_id: str, name: str, openid: str = "", phone: str = "", mail: str = "") -> Person:
    """A person with whatever addresses were not given made up from the id."""
    digest = hashlib.sha256(person_id.encode())
    tail = int.from_bytes(digest.digest()[:5]) % 10**8
    return Person(
        person_id,
        name,
        openid or f"oSandbox_{digest.hexdigest()[:19]}",
        e164(phone or f"139{tail:08d}"),
        mail or f"{digest.hexdigest()[:12]}@example.com",
    )


DEMO = (
    newcomer("zhang", "张晓燕", "oDemo_zhangxiaoyan_000000001", "13800138000", "zhang@example.com"),
    newcomer("li", "李建国", "oDemo_lijianguo_000000000002", "13800138001", "li@example.com"),
    newcomer("wang", "王奶奶", "oDemo_wangnainai_00000000003", "13800138002", "wang@example.com"),
)
