"""Callbacks: signatures, encryption (checked by wechatpy), tries, and what a reply must look like."""

import time
from typing import Any

import pytest
import xmltodict
from aiohttp import web
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.replies import TextReply
from wechatpy.utils import check_signature

from sandbox.client import Refusal, SandboxClient, media
from sandbox.wechat import crypto
from tests.sandbox.standin import AES_KEY, Got, Product

OUT_OF_ORDER = "该公众号暂时无法提供服务，请稍后再试"
Json = dict[str, Any]


async def opened(sandbox: SandboxClient, product: Product, mode: str, **more: object) -> str:
    return await sandbox.open_account(
        kind="wechat",
        app_id=f"wx{mode}",
        app_secret="secret",
        token="tok",
        aes_key=AES_KEY,
        mode=mode,
        hook_url=f"{product.base}/hooks/wechat/{mode}",
        **({"retries": 2, "retry_delay": 0.01, "timeout": 5} | more),
    )


def plain_of(got: Got) -> bytes:
    """Opened by wechatpy, which checks msg_signature, padding and app id itself."""
    box = WeChatCrypto("tok", AES_KEY, "wxsafe")
    return bytes(
        box.decrypt_message(got.body, got.query["msg_signature"], got.query["timestamp"], got.query["nonce"]),
        "utf-8",
    )


def test_signature_and_ciphertext_match_the_platforms_published_example() -> None:
    assert crypto.sign("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    sealed = (
        "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6J"
        "sXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8"
        "EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
    )
    assert crypto.sign("AAAAA", "1714112445", "415670741", sealed) == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    message = crypto.decrypt("A" * 43, "wxba5fad812f8e6fb9", sealed)
    assert (len(message), b"debug_demo" in message) == (167, True)
    with pytest.raises(crypto.BadCipher):
        crypto.decrypt("A" * 43, "wxanother", sealed)


async def test_a_plain_callback_is_signed_and_readable(sandbox: SandboxClient, product: Product) -> None:
    await opened(sandbox, product, "plain")
    message_id = await sandbox.say("zhang", "wechat", "空调不制冷 ]]> <b>", account="wxplain")
    (got,) = product.got
    check_signature("tok", got.query["signature"], got.query["timestamp"], got.query["nonce"])
    message = parse_message(got.body)
    assert (message.content, str(message.id)) == ("空调不制冷 ]]> <b>", message_id)
    assert message.source == got.query["openid"] == "oDemo_zhangxiaoyan_000000001"


async def test_a_safe_callback_opens_with_wechatpy_and_no_other_key(sandbox: SandboxClient, product: Product) -> None:
    await opened(sandbox, product, "safe")
    await sandbox.say("li", "wechat", "洗衣机漏水", account="wxsafe")
    (got,) = product.got
    assert got.query["encrypt_type"] == "aes"
    assert "洗衣机漏水".encode() not in got.body
    assert parse_message(plain_of(got)).content == "洗衣机漏水"
    with pytest.raises(InvalidSignatureException):
        WeChatCrypto("other", AES_KEY, "wxsafe").decrypt_message(
            got.body, got.query["msg_signature"], got.query["timestamp"], got.query["nonce"]
        )


async def test_a_compatible_callback_carries_both(sandbox: SandboxClient, product: Product) -> None:
    await opened(sandbox, product, "compatible")
    await sandbox.say("li", "wechat", "漏水", account="wxcompatible")
    fields = xmltodict.parse(product.got[0].body)["xml"]
    assert fields["Content"] == "漏水"
    assert fields["Encrypt"]


@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_a_reply_inside_the_answer_reaches_the_phone(sandbox: SandboxClient, product: Product, mode: str) -> None:
    def reply(got: Got) -> web.Response:
        message = parse_message(got.body if mode == "plain" else plain_of(got))
        xml = TextReply(content="您好，请说", message=message).render()
        if mode == "safe":
            xml = WeChatCrypto("tok", AES_KEY, "wxsafe").encrypt_message(xml, "12345", str(int(time.time())))
        return web.Response(text=xml, content_type="text/xml")

    product.reply = reply
    await opened(sandbox, product, mode)
    message_id = await sandbox.say("wang", "wechat", "你好", account=f"wx{mode}")
    question, answer = await sandbox.phone("wang", "wechat")
    assert (question["state"], answer["text"], answer["via"]) == ("delivered", "您好，请说", "passive")
    counts = await sandbox.counts()
    assert counts["by_message"] == {message_id: 1}
    assert counts["by_person"] == {"wang": {"passive": 1}}


@pytest.mark.parametrize(
    "said",
    [
        '{"ok": true}',
        "OK",
        "<xml><ToUserName>someone else</ToUserName></xml>",
        "<xml><Encrypt>AAAA</Encrypt><MsgSignature>x</MsgSignature></xml>",
    ],
)
async def test_an_answer_that_makes_no_sense_is_what_the_person_gets_to_feel(
    sandbox: SandboxClient, product: Product, said: str
) -> None:
    product.reply = lambda _got: web.Response(text=said)
    await opened(sandbox, product, "safe")
    await sandbox.say("li", "wechat", "在吗", account="wxsafe")
    assert [entry["text"] for entry in await sandbox.phone("li", "wechat")] == ["在吗", OUT_OF_ORDER]


