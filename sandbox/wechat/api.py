"""The platform's API below /wechat/cgi-bin, with its checks and its error codes.

Source: developers.weixin.qq.com/doc/service: token, stable_token, customer-service messages, template messages,
media, users, menus.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from itertools import count

from quart import Blueprint, Response, jsonify, request
from quart.datastructures import FileStorage

from sandbox.asks import Json
from sandbox.people import Person
from sandbox.wechat import menus, uploads
from sandbox.wechat.account import WeChatAccount
from sandbox.wechat.errors import Trouble, answer
from sandbox.wechat.outgoing import custom_entry, template_entry
from sandbox.wechat.tokens import Token
from sandbox.world import World

TYPING_SECONDS = 30.0
View = Callable[[], Awaitable[Response]]
Accounts = Mapping[str, WeChatAccount]
Report = Callable[[WeChatAccount, Person, int, str], None]


def honest(view: View) -> View:
    """Trouble, and whatever the faults ask for, becomes an `errcode` in a 200."""

    @wraps(view)
    async def answered() -> Response:
        try:
            return await view()
        except Trouble as trouble:
            return jsonify(answer(trouble.code))

    return answered


class WeChatApi:
    """The calls an account may make. `report` brings a template message's result back to it."""

    def __init__(self, world: World, accounts: Accounts, report: Report) -> None:
        self._world = world
        self._accounts = accounts
        self._report = report
        self._template_ids = count(3_000_000_000_000_000_001)

    def routes(self) -> Blueprint:
        pages = Blueprint("wechat_api", __name__, url_prefix="/wechat/cgi-bin")
        for path, view, methods in (
            ("/token", self.token, ["GET"]),
            ("/stable_token", self.stable_token, ["POST"]),
            ("/message/custom/send", self.send, ["POST"]),
            ("/message/custom/typing", self.typing, ["POST"]),
            ("/message/template/send", self.send_template, ["POST"]),
            ("/media/upload", self.upload, ["POST"]),
            ("/media/get", self.download, ["GET"]),
            ("/user/info", self.user, ["GET"]),
            ("/menu/create", self.create_menu, ["POST"]),
            ("/menu/get", self.menu, ["GET"]),
            ("/menu/delete", self.delete_menu, ["GET"]),
        ):
            pages.add_url_rule(path, view.__name__, honest(view), methods=methods)
        return pages

    async def token(self) -> Response:
        account = self._owner(request.args.get("appid"), request.args.get("secret"))
        return self._issued(account.classic.force(self._now))

    async def stable_token(self) -> Response:
        given = await _json()
        account = self._owner(given.get("appid"), given.get("secret"))
        if given.get("grant_type") != "client_credential":
            raise Trouble(47001)
        force = given.get("force_refresh") is True
        return self._issued(account.stable.force(self._now) if force else account.stable.get(self._now))

    async def send(self) -> Response:
        account, message = self._account(), await _json()
        person = self._person(account, message.get("touser"))
        entry = custom_entry(self._world, message)
        if code := account.ledger.spend(person.openid, self._now):
            raise Trouble(code)
        account.typing.discard(person.openid)
        self._world.arrived(person, "wechat", account.app_id, entry)
        return jsonify(answer(0))

    async def typing(self) -> Response:
        account, given = self._account(), await _json()
        person = self._person(account, given.get("touser"))
        if given.get("command") not in {"Typing", "CancelTyping"}:
            raise Trouble(45072)
        if self._now - account.wrote_at.get(person.openid, 0) > TYPING_SECONDS:
            raise Trouble(45080)
        on = given["command"] == "Typing"
        (account.typing.add if on else account.typing.discard)(person.openid)
        self._world.live.tell("typing", person=person.id, channel="wechat", on=on)
        return jsonify(answer(0))

    async def send_template(self) -> Response:
        account, message = self._account(), await _json()
        if not message.get("template_id") or (account.templates and message["template_id"] not in account.templates):
            raise Trouble(40037)
        person = self._follower(account, message.get("touser"))
        message_id = next(self._template_ids)
        entry = template_entry(message)
        entry.provider_id = str(message_id)
        refused = self._world.faults.take("wechat", "reject", recipient=person.openid)
        if not refused:
            self._world.arrived(person, "wechat", account.app_id, entry)
        self._report(account, person, message_id, "failed:user block" if refused else "success")
        return jsonify(answer(0) | {"msgid": message_id})

    async def upload(self) -> Response:
        self._account()
        kind = request.args.get("type", "")
        file: FileStorage | None = (await request.files).get("media")
        if file is None:
            raise Trouble(41005)
        content = file.read()
        uploads.check(kind, file.mimetype, content)
        key = self._world.keep(file.filename or kind, file.mimetype, content, uploads.LIFE)
        return jsonify({"type": kind, "media_id": key, "created_at": int(self._now)})

    async def download(self) -> Response:
        self._account()
        file = self._world.files.get(request.args.get("media_id", ""), self._now)
        if file is None:
            raise Trouble(40007)
        headers = {"Content-Disposition": f'attachment; filename="{_ascii(file.name)}"'}
        return Response(file.content, content_type=file.content_type, headers=headers)

    async def user(self) -> Response:
        account = self._account()
        person = self._world.people.at(request.args.get("openid", ""))
        if person is None:
            raise Trouble(40003)
        following = person.openid not in account.unfollowed
        profile: dict[str, object] = {"subscribe": int(following), "openid": person.openid}
        if following:  # since 2021 the platform gives no nickname and no picture
            profile |= {"language": "zh_CN", "subscribe_scene": "ADD_SCENE_SEARCH", "remark": "", "groupid": 0}
        return jsonify(profile)

    async def create_menu(self) -> Response:
        account, menu = self._account(), await _json()
        menus.check(menu)
        account.menu = menu
        self._world.live.tell("accounts")
        return jsonify(answer(0))

    async def menu(self) -> Response:
        return jsonify({"menu": self._account().menu})

    async def delete_menu(self) -> Response:
        self._account().menu = {"button": []}
        self._world.live.tell("accounts")
        return jsonify(answer(0))

    @property
    def _now(self) -> float:
        return self._world.clock.now()

    def _issued(self, token: Token | None) -> Response:
        if token is None:
            raise Trouble(45009)
        return jsonify({"access_token": token.value, "expires_in": int(token.until - self._now)})

    def _owner(self, app_id: object, secret: object) -> WeChatAccount:
        self._fail_on_purpose()
        account = self._accounts.get(app_id) if isinstance(app_id, str) else None
        if account is None:
            raise Trouble(40013)
        if account.app_secret != secret:
            raise Trouble(40125)
        return account

    def _account(self) -> WeChatAccount:
        """Whose token it is."""
        token = request.args.get("access_token", "")
        if not token:
            raise Trouble(41001)
        self._fail_on_purpose()
        errors = {account.token_error(token, self._now): account for account in self._accounts.values()}
        if 0 not in errors:
            raise Trouble(42001 if 42001 in errors else 40001)
        return errors[0]

    def _fail_on_purpose(self) -> None:
        if fault := self._world.faults.take("wechat", "errcode", path=request.path):
            raise Trouble(fault.code)

    def _follower(self, account: WeChatAccount, openid: object) -> Person:
        person = self._world.people.at(openid) if isinstance(openid, str) else None
        if person is None or person.openid != openid:
            raise Trouble(40003)
        if person.openid in account.unfollowed:
            raise Trouble(43004)
        return person

    def _person(self, account: WeChatAccount, openid: object) -> Person:
        person = self._follower(account, openid)
        if fault := self._world.faults.take("wechat", "reject", recipient=person.openid):
            raise Trouble(fault.code)
        return person


async def _json() -> Json:
    """The body, which the platform wants as UTF-8 JSON whatever its Content-Type says."""
    try:
        given = json.loads(await request.get_data())
    except ValueError:
        raise Trouble(47001) from None
    if not isinstance(given, Mapping):
        raise Trouble(47001)
    return given


def _ascii(name: str) -> str:
    return "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\' else "_" for letter in name
    )
