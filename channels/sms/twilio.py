"""SMS through Twilio: signed webhooks in, the Messages resource out, receipts back.

Twilio has no two-way SMS in mainland China: its numbers serve people elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import aiohttp
import structlog
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from channels.base import SAFE_URL, Account, AccountField, Answer, RawCall
from channels.http import basic_auth, request
from channels.sms.client import TWILIO, twilio_client
from channels.sms.codes import error_for
from channels.sms.form import STATES, Form, read_events, read_form
from channels.sms.links import holds_link
from channels.sms.numbers import MAINLAND, check_recipient
from core.errors import OutcomeUnknown, Refused, RejectedCall, SendError, TryLater, UnreadablePayload
from core.messages import Accepted, ChannelFacts, DeliveryState, Event, Media, Outgoing

log = structlog.get_logger(__name__)

FORM = "application/x-www-form-urlencoded"
NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
LARGEST_MEDIA = 5 * 1024 * 1024


class TwilioChannel:
    """One Twilio number."""

    kind: ClassVar[str] = "sms"
    facts: ClassVar[ChannelFacts] = ChannelFacts(
        label="短信",
        icon="sms",
        # Twilio takes 1,600 characters; for China it advises at most 500 and 8 segments. 7 hold 469 characters of
        # Chinese or 1,071 of English.
        longest_text=7,
        text_unit="segments",
        receipts=True,
    )
    fields: ClassVar[tuple[AccountField, ...]] = (
        AccountField("account_sid", "Account SID", example="AC" + "0" * 32, check=r"AC[0-9a-zA-Z]{32}"),
        AccountField("auth_token", "Auth Token", "也用来核对回调的签名", secret=True, check=r"\S{1,128}"),
        AccountField("number", "发送号码", "E.164 格式", example="+14155550100", check=r"\+[1-9][0-9]{6,14}"),
        AccountField(
            "api_base", "接口地址", "一般不用改", required=False, default=TWILIO, example=TWILIO,
            check=SAFE_URL,
        ),
    )  # fmt: skip

    def __init__(self, account: Account, http: aiohttp.ClientSession) -> None:
        values = account.values
        self.account_sid, self.auth_token = values["account_sid"], values["auth_token"]
        self.number, self.api_base = values["number"], values["api_base"].rstrip("/")
        self.hook_url, self.http = account.hook_url, http

    def verify(self, call: RawCall) -> None:
        """Twilio's signature over the public address and every field (twilio.com/docs/usage/security)."""
        given = call.headers.get("x-twilio-signature", "")
        algorithm = get_signature_algorithm(call.headers.get("x-twilio-webhooks-signature-settings"))
        if call.method != "POST" or not given:
            raise RejectedCall("not signed")
        try:
            signed = RequestValidator(self.auth_token).validate(call.url, _content(call), given, algorithm)
        except ValueError:
            # The library reads the address and the text without care: both are a stranger's at this point.
            signed = False
        if not signed:
            raise RejectedCall("wrong signature")

    def parse(self, call: RawCall) -> Sequence[Event]:
        """A message, with what it changes about being written to, or a receipt."""
        if not _is_form(call):
            raise UnreadablePayload("not a form")
        return read_events(read_form(call.body))

    def answer(self, _call: RawCall, _reply: str = "") -> Answer:
        """No reply in the call: an answer over the API has an id and receipts."""
        return Answer(NOTHING_TO_SAY, content_type="application/xml; charset=utf-8")

    async def send(self, part: Outgoing) -> Accepted:
        """One message; the library itself repeats nothing, since Twilio has no idempotency token."""
        _check(part)
        try:
            sent = await self._client().messages.create_async(
                to=part.to, from_=self.number, body=part.text, status_callback=self.hook_url
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise _error(error) from None
        except (ValueError, TypeError, AttributeError, KeyError):
            raise OutcomeUnknown("短信服务商的回应无法识别，不确定是否已送出") from None
        if sent.status in {"failed", "undelivered"}:
            raise error_for(int(sent.error_code or 0))
        if not sent.sid:
            raise OutcomeUnknown("短信服务商的回应无法识别，不确定是否已送出")
        return Accepted(sent.sid)

    async def look_up(self, part: Outgoing) -> Accepted | None:
        """The one message to this person with this text since the part came to be; None if there is none or several.

        Someone may have been sent the same words a moment before: the caller checks that it does not know the id
        as another part's already.
        """
        try:
            recent = await self._client().messages.list_async(to=part.to, from_=self.number, limit=50)
            found = [each for each in recent if each.body == part.text and _is_since(each, _born(part))]
        except (TwilioException, SendError, ValueError, TypeError, AttributeError, KeyError):
            return None
        if len(found) != 1 or not found[0].sid:
            return None
        state = STATES.get(str(found[0].status), DeliveryState.SENT)
        return Accepted(found[0].sid, max(state, DeliveryState.SENT, key=lambda each: each.rank))

    async def fetch_media(self, media: Media) -> Media:
        """A file of an MMS. Only Twilio's own addresses are asked, since our credentials go along."""
        home = next((base for base in (self.api_base, TWILIO) if media.reference.startswith(base + "/")), None)
        if home is None:
            raise Refused("文件地址不属于短信服务商", code="media_address")
        reply = await request(
            self.http, "GET", self.api_base + media.reference.removeprefix(home), redirects=True, largest=LARGEST_MEDIA,
            headers={"Authorization": basic_auth(self.account_sid, self.auth_token)},
        )  # fmt: skip
        if reply.status in {404, 410}:
            raise Refused("文件已过期或被删除", code=str(reply.status))
        if reply.status != 200:
            raise TryLater("文件暂时无法下载，稍后自动重试", code=str(reply.status))
        return replace(media, content=reply.body)

    def _client(self) -> Client:
        return twilio_client(self.http, self.api_base, self.account_sid, self.auth_token)


def _check(part: Outgoing) -> None:
    """Raise `Refused` for what must not leave (twilio.com/en-us/guidelines/cn/sms: no links to mainland China)."""
    if part.media:
        raise Refused("短信不能发送文件", code="media_type")
    check_recipient(part.to)
    if part.to.startswith(MAINLAND) and holds_link(part.text):
        raise Refused("发往中国大陆的短信不能带链接，请改写，例如“请到微信公众号查进度”", code="link")


def _is_form(call: RawCall) -> bool:
    return call.headers.get("content-type", FORM).partition(";")[0].strip().lower() == FORM


def _content(call: RawCall) -> Form | str:
    """What the signature covers beside the address: the fields, or any other body by its hash in the address."""
    if _is_form(call):
        try:
            return read_form(call.body)
        except UnreadablePayload:
            raise RejectedCall("not a form") from None
    if "bodySHA256" not in call.query:
        raise RejectedCall("a body that nothing signs")
    return call.body.decode()


def _error(error: TwilioRestException | TwilioServiceException) -> SendError:
    """The library's error in our words; its own text names the number."""
    code = error.code if isinstance(error.code, int) else error.status
    log.warning("twilio answered", status=error.status, code=code)
    return error_for(code)


def _born(part: Outgoing) -> datetime:
    """When the part was made (its id is a UUIDv7), an hour ago at most; five seconds for clocks that differ."""
    earliest = datetime.now(UTC) - timedelta(hours=1)
    if part.id.version != 7:
        return earliest
    return max(earliest, datetime.fromtimestamp((part.id.int >> 80) / 1000, UTC) - timedelta(seconds=5))


def _is_since(sent: MessageInstance, moment: datetime) -> bool:
    created = sent.date_created
    return isinstance(created, datetime) and created >= moment
