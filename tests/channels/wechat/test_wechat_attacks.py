"""XML made to hurt: refused after a bounded amount of work, shown by how far it was read rather than by a clock."""

from typing import SupportsIndex, overload

import pytest

from channels.wechat import payload
from channels.wechat.adapter import WeChatChannel
from channels.wechat.payload import MOST_ELEMENTS, PIECE, read
from core.errors import RejectedCall, UnreadablePayload
from tests.channels.contract import account, no_http
from tests.channels.wechat.platform_side import encrypt, plain, sealed, values

MESSAGE = "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><Content>&e;</Content></xml>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

DECLARED = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY e "&l9;">]>',
    "quadratic blow-up": f'<!DOCTYPE x [<!ENTITY e "{"A" * 60_000}">]>',
    "a file": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "a request": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>',
    "an outer document type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>',
    "an empty document type": "<!DOCTYPE x>",
    "after a declaration": '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY e "x">]>',
    "after a comment": "<!-- x --><!DOCTYPE x>",
    "after an instruction": "<?x y?><!DOCTYPE x>",
    "after a byte order mark": "\ufeff<!DOCTYPE x>",
}


class Watched(bytes):
    """Knows how far it was handed on."""

    reached = 0

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | bytes:
        if isinstance(key, slice):
            self.reached = max(self.reached, min(key.stop, len(self)))
        return super().__getitem__(key)


def reached(body: str) -> int:
    """How many bytes the parser was given before the body was refused."""
    watched = Watched(body.encode())
    with pytest.raises(UnreadablePayload):
        read(watched)
    return watched.reached


@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED)
def test_what_declares_anything_never_meets_a_parser(declared: str) -> None:
    assert reached(declared + MESSAGE) == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-7"])
def test_no_other_encoding_hides_a_declaration(encoding: str) -> None:
    with pytest.raises(UnreadablePayload):
        read((DECLARED["a file"] + MESSAGE).encode(encoding))


def test_an_encoding_that_lies_is_not_believed() -> None:
    root = read('<?xml version="1.0" encoding="utf-7"?><xml><a>+ADw-空</a></xml>'.encode())
    assert root.findtext("a") == "+ADw-空"


def test_a_document_type_inside_the_payload_is_refused() -> None:
    for inside in ("<xml><!DOCTYPE x></xml>", "<xml/><!DOCTYPE x>", '<xml><!ENTITY e "x"></xml>'):
        reached(inside)


def test_a_document_type_that_somebody_typed_is_a_text() -> None:
    typed = '<!DOCTYPE x [<!ENTITY e "x">]>&e;'
    root = read(f"<xml><Content><![CDATA[{typed}]]></Content></xml>".encode())
    assert root.findtext("Content") == typed


@pytest.mark.parametrize("times", [10_000, 300_000, 3_000_000])
@pytest.mark.parametrize("piece", ["<a>", "<a/>", "<a></a>", "<a x='y'/>", "<a><b/></a>", "<![CDATA[x]]><a/>"])
def test_what_is_nested_or_repeated_is_read_no_further_than_the_limit(piece: str, times: int) -> None:
    most = MOST_ELEMENTS * len(piece)
    assert reached("<xml>" + piece * times) <= most + 2 * PIECE


LONG = 200_000
LONG_BODIES = {
    "an attribute's name": f"<xml {'a' * LONG}='x'></xml",
    "an attribute": f"<xml x='{'a' * LONG}'></xml",
    "many attributes": "<xml " + " ".join(f"a{n}='x'" for n in range(20_000)) + "></xml",
    "one attribute many times": "<xml " + "a='x' " * 20_000 + "></xml>",
    "a name": f"<xml><{'a' * LONG}></xml>",
    "an entity's name": f"<xml>&{'a' * LONG};</xml>",
    "a comment": f"<xml><!--{'-' * LONG}--></xml>",
    "half entities": f"<xml><Content>{'&amp' * 50_000}</xml>",
    "spaces in the root": "<xml" + " " * LONG,
    "nothing": " " * LONG,
    "an XML declaration": "<?xml " + "a" * LONG + "?><xml/>",
}


@pytest.mark.parametrize("body", LONG_BODIES.values(), ids=LONG_BODIES)
def test_what_is_long_and_broken_is_unreadable(body: str) -> None:
    reached(body)


@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED)
def test_in_plain_and_inside_the_envelope_it_is_kept_as_unreadable(declared: str) -> None:
    channel = WeChatChannel(account("wechat", values(mode="compatible")), no_http())
    body = (declared + MESSAGE).encode()
    for call in (plain(body), sealed(encrypt(body))):
        channel.verify(call)
        with pytest.raises(UnreadablePayload):
            channel.parse(call)


@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED)
def test_around_the_envelope_it_is_refused(declared: str) -> None:
    channel = WeChatChannel(account("wechat", values()), no_http())
    call = sealed(encrypt(b"<xml/>"))
    with pytest.raises(RejectedCall):
        channel.verify(type(call)(call.method, call.url, call.query, call.headers, declared.encode() + call.body))


def test_a_call_may_be_no_longer_than_what_is_read_at_once() -> None:
    # An element or an attribute that grows over several pieces is looked at again with each of them.
    assert WeChatChannel.facts.largest_call <= 16 * payload.PIECE
