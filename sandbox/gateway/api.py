"""What an account may call, below /gateway/v1. Every answer is a 200 with a code; 0 is well."""

import hmac
import json
import re
import secrets
import time
from typing import cast

from quart import Blueprint, Response, jsonify, request

from sandbox.gateway.account import GatewayAccount, Message
from sandbox.gateway.network import GatewayNetwork
from sandbox.gateway.signature import sign
from sandbox.twilio.segments import count
from sandbox.world import World

LONGEST = 500
"""Characters of a text with its signature."""
STALE_SECONDS = 300
MOBILE = re.compile(r"1[3-9]\d{9}")


class Refusal(Exception):
    """The code of a refusal."""


class GatewayApi:
    """Sending, and asking what became of it."""

    def __init__(self, world: World, network: GatewayNetwork) -> None:
        self._world = world
        self._network = network

    def routes(self) -> Blueprint:
        pages = Blueprint("gateway_api", __name__, url_prefix="/gateway/v1")
        pages.add_url_rule("/messages", "send", self.send, methods=["POST"])
        pages.add_url_rule("/messages/find", "find", self.find, methods=["POST"])
        return pages

    async def send(self) -> Response:
        try:
            account, asked = await self._opened()
            message = account.messages.get(str(asked.get("out_id"))) or self._accept(account, asked)
        except Refusal as problem:
            return _refused(problem)
        return jsonify({"code": "0", "message": "成功", "msg_id": message.id, "segments": message.segments})

    async def find(self) -> Response:
        try:
            account, asked = await self._opened()
            message = account.messages.get(str(asked.get("out_id")))
            if message is None:
                raise Refusal("2404")
        except Refusal as problem:
            return _refused(problem)
        return jsonify({"code": "0", "message": "成功", "msg_id": message.id, "status": message.status})

    def _accept(self, account: GatewayAccount, asked: dict[str, object]) -> Message:
        """Take a text; the same `out_id` again is the same text, which travels once."""
        phone, text = self._phone(account, asked), self._text(account, asked)
        message = Message(secrets.token_hex(10), str(asked.get("out_id")), phone, text, count(text))
        account.keep(message)
        self._network.accept(account, message, self._world.people.at(phone))
        return message

    async def _opened(self) -> tuple[GatewayAccount, dict[str, object]]:
        """Whose call it is, and what it asks."""
        given = {name: request.headers.get(f"X-{name}", "") for name in ("App-Key", "Timestamp", "Nonce", "Signature")}
        account, body = self._network.accounts.get(given["App-Key"]), cast("bytes", await request.get_data())
        if account is None:
            raise Refusal("1003")
        if not given["Timestamp"].isdigit() or abs(time.time() - int(given["Timestamp"])) > STALE_SECONDS:
            raise Refusal("1002")
        wanted = sign(account.app_key, account.app_secret, given["Timestamp"], given["Nonce"], body)
        if not hmac.compare_digest(wanted.encode(), given["Signature"].encode()):
            raise Refusal("1001")
        if fault := self._world.faults.take("sms_cn", "errcode"):
            raise Refusal(str(fault.code))
        asked = json.loads(body)
        return account, asked if isinstance(asked, dict) else {}

    def _phone(self, account: GatewayAccount, asked: dict[str, object]) -> str:
        mobile = asked.get("mobile")
        if not isinstance(mobile, str) or not MOBILE.fullmatch(mobile):
            raise Refusal("2001")
        phone = f"+86{mobile}"
        if phone in account.opted_out:
            raise Refusal("2002")
        if fault := self._world.faults.take("sms_cn", "reject", recipient=phone):
            raise Refusal(str(fault.code))
        return phone

    def _text(self, account: GatewayAccount, asked: dict[str, object]) -> str:
        """The template has one variable, `content`, and nothing around it."""
        if asked.get("signature") != account.signature:
            raise Refusal("2201")
        if asked.get("template") != account.template:
            raise Refusal("2202")
        params = asked.get("params")
        content = params.get("content") if isinstance(params, dict) else None
        if not isinstance(content, str) or not content or set("【】") & set(content):
            raise Refusal("2203")
        text = f"【{account.signature}】{content}"
        if len(text) > LONGEST:
            raise Refusal("2103")
        return text


def _refused(problem: Refusal) -> Response:
    return jsonify({"code": str(problem), "message": "失败"})