async def test_saying_success_is_saying_nothing(sandbox: SandboxClient, product: Product) -> None:
    product.reply = lambda _got: web.Response(text="success")
    await opened(sandbox, product, "safe")
    await sandbox.say("li", "wechat", "在吗", account="wxsafe")
    assert [entry["text"] for entry in await sandbox.phone("li", "wechat")] == ["在吗"]


async def test_a_failing_hook_is_asked_three_times_for_the_same_message(
    sandbox: SandboxClient, product: Product
) -> None:
    product.reply = lambda _got: web.Response(status=503)
    await opened(sandbox, product, "plain")
    message_id = await sandbox.say("li", "wechat", "在吗", account="wxplain")
    assert [str(parse_message(got.body).id) for got in product.got] == [message_id] * 3
    question, notice = await sandbox.phone("li", "wechat")
    assert (question["state"], notice["text"]) == ("failed", OUT_OF_ORDER)
    assert await sandbox.deliveries() == {"pending": 0, "delivered": 0, "given_up": 1, "tries": 3}


async def test_a_slow_hook_is_hung_up_on(sandbox: SandboxClient, product: Product) -> None:
    product.delay = 0.5
    await opened(sandbox, product, "plain", timeout=0.05, retries=1)
    await sandbox.say("li", "wechat", "在吗", account="wxplain")
    assert len(product.got) == 2
    assert (await sandbox.deliveries())["given_up"] == 1


async def test_tries_can_be_as_many_as_a_fault_run_needs(sandbox: SandboxClient, product: Product) -> None:
    product.reply = lambda _got: web.Response(status=503 if len(product.got) < 8 else 200)
    await opened(sandbox, product, "plain", retries=20, retry_delay=0.01)
    await sandbox.say("li", "wechat", "在吗", account="wxplain")
    assert await sandbox.deliveries() == {"pending": 0, "delivered": 1, "given_up": 0, "tries": 8}


async def test_many_people_write_at_once(sandbox: SandboxClient, product: Product) -> None:
    await opened(sandbox, product, "safe")
    people = await sandbox.add_people([{"id": f"crowd{n}"} for n in range(50)])
    ids = await sandbox.say_all(
        [{"person": p["id"], "channel": "wechat", "text": "在吗", "account": "wxsafe"} for p in people]
    )
    assert (await sandbox.settled())["delivered"] == 50
    assert sorted(str(parse_message(plain_of(got)).id) for got in product.got) == sorted(ids)


async def test_every_kind_of_message_arrives_as_itself(sandbox: SandboxClient, product: Product) -> None:
    await opened(sandbox, product, "plain")
    picture = media("故障.png", "image/png", b"\x89PNG")
    sound = media("voice.amr", "audio/amr", b"#!AMR")
    for more in (
        {"media": [picture]},
        {"kind": "voice", "media": [sound]},
        {"kind": "location", "latitude": 31.2, "longitude": 121.5, "label": "示例路 1 号"},
        {"kind": "link", "title": "说明书", "url": "https://example.com/manual"},
    ):
        await sandbox.say("li", "wechat", account="wxplain", **more)
    image, voice, location, link = (parse_message(got.body) for got in product.got)
    assert (image.type, voice.format, link.url) == ("image", "amr", "https://example.com/manual")
    assert (location.location, location.label) == (("31.2", "121.5"), "示例路 1 号")


async def test_events_tell_what_people_do(sandbox: SandboxClient, product: Product) -> None:
    await opened(sandbox, product, "plain")
    for action, more in (
        ("unfollow", {}),
        ("follow", {"scene": "shop1"}),
        ("scan", {"scene": "shop2"}),
        ("menu", {"key": "REPAIR"}),
        ("menu", {"url": "https://example.com/"}),
    ):
        await sandbox.act("li", action, account="wxplain", **more)
    events = [xmltodict.parse(got.body)["xml"] for got in product.got]
    assert [(event["Event"], event["EventKey"] or "") for event in events] == [
        ("unsubscribe", ""),
        ("subscribe", "qrscene_shop1"),
        ("SCAN", "shop2"),
        ("CLICK", "REPAIR"),
        ("VIEW", "https://example.com/"),
    ]


async def test_the_hooks_address_is_checked_by_an_echo(sandbox: SandboxClient, product: Product) -> None:
    async def checked() -> bool:
        await sandbox.act("li", "check", account="wxplain")
        return bool(next(each for each in await sandbox.accounts() if each["key"] == "wxplain")["checked"])

    await opened(sandbox, product, "plain")
    assert await checked() is False
    product.reply = lambda got: web.Response(text=got.query["echostr"])
    assert await checked() is True


async def test_an_account_without_a_hook_hears_nothing(sandbox: SandboxClient) -> None:
    await sandbox.open_account(kind="wechat", app_id="wxdeaf", app_secret="s", token="t", mode="plain")
    with pytest.raises(Refusal, match="no hook_url"):
        await sandbox.say("wang", "wechat", "在吗")
    assert await sandbox.phone("wang", "wechat") == []


async def test_who_does_not_follow_cannot_write(sandbox: SandboxClient, product: Product) -> None:
    await opened(sandbox, product, "plain")
    await sandbox.act("wang", "unfollow", account="wxplain")
    with pytest.raises(Refusal, match="没有关注"):
        await sandbox.say("wang", "wechat", "在吗", account="wxplain")
    await sandbox.act("wang", "follow", account="wxplain")
