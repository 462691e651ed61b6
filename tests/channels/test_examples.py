"""Other people's messages, where they are to be had: YINGDA_EXAMPLES names the folder."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from channels.base import Account, RawCall
from channels.sms.twilio import TwilioChannel
from channels.wechat.adapter import WeChatChannel
from channels.wechat.crypto import Envelope, is_signed
from core.errors import RejectedCall, UnreadablePayload, YingdaError
from core.messages import Event, MessageReceived
from tests.channels.contract import account, no_http
from tests.channels.sms.twilio_side import values as sms_values
from tests.channels.wechat.platform_side import plain, sha1
from tests.channels.wechat.platform_side import values as wechat_values


def load(examples: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((examples / "corpora" / name / "expected.json").read_text())
    return loaded


def verdict(channel: WeChatChannel | TwilioChannel, call: RawCall) -> list[Event] | YingdaError:
    """The events of a call, or the error it ends in."""
    try:
        channel.verify(call)
        return list(channel.parse(call))
    except (RejectedCall, UnreadablePayload) as error:
        return error


def test_wechat_messages_are_understood(examples: Path) -> None:
    corpus = load(examples, "wechat")
    channel = WeChatChannel(account("wechat", wechat_values(mode="plain", aes_key="")), no_http())
    for case in corpus["messages"]:
        body = (examples / "corpora" / "wechat" / case["file"]).read_bytes()
        events = verdict(channel, plain(body))
        assert isinstance(events, list), case["id"]
        said = [event for event in events if isinstance(event, MessageReceived)]
        if case["fields"]["MsgType"].strip() == "event":
            continue
        assert len(said) == 1, case["id"]
        if case["fields"].get("MsgId"):
            assert said[0].provider_id == case["fields"]["MsgId"]
        if case["msg_type"] == "text":
            assert said[0].text == case["fields"]["Content"]


def test_wechat_vectors_give_what_they_promise(examples: Path) -> None:
    for case in load(examples, "wechat")["crypto_vectors"]:
        if case["op"] == "plain_signature":
            signed = is_signed(case["signature"], case["token"], case["timestamp"], case["nonce"])
            assert signed is (case["expect"] == "accept"), case["id"]
            continue
        opened = Envelope(case["receive_id"], [case["aes_key"]]).open(case["encrypt"])
        assert opened.text.decode() == case["decrypts_to"], case["id"]
        if "msg_signature" in case:
            parts = (case["token"], case["timestamp"], case["nonce"], case["encrypt"])
            assert is_signed(case["msg_signature"], *parts), case["id"]


def test_hostile_wechat_calls_get_what_they_deserve(examples: Path) -> None:
    corpus = load(examples, "wechat")
    who = corpus["identity"]
    given = {"token": who["token"], "app_id": who["app_id"], "aes_key": who["encoding_aes_key"], "mode": "compatible"}
    channel = WeChatChannel(account("wechat", wechat_values(**given)), no_http())
    for case in corpus["hostile"]:
        asked = case["request"]
        call = RawCall(asked["method"], "", asked["query"], {}, (asked.get("body") or "").encode())
        if sha1(who["token"], call.query["timestamp"], call.query["nonce"]) != call.query["signature"]:
            assert case["expect"] == "reject", case["id"]
        found = verdict(channel, call)
        if case["expect"].startswith("reject"):
            assert isinstance(found, YingdaError), case["id"]
        elif case["expect"] == "echo_exact":
            assert channel.answer(call).body == call.query["echostr"]
        else:
            assert isinstance(found, list), case["id"]
            assert len(found) == 1, case["id"]
            assert found == verdict(channel, call), case["id"]


def test_twilio_signatures_are_told_apart(examples: Path) -> None:
    for case in load(examples, "twilio")["signature_cases"]:
        opened = account("sms", sms_values(auth_token=case["auth_token"]))
        channel = TwilioChannel(Account(opened.id, opened.public_id, case["url"], opened.values), no_http())
        body = case.get("form_body") or case["raw_body"] or ""
        content_type = "application/json" if case["raw_body"] else "application/x-www-form-urlencoded"
        query = dict(parse_qsl(case["url"].partition("?")[2]))
        headers = {"x-twilio-signature": case["signature"], "content-type": content_type}
        found = verdict(channel, RawCall("POST", case["url"], query, headers, body.encode()))
        assert isinstance(found, RejectedCall) is (case["expect"] == "reject"), case["id"]
