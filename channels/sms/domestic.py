"""SMS through a gateway of the domestic kind: texts go out under a registered signature and template; what people
answer (上行) and how far texts came (状态报告) is pushed to us in batches.

The protocol is the one that `sandbox/gateway` plays: JSON over HTTPS, both ways signed alike. For a gateway of the
market copy this file and change what its document says otherwise.
"""

import hashlib
import hmac
import json
import re
import secrets
import time
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar
from urllib.parse import urlencode

import aiohttp

from channels.base import SAFE_URL, Account, AccountField, Answer, RawCall
from channels.http import Reply, check_throttle, request
from channels.sms.numbers import MAINLAND, check_mainland, e164
from core.errors import OutcomeUnknown, Refused, RejectedCall, SendError, TryLater, UnreadablePayload
from core.messages import (
    Accepted,
    ChannelFacts,
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    Event,
    MessageReceived,
    Outgoing,
    Person,
)

LONGEST = 500
"""Characters of one text, its signature 【…】 included."""
LONGEST_SIGNATURE = 16
ID = "[0-9A-Za-z_-]{1,64}"
BEIJING = timezone(timedelta(hours=8))

# The whole message, as people write it: full-width, any case. There is no agreed word for the way back.
STOP_WORDS = frozenset({"退订", "td", "t", "n", "r", "0000"})
START_WORDS = frozenset({"订阅", "恢复订阅"})

# Reports that are no failure. UNKNOWN: the operator lost sight of a text that it took.
STATES: dict[str, DeliveryState] = {
    "DELIVRD": DeliveryState.DELIVERED,
    "ACCEPTD": DeliveryState.SENT,
    "UNKNOWN": DeliveryState.SENT,
}
# Every other report is one. MK: what a network said of the phone itself.
REPORTS: dict[str, str] = {
    "UNDELIV": "运营商没能送达",
    "EXPIRED": "对方手机长时间关机或不在服务区，短信已过期",
    "REJECTD": "被运营商拒绝，请检查内容和签名",
    "BLACK": "对方已退订，不能发送",
    "KEYWORD": "内容含有敏感词，被拦截",
    "NOSIGN": "短信签名没有报备，请管理员检查",
    "MK:0001": "号码是空号",
    "MK:0005": "号码已停机",
    "MK:0012": "对方手机无法接通",
    "MK:0024": "对方手机关机或不在服务区",
}

LATER: dict[str, tuple[timedelta, str]] = {
    "1001": (timedelta(minutes=10), "短信网关不接受本账号的签名，请管理员检查 AppSecret"),
    "1002": (timedelta(minutes=10), "短信网关认为时间不对，请管理员检查服务器时间"),
    "1003": (timedelta(hours=1), "短信账号不存在或已停用，请管理员处理"),
    "1101": (timedelta(hours=1), "短信余额不足，请管理员充值"),
    "1429": (timedelta(minutes=1), "短信发送过于频繁，稍后自动重试"),
    "5000": (timedelta(minutes=1), "短信网关繁忙，稍后自动重试"),
}
GONE: dict[str, str] = {
    "2001": "手机号码无效",
    "2002": "对方已退订短信，不能发送",
}
REFUSED: dict[str, str] = {
    "2003": "今天发往这个号码的短信已到上限",
    "2101": "短信内容含有敏感词，请改写",
    "2103": "短信连签名超过 500 字",
    "2201": "短信签名没有报备，请管理员检查",
    "2202": "短信模板不存在或没有通过审核，请管理员检查",
    "2203": "短信内容与模板不符，请管理员检查",
}


