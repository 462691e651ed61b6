"""The Messages resource below /twilio/2010-04-01 (twilio.com/docs/messaging/api/message-resource)."""

import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from urllib.parse import urlencode

from quart import Blueprint, Response, jsonify, request

from sandbox.twilio.account import Message, TwilioAccount, resource
from sandbox.twilio.errors import ApiError, invalid
from sandbox.twilio.network import TwilioNetwork
from sandbox.twilio.segments import count
from sandbox.world import World

LONGEST_BODY = 1600
"""UTF-16 units; more is error 21617."""
MOST_MEDIA = 10
E164 = re.compile(r"\+[1-9]\d{6,14}")
MAINLAND_MOBILE = re.compile(r"\+861[3-9]\d{9}")
View = Callable[..., Awaitable[Response]]


def honest(view: View) -> View:
    """A refusal becomes Twilio's JSON with its status."""

    @wraps(view)
    async def answered(**values: object) -> Response:
        try:
            return await view(**values)
        except ApiError as problem:
            response = jsonify(problem.body)
            response.status_code = problem.status
            return response

    return answered


class TwilioApi:
    """What an account may call."""

    def __init__(self, world: World, network: TwilioNetwork) -> None:
        self._world = world
        self._network = network

    def routes(self) -> Blueprint:
        pages = Blueprint("twilio_api", __name__, url_prefix="/twilio/2010-04-01/Accounts/<account_sid>")
        for path, view, method in (
            ("/Messages.json", self.create, "POST"),
            ("/Messages.json", self.list, "GET"),
            ("/Messages/<sid>.json", self.fetch, "GET"),
            ("/Messages/<sid>/Media/<media_sid>", self.media, "GET"),
        ):
            pages.add_url_rule(path, view.__name__, honest(view), methods=[method])
        return pages

    async def create(self, account_sid: str) -> Response:
        account = self._account(account_sid)
        form = await request.form
        to, body = _number(form.get("To", "")), form.get("Body", "")
        media = tuple(form.getlist("MediaUrl"))
        self._check_sender(account, form.get("From", ""))
        _check_text(body, media)
        self._check_recipient(account, to)
        message = account.keep(
            Message(
                sid=f"{'MM' if media else 'SM'}{secrets.token_hex(16)}",
                to=to,
                sender=account.number,
                body=body,
                direction="outbound-api",
                segments=count(body),
                created=self._world.clock.now(),
                status="queued",
                media=media,
                callback=form.get("StatusCallback", ""),
            )
        )
        response = jsonify(resource(account, message))
        response.status_code = 201
        self._network.accept(account, message, self._world.people.at(to))
        return response

    async def list(self, account_sid: str) -> Response:
        """Newest first; filters To, From and DateSent (also DateSent< and DateSent>)."""
        account = self._account(account_sid)
        size, page = min(max(_whole("PageSize", 50), 1), 1000), _whole("Page", 0)
        found = [each for each in reversed(account.messages.values()) if _fits(each)]
        shown = found[page * size : (page + 1) * size]
        more = len(found) > (page + 1) * size
        following = urlencode([*((n, v) for n, v in request.args.items(multi=True) if n != "Page"), ("Page", page + 1)])
        return jsonify(
            {
                "messages": [resource(account, each) for each in shown],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(shown) - 1, 0),
                "uri": account.uri("Messages.json"),
                "first_page_uri": account.uri(f"Messages.json?PageSize={size}&Page=0"),
                "next_page_uri": account.uri(f"Messages.json?{following}") if more else None,
                "previous_page_uri": None,
            }
        )

    async def fetch(self, account_sid: str, sid: str) -> Response:
        account = self._account(account_sid)
        return jsonify(resource(account, self._message(account, sid)))

    async def media(self, account_sid: str, sid: str, media_sid: str) -> Response:
        """Sends on to where the file lies, as Twilio does."""
        account = self._account(account_sid)
        message = self._message(account, sid)
        index = int(media_sid[-4:]) if media_sid[-4:].isdigit() else len(message.media)
        if message.direction != "inbound" or index >= len(message.media):
            raise ApiError(404, 20404, "The requested resource was not found")
        return Response("", 307, {"Location": f"/media/{message.media[index]}"})

    def _account(self, account_sid: str) -> TwilioAccount:
        account, given = self._network.accounts.get(account_sid), request.authorization
        known = account is not None and given is not None and given.type == "basic"
        if not known or account is None or given is None:
            raise ApiError(401, 20003, "Authenticate")
        if (given.username, given.password) != (account.account_sid, account.auth_token):
            raise ApiError(401, 20003, "Authenticate")
        return account

    def _message(self, account: TwilioAccount, sid: str) -> Message:
        if sid not in account.messages:
            raise ApiError(404, 20404, f"The requested resource /Messages/{sid}.json was not found")
        return account.messages[sid]

    def _check_sender(self, account: TwilioAccount, sender: str) -> None:
        if not sender:
            raise invalid(21603, "A 'From' phone number is required.")
        if _number(sender) != account.number:
            raise invalid(21606, "The 'From' phone number is not a valid, SMS-capable number of this account.")

    def _check_recipient(self, account: TwilioAccount, to: str) -> None:
        if not to:
            raise invalid(21604, "A 'To' phone number is required.")
        if not E164.fullmatch(to):
            raise invalid(21211, "The 'To' number is not a valid phone number.")
        if to.startswith("+86") and not MAINLAND_MOBILE.fullmatch(to):
            raise invalid(21614, "The 'To' number is not a valid mobile number.")
        if to in account.opted_out:
            raise invalid(21610, "Attempt to send to unsubscribed recipient")
        if fault := self._world.faults.take("sms", "reject", recipient=to):
            raise invalid(fault.code, "The recipient was rejected")


def _check_text(body: str, media: tuple[str, ...]) -> None:
    if not body and not media:
        raise invalid(21602, "Message body is required.")
    if len(body.encode("utf-16-be")) // 2 > LONGEST_BODY:
        raise invalid(21617, "The concatenated message body exceeds the 1600 character limit.")
    if len(media) > MOST_MEDIA:
        raise invalid(21623, "Number of media files exceeds allowed limit.")


def _number(given: str) -> str:
    return re.sub(r"[\s()-]", "", given)


def _whole(name: str, default: int) -> int:
    given = request.args.get(name, str(default))
    if not given.isdigit():
        raise invalid(20001, f"{name} should be a number")
    return int(given)


def _fits(message: Message) -> bool:
    to, sender = request.args.get("To"), request.args.get("From")
    if (to and message.to != _number(to)) or (sender and message.sender != _number(sender)):
        return False
    return all(
        _in_time(message.sent or message.created, name, value)
        for name, value in request.args.items(multi=True)
        if name.startswith("DateSent")
    )


def _in_time(at: float, name: str, value: str) -> bool:
    """DateSent=day, DateSent<=time, DateSent>=time: how Twilio's clients spell before and after."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(20001, "DateSent should be a date or a time in ISO 8601") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    sent = datetime.fromtimestamp(at, UTC)
    if name.startswith("DateSent<"):
        return sent <= moment
    if name.startswith("DateSent>"):
        return sent >= moment
    return moment <= sent < moment + timedelta(days=1)
