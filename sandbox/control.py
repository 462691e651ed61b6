"""/control: what the page and the tests ask of the sandbox itself, in JSON."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from uuid import uuid4

from quart import Blueprint, Response, jsonify, request

from sandbox.asks import BadAsk, Json, flag, number, parts, text
from sandbox.hooks import Hooks
from sandbox.people import Person, newcomer
from sandbox.provider import Doing, Provider
from sandbox.world import World

CHANNELS = {"wechat": "微信", "sms": "短信", "email": "邮件"}
View = Callable[..., Awaitable[Response]]


def careful(view: View) -> View:
    """A bad ask becomes a 400 that says why."""

    @wraps(view)
    async def answered(**values: object) -> Response:
        try:
            return await view(**values)
        except BadAsk as problem:
            return _refusal(str(problem), 400)

    return answered


class Control:
    """Every control call. `providers` by channel."""

    def __init__(self, world: World, hooks: Hooks, providers: Mapping[str, Provider]) -> None:
        self._world = world
        self._hooks = hooks
        self._providers = providers

    def routes(self) -> Blueprint:
        pages = Blueprint("control", __name__, url_prefix="/control")
        for path, method, view in (
            ("/accounts", "GET", self.accounts),
            ("/accounts", "POST", self.open_account),
            ("/accounts", "DELETE", self.close_accounts),
            ("/people", "GET", self.people),
            ("/people", "POST", self.add_person),
            ("/say", "POST", self.say),
            ("/act", "POST", self.act),
            ("/phone", "GET", self.phone),
            ("/window", "GET", self.window),
            ("/wire", "GET", self.wire),
            ("/wire/<int:call_id>", "GET", self.call),
            ("/faults", "GET", self.faults),
            ("/faults", "POST", self.switch_on),
            ("/faults", "DELETE", self.switch_off),
            ("/faults/<int:fault_id>", "DELETE", self.switch_one_off),
            ("/clock", "GET", self.clock),
            ("/clock", "POST", self.move_clock),
            ("/sent", "GET", self.sent),
            ("/deliveries", "GET", self.deliveries),
            ("/reset", "POST", self.reset),
            ("/events", "GET", self.events),
        ):
            pages.add_url_rule(path, view.__name__, careful(view), methods=[method])
        return pages

    async def accounts(self) -> Response:
        return jsonify([each for provider in self._providers.values() for each in provider.shown()])

    async def open_account(self) -> Response:
        keys = [self._provider(given, "kind").open_account(given) for given in await _asks("accounts")]
        self._world.live.tell("accounts")
        return jsonify({"keys": keys})

    async def close_accounts(self) -> Response:
        for provider in self._providers.values():
            provider.close_accounts()
        self._world.live.tell("accounts")
        return jsonify({})

    async def people(self) -> Response:
        return jsonify([person.shown() for person in self._world.people.all()])

    async def add_person(self) -> Response:
        added = [self._person_from(given) for given in await _asks("people")]
        for person in added:
            self._world.people.add(person)
        self._world.live.tell("people")
        return jsonify([person.shown() for person in added])

    async def say(self) -> Response:
        """One message, or {"messages": [...]}; with "wait": true the answer comes after the deliveries."""
        return await self._done(
            [self._provider(given, "channel").say(self._person(given), given) for given in await _asks("messages")]
        )

    async def act(self) -> Response:
        return await self._done(
            [self._provider(given, "channel").act(self._person(given), given) for given in await _asks("acts")]
        )

    async def phone(self) -> Response:
        person = self._person(request.args)
        channel = text(request.args, "channel")
        return jsonify([entry.shown() for entry in self._world.phones.screen(person.id, channel)])

    async def window(self) -> Response:
        return jsonify(self._provider(request.args, "channel").window(self._person(request.args), request.args))

    async def wire(self) -> Response:
        return jsonify(self._world.wire.list())

    async def call(self, call_id: int) -> Response:
        call = self._world.wire.get(call_id)
        return jsonify(call) if call else _refusal("this call is no longer kept", 404)

    async def faults(self) -> Response:
        return jsonify(self._world.faults.list())

    async def switch_on(self) -> Response:
        ids = [self._world.faults.switch_on(given).id for given in await _asks("faults")]
        self._world.live.tell("faults")
        return jsonify({"ids": ids})

    async def switch_off(self) -> Response:
        return await self.switch_one_off(None)

    async def switch_one_off(self, fault_id: int | None) -> Response:
        self._world.faults.switch_off(fault_id)
        self._world.live.tell("faults")
        return jsonify({})

    async def clock(self) -> Response:
        return jsonify({"now": self._world.clock.now()})

    async def move_clock(self) -> Response:
        """{"forward": seconds}, or {"reset": true}."""
        (given,) = await _asks("")
        if flag(given, "reset"):
            self._world.clock.reset()
        self._world.clock.forward(number(given, "forward", 0))
        return await self.clock()

    async def sent(self) -> Response:
        """Everything that reached people, newest last, and the counts; `most` limits the list."""
        most = request.args.get("most", "1000")
        if not most.isdigit():
            raise BadAsk("most should be a number")
        phones = self._world.phones
        return jsonify({"counts": phones.counts(), "list": [each.shown() for each in phones.latest_sent(int(most))]})

    async def deliveries(self) -> Response:
        """What became of the callbacks: counts, and one of them with ?id=."""
        wanted = request.args.get("id")
        if wanted is None:
            return jsonify(self._hooks.counts())
        delivery = self._hooks.shown(wanted)
        return jsonify(delivery) if delivery else _refusal("no such delivery", 404)

    async def reset(self) -> Response:
        """Forget what was said, sent and recorded; accounts and people stay, faults end, the clock is right again."""
        self._world.phones.clear()
        self._world.wire.clear()
        self._world.faults.switch_off()
        self._world.clock.reset()
        self._hooks.clear()
        self._world.live.tell("reset")
        return jsonify({})

    async def events(self) -> Response:
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = Response(self._world.live.stream(), headers=headers)
        response.timeout = None
        return response

    def _provider(self, given: Json, name: str) -> Provider:
        channel = text(given, name)
        if channel not in self._providers:
            raise BadAsk(f"{name} should be one of {', '.join(self._providers)}")
        return self._providers[channel]

    def _person(self, given: Json) -> Person:
        person = self._world.people.get(text(given, "person"))
        if person is None:
            raise BadAsk("there is no such person")
        return person

    def _person_from(self, given: Json) -> Person:
        return newcomer(
            text(given, "id", "") or uuid4().hex[:12],
            text(given, "name", "新用户"),
            text(given, "openid", ""),
            text(given, "phone", ""),
            text(given, "mail", ""),
        )

    async def _done(self, doings: list[Doing]) -> Response:
        given = await request.get_json(force=True)
        if flag(given, "wait"):
            for doing in doings:
                if doing.task:
                    await doing.task
        return jsonify({"ids": [each for doing in doings for each in doing.ids]})


async def _asks(plural: str) -> tuple[Json, ...]:
    """What is asked: the objects under `plural`, or the body itself."""
    given = await request.get_json(force=True)
    if not isinstance(given, Mapping):
        raise BadAsk("the body should be a JSON object")
    return parts(given, plural) if plural and plural in given else (given,)


def _refusal(why: str, status: int) -> Response:
    response = jsonify({"error": why})
    response.status_code = status
    return response