class DomesticChannel:
    """One account at the gateway, with one signature."""

    kind: ClassVar[str] = "sms_cn"
    facts: ClassVar[ChannelFacts] = ChannelFacts(
        label="短信",
        icon="sms",
        # With the longest signature 7 segments of 67 characters stay below the 500 that the gateway takes.
        longest_text=7,
        text_unit="segments",
        signature=f"【{'一' * LONGEST_SIGNATURE}】",
        receipts=True,
        # A hundred entries of 500 characters, each written as \uXXXX.
        largest_call=512 * 1024,
    )
    fields: ClassVar[tuple[AccountField, ...]] = (
        AccountField("app_key", "AppKey", example="AK10000001", check=r"[0-9A-Za-z_-]{4,64}"),
        AccountField("app_secret", "AppSecret", "也用来核对推送的签名", secret=True, check=r"\S{8,128}"),
        AccountField(
            "signature", "短信签名", "已报备的签名，不含【】", example="应答家电",
            check=rf"[^\s【】]{{2,{LONGEST_SIGNATURE}}}",
        ),
        AccountField("template", "模板编号", "须只有变量 content", example="T100001", check=r"[0-9A-Za-z_-]{1,32}"),
        AccountField(
            "api_base", "接口地址", "必须是 https（本机除外）", example="https://sms.example.com",
            check=SAFE_URL,
        ),
    )  # fmt: skip

    def __init__(self, account: Account, http: aiohttp.ClientSession) -> None:
        values = account.values
        self.app_key, self.app_secret = values["app_key"], values["app_secret"]
        self.signature, self.template = values["signature"], values["template"]
        self.api_base, self.http = values["api_base"].rstrip("/"), http

    def verify(self, call: RawCall) -> None:
        """The gateway's signature. How old it is does not matter: what comes again is known by its key."""
        given = {name: call.headers.get(f"x-{name}", "") for name in ("app-key", "timestamp", "nonce", "signature")}
        wanted = self._sign(given["timestamp"], given["nonce"], call.body)
        right = hmac.compare_digest(wanted.encode(), given["signature"].encode(errors="backslashreplace"))
        if call.method != "POST" or given["app-key"] != self.app_key or not right:
            raise RejectedCall("wrong signature")

    def parse(self, call: RawCall) -> Sequence[Event]:
        """Answers and reports, in the order of the batch."""
        return read_batch(call.body)

    def answer(self, _call: RawCall, _reply: str = "") -> Answer:
        """Taken; anything else would be pushed again."""
        return Answer('{"code":"0"}', content_type="application/json")

    async def send(self, part: Outgoing) -> Accepted:
        """One text; `out_id` lets the gateway say later what became of it."""
        self._check(part)
        content = {
            "mobile": part.to.removeprefix(MAINLAND),
            "signature": self.signature,
            "template": self.template,
            "params": {"content": part.text},
            "out_id": str(part.id),
        }
        reply = await self._ask("/v1/messages", content, once=True)
        check_throttle(reply)
        if reply.status >= 500:
            raise OutcomeUnknown("短信网关出错，不确定是否已送出", code=str(reply.status))
        return _accepted(reply)

    async def look_up(self, part: Outgoing) -> Accepted | None:
        """What the gateway has under this part's id; None where it has nothing or does not say."""
        try:
            said = (await self._ask("/v1/messages/find", {"out_id": str(part.id)}, once=False)).json()
        except (SendError, ValueError):
            return None
        found, status = said.get("msg_id"), said.get("status")
        if said.get("code") != "0" or not isinstance(found, str) or not found:
            return None
        return Accepted(found, STATES.get(str(status), DeliveryState.FAILED) if status else DeliveryState.SENT)

    def _check(self, part: Outgoing) -> None:
        """Raise `Refused` for what the gateway would not take."""
        if part.media:
            raise Refused("短信不能发送文件", code="media_type")
        check_mainland(part.to)
        if re.search("[【】]", part.text):
            raise Refused("短信内容不能含有【】，运营商会把它当作签名", code="brackets")
        if len(self.signature) + 2 + len(part.text) > LONGEST:
            raise Refused(REFUSED["2103"], code="2103")

    async def _ask(self, path: str, content: Mapping[str, object], *, once: bool) -> Reply:
        body = json.dumps(content, ensure_ascii=False).encode()
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-App-Key": self.app_key,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": self._sign(timestamp, nonce, body),
        }
        return await request(self.http, "POST", self.api_base + path, once=once, data=body, headers=headers)

    def _sign(self, timestamp: str, nonce: str, body: bytes) -> str:
        """HMAC-SHA256 in hex over the fields, sorted by name and written as in a URL."""
        fields = {
            "app_key": self.app_key,
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "nonce": nonce,
            "timestamp": timestamp,
        }
        signed = urlencode(sorted(fields.items()), errors="replace")
        return hmac.digest(self.app_secret.encode(), signed.encode(), "sha256").hex()


