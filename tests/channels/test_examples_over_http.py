"""Other people's messages, called in over HTTP to a web process: the status, and what the journal then holds."""

import base64
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
import pytest
import xmltodict
from twilio.request_validator import RequestValidator

from channels import FACTS
from core.conversations.models import Message
from core.desk import Desk, close_desk, open_desk
from core.intake.models import Inbound, InboundState
from core.messages import ContactChange, ContactChanged, DeliveryUpdate, Event, MessageKind, MessageReceived
from core.settings import load
from tests.channels.hooked import Hook, Hooks, canary
from tests.channels.test_examples import load as corpus_of
from tests.channels.wechat.platform_side import encrypt, plain, sealed
from tests.conftest import empty_redis, fresh_database, told
from tests.running import Running, free_port
from workers.fold import fold_all

NO_ANSWER_IN_CALL = {"ANSWER_WAIT_MS": "0"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
async def running_web(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A web process of the product, without workers: what it took in stays where it can be looked at."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with fresh_database(migrated) as database:
        environment = told(database, await empty_redis()) | NO_ANSWER_IN_CALL
        environment |= {"WEB_PORT": str(port), "PUBLIC_URL": url}
        place = Running(environment, tmp_path_factory.mktemp("corpora"), url)
        try:
            await place.start("web")
            await place.ready()
            yield place
        finally:
            await place.stop()


@pytest.fixture(scope="module")
async def desk(running_web: Running) -> AsyncIterator[Desk]:
    opened = await open_desk(load(running_web.environment), FACTS)
    yield opened
    await close_desk(opened)


@pytest.fixture
def hooks(desk: Desk, http: aiohttp.ClientSession, running_web: Running) -> Hooks:
    return Hooks(desk, http, running_web.url)


def expected(fields: Mapping[str, Any]) -> str:
    """What a payload is to us: `message`, `contact`, `delivery` or nothing."""
    if fields["MsgType"].strip().lower() != "event":
        return "message"
    said = {"click": "message", "scancode_waitmsg": "message", "subscribe": "contact", "unsubscribe": "contact"}
    receipts = {"templatesendjobfinish": "delivery", "subscribe_msg_sent_event": "delivery"}
    return (said | receipts).get(fields["Event"].strip().lower(), "")


KINDS = {"message": MessageReceived, "contact": ContactChanged, "delivery": DeliveryUpdate}


class TestWeChatMessages:
    @pytest.mark.parametrize("mode", ["plain", "safe"])
    async def test_each_is_answered_and_journalled_once_however_often_it_comes(
        self, mode: str, examples: Path, hooks: Hooks
    ) -> None:
        for case in corpus_of(examples, "wechat")["messages"]:
            body = (examples / "corpora" / "wechat" / case["file"]).read_bytes()
            hook = await hooks.wechat(mode=mode)
            for again in range(3):
                at, nonce = str(1735689601 + 5 * again), f"n{again}"
                call = plain(body, at, nonce) if mode == "plain" else sealed(encrypt(body), at, nonce)
                assert await hook.call(call.body, call.query) == (200, "success"), case["id"]
            self.check(case, await hook.events())
            assert await hook.unreadable() == 0

    def check(self, case: dict[str, Any], events: list[Event]) -> None:
        fields, what = case["fields"], expected(case["fields"])
        assert len(events) == bool(what), case["id"]
        for event in events:
            assert isinstance(event, KINDS[what]), case["id"]
            if isinstance(event, DeliveryUpdate):
                continue
            assert event.sender.address == fields["FromUserName"].strip(), case["id"]
            if isinstance(event, MessageReceived) and fields["MsgType"] == "text":
                assert event.text == fields["Content"], case["id"]
            if isinstance(event, MessageReceived) and fields.get("MsgId"):
                assert event.provider_id == fields["MsgId"], case["id"]
            if isinstance(event, ContactChanged):
                assert event.change is ContactChange.FOLLOWED, case["id"]

    async def test_all_of_them_become_messages_that_can_be_read(self, examples: Path, hooks: Hooks) -> None:
        cases = [each for each in corpus_of(examples, "wechat")["messages"] if expected(each["fields"]) == "message"]
        ours = []
        for case in cases:
            hook = await hooks.wechat(mode="plain")
            ours.append(hook.account_id)
            call = plain((examples / "corpora" / "wechat" / case["file"]).read_bytes())
            await hook.call(call.body, call.query)
        await fold_all(hooks.desk)
        assert await Message.filter(account_id__in=ours, direction="in").count() == len(cases) > 0
        assert {each.state for each in await Inbound.filter(account_id__in=ours)} == {InboundState.FOLDED}


class TestWeChatVectors:
    async def test_signatures_of_the_check(self, examples: Path, hooks: Hooks) -> None:
        for case in corpus_of(examples, "wechat")["crypto_vectors"]:
            if case["op"] != "plain_signature":
                continue
            hook = await hooks.wechat(token=case["token"])
            query = {name: case[name] for name in ("signature", "timestamp", "nonce")} | {"echostr": "echo-1"}
            right = (200, "echo-1") if case["expect"] == "accept" else (403, "rejected")
            assert await hook.call(query=query, method="GET") == right, case["id"]

    async def test_ciphertexts_are_opened(self, examples: Path, hooks: Hooks) -> None:
        for case in corpus_of(examples, "wechat")["crypto_vectors"]:
            if case["op"] == "plain_signature":
                continue
            hook = await hooks.wechat(token=case["token"], app_id=case["receive_id"], aes_key=case["aes_key"])
            call = sealed(case["encrypt"], case.get("timestamp", "1"), case.get("nonce", "n"), case["token"])
            assert call.query["msg_signature"] == case.get("msg_signature", call.query["msg_signature"])
            assert await hook.call(call.body, call.query) == (200, "success"), case["id"]
            await self.check(case, hook)

    async def check(self, case: dict[str, Any], hook: Hook) -> None:
        """Whether the journal holds the message inside, or keeps what is none."""
        if not case["decrypts_to"].startswith("<xml>"):
            assert await hook.unreadable() == 1, case["id"]
            return
        (event,) = await hook.messages()
        told_us = xmltodict.parse(case["decrypts_to"])["xml"]
        assert event.sender.address == told_us["FromUserName"], case["id"]
        assert event.text == told_us.get("Content", event.text), case["id"]
        assert event.kind == MessageKind(told_us["MsgType"]), case["id"]


class TestHostileWeChatCalls:
    async def test_each_gets_what_it_deserves(self, examples: Path, hooks: Hooks) -> None:
        corpus = corpus_of(examples, "wechat")
        who = corpus["identity"]
        server, callers, listening = await canary()
        for case in corpus["hostile"]:
            hook = await hooks.wechat(
                token=who["token"], app_id=who["app_id"], aes_key=who["encoding_aes_key"], mode="compatible"
            )
            body = self.body(case["request"]).replace("127.0.0.1:9", listening).encode()
            ask = (body, case["request"]["query"], case["request"]["method"])
            answers = [await hook.call(*ask) for _ in range(3 if "send_3_times" in case["expect"] else 1)]
            await self.check(case, answers, hook, body)
        server.close()
        await server.wait_closed()
        assert callers == []

    def body(self, asked: dict[str, Any]) -> str:
        return asked.get("body") or "".join(part * times for part, times in asked.get("body_parts", ()))

    async def check(self, case: dict[str, Any], answers: list[tuple[int, str]], hook: Hook, body: bytes) -> None:
        expect, events = case["expect"], await hook.events()
        if expect.startswith("reject"):
            assert events == [], case["id"]
            self.check_refused(case, answers[0][0], await hook.unreadable())
        elif expect == "echo_exact":
            assert answers == [(200, case["request"]["query"]["echostr"])], case["id"]
        else:
            assert answers == [(200, "success")] * len(answers), case["id"]
            assert len(events) == 1, case["id"]
            self.check_content(case, events[0], body)

    def check_refused(self, case: dict[str, Any], status: int, kept: int) -> None:
        """A stranger's call leaves nothing; a genuine one that cannot be read is kept, a huge one is not taken."""
        if case["cls"] in {"forgery", "malformed"}:
            assert (status, kept) == (403, 0), case["id"]
        else:
            assert (status, kept) in {(200, 1), (403, 0), (413, 0)}, case["id"]

    def check_content(self, case: dict[str, Any], event: Event, body: bytes) -> None:
        if case["cls"] != "content":
            return
        fields = xmltodict.parse(body, strip_whitespace=False)["xml"]
        assert isinstance(event, MessageReceived)
        assert (event.text, event.provider_id) == (fields["Content"], fields["MsgId"]), case["id"]

    async def test_declarations_of_entities_are_refused_whatever_they_say(self, examples: Path, hooks: Hooks) -> None:
        message = "<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><Content>&xxe;</Content></xml>"
        hook = await hooks.wechat(mode="plain")
        payloads = {each["payload"] for each in corpus_of(examples, "html-security")["xxe"]}
        prologs = {each[: each.find("]>") + 2] for each in payloads if "]>" in each}
        assert payloads
        assert prologs
        for body in payloads | {prolog + message for prolog in prologs}:
            call = plain(body.encode())
            assert await hook.call(call.body, call.query) == (200, "success")
        assert await hook.events() == []
        assert await hook.unreadable() == len(payloads | {prolog + message for prolog in prologs})


def fields_of(case: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in case["params"] or ()]


def signature(token: str, url: str, fields: list[tuple[str, str]]) -> str:
    """What Twilio signs, by its own library."""
    return str(RequestValidator(token).compute_signature(url, dict(fields)))


class TestTwilioCases:
    """A case's own address is not ours: what it says is signed for ours, and tampered with as it was."""

    async def test_what_is_genuine_is_taken_once(self, examples: Path, hooks: Hooks) -> None:
        for case in corpus_of(examples, "twilio")["signature_cases"]:
            if case["expect"] == "reject":
                continue
            hook, fields = await hooks.sms(case["auth_token"]), fields_of(case)
            query = dict(parse_qsl(case["url"].partition("?")[2]))
            url = hook.url + ("?" + urlencode(query) if query else "")
            body = case.get("form_body") or case["raw_body"]
            kind = "application/json" if case["raw_body"] else FORM
            signed = signature(case["auth_token"], url, fields)
            for _ in range(2):
                status, _said = await hook.call(body.encode(), query, X_Twilio_Signature=signed, Content_Type=kind)
                assert status == 200, case["id"]
            await self.check(case, dict(fields), hook)

    async def check(self, case: dict[str, Any], fields: dict[str, str], hook: Hook) -> None:
        events = await hook.events()
        if "MessageSid" not in fields:
            assert (len(events), await hook.unreadable()) == (0, 1), case["id"]
        elif fields.get("SmsStatus") == "received":
            (message,) = [each for each in events if isinstance(each, MessageReceived)]
            assert (message.provider_id, message.sender.address) == (fields["MessageSid"], fields["From"]), case["id"]
            assert message.text == fields["Body"], case["id"]
            assert len(message.media) == int(fields["NumMedia"]), case["id"]
        else:
            assert [each.provider_id for each in events if isinstance(each, DeliveryUpdate)] == [fields["MessageSid"]]
            opted_out = [each.change for each in events if isinstance(each, ContactChanged)]
            assert opted_out == [ContactChange.OPTED_OUT] * (fields.get("ErrorCode") == "21610"), case["id"]

    async def test_what_was_signed_wrong_leaves_nothing(self, examples: Path, hooks: Hooks) -> None:
        for case in corpus_of(examples, "twilio")["signature_cases"]:
            if case["expect"] != "reject":
                continue
            hook, body = await hooks.sms(case["auth_token"]), case["form_body"].encode()
            query = dict(parse_qsl(case["url"].partition("?")[2]))
            status, _said = await hook.call(body, query, X_Twilio_Signature=case["signature"], Content_Type=FORM)
            assert (status, await hook.rows()) == (403, []), case["id"]

    async def test_what_was_tampered_with_leaves_nothing(self, examples: Path, hooks: Hooks) -> None:
        for case in corpus_of(examples, "twilio")["signature_cases"]:
            fields = fields_of(case)
            if case["expect"] == "reject" or "Body" not in dict(fields):
                continue
            hook, other = await hooks.sms(case["auth_token"]), await hooks.sms(case["auth_token"])
            signed = signature(case["auth_token"], hook.url, fields)
            urls = (hook.url, other.url)
            for name, (body, query, given) in self.tampered(fields, signed, urls, case["auth_token"]).items():
                status, _said = await hook.call(
                    urlencode(body).encode(), query, X_Twilio_Signature=given, Content_Type=FORM
                )
                assert (status, await hook.rows()) == (403, []), (case["id"], name)

    def tampered(
        self, fields: list[tuple[str, str]], signed: str, urls: tuple[str, str], token: str
    ) -> dict[str, tuple[list[tuple[str, str]], dict[str, str], str]]:
        """What is sent instead: the fields, the query and the signature. `urls`: ours and another account's."""
        ours, other = urls
        changed = {
            "the text": [(name, value + "!" if name == "Body" else value) for name, value in fields],
            "the sender": [(name, "+14155550199" if name == "From" else value) for name, value in fields],
            "a field more": [*fields, ("Extra", "1")],
            "a field less": fields[1:],
            "the text twice": [*fields, ("Body", "another")],
            "a name's case": [(name.swapcase() if name == "Body" else name, value) for name, value in fields],
        }
        signatures = {
            "none": "",
            "cut": signed[:-4],
            "in hex": base64.b64decode(signed).hex(),
            "of another account": signature(token, other, fields),
            "of another scheme": signature(token, ours.replace("http:", "https:"), fields),
            "with another token": signature(token + "x", ours, fields),
        }
        return (
            {name: (each, {}, signed) for name, each in changed.items()}
            | {name: (fields, {}, each) for name, each in signatures.items()}
            | {"a query": (fields, {"a": "1"}, signed)}
        )