def _accepted(reply: Reply) -> Accepted:
    try:
        said = reply.json()
    except ValueError:
        said = {}
    code, message_id = said.get("code"), said.get("msg_id")
    if code == "0" and isinstance(message_id, str) and message_id:
        return Accepted(message_id)
    if isinstance(code, str) and code != "0":
        raise _error(code)
    if reply.status >= 400:
        raise _error(str(reply.status))
    raise OutcomeUnknown("短信网关的回应无法识别，不确定是否已送出")


def _error(code: str) -> SendError:
    if code in LATER:
        wait, reason = LATER[code]
        return TryLater(reason, code, wait)
    if code in GONE:
        return Refused(GONE[code], code, recipient_gone=True)
    return Refused(REFUSED.get(code, "短信网关拒绝了这条短信，请管理员查询错误码"), code[:20])


def read_batch(body: bytes) -> Sequence[Event]:
    """The events of a push; a broken entry does not take the others along. Raise `UnreadablePayload`."""
    events: list[Event] = []
    broken = 0
    for entry in _entries(body):
        try:
            events += _events(entry)
        except UnreadablePayload:
            broken += 1
    if broken:
        raise UnreadablePayload(f"{broken} broken entries in a batch", events)
    return events


def _entries(body: bytes) -> list[object]:
    try:
        entries = json.loads(body)["events"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UnreadablePayload("no events") from None
    if not isinstance(entries, list):
        raise UnreadablePayload("no events")
    return entries


def _events(entry: object) -> Sequence[Event]:
    kind = _text(entry, "type")
    if kind == "up":
        return _message(entry)
    if kind == "report":
        return _report(entry)
    raise UnreadablePayload("neither an answer nor a report")


def _message(entry: object) -> Sequence[Event]:
    number, sender, text = _text(entry, "id", ID), Person(e164(_text(entry, "mobile"))), _text(entry, "content")
    message = MessageReceived(f"up:{number}", sender, text or "[空白短信]", provider_id=number, sent_at=_at(entry))
    change = _change(text)
    # The change comes first: whoever answers the message already knows what may be sent.
    return (ContactChanged(f"up:{number}:{change}", sender, change), message) if change else (message,)


def _change(text: str) -> ContactChange | None:
    said = unicodedata.normalize("NFKC", text).strip().casefold()
    if said in STOP_WORDS:
        return ContactChange.OPTED_OUT
    return ContactChange.OPTED_IN if said in START_WORDS else None


def _report(entry: object) -> Sequence[Event]:
    message_id, status = _text(entry, "msg_id", ID), _text(entry, "status", "[0-9A-Z:]{1,20}")
    state = STATES.get(status, DeliveryState.FAILED)
    failed = state is DeliveryState.FAILED
    reason = REPORTS.get(status, "短信没有送达") if failed else ""
    key = f"report:{message_id}:{status}"
    update = DeliveryUpdate(key, message_id, state, status if failed else "", reason, _at(entry))
    if status == "BLACK":
        person = Person(e164(_text(entry, "mobile")))
        return (ContactChanged(f"{key}:opted_out", person, ContactChange.OPTED_OUT), update)
    return (update,)


def _text(entry: object, name: str, form: str = "(?s).*") -> str:
    value = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(value, str) or not re.fullmatch(form, value):
        raise UnreadablePayload(f"no {name}")
    return value


def _at(entry: object) -> datetime | None:
    """When it happened, in Beijing's time; nothing depends on it."""
    try:
        return datetime.strptime(_text(entry, "at"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).astimezone(UTC)
    except (UnreadablePayload, ValueError, OverflowError):
        return None
