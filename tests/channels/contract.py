"""What every channel promises. A channel's tests subclass these and say what its provider's side looks like.

`SendContract` and `WebhookContract` for what the protocols of `channels.base` say. Subclass names start with `Test`.
"""

import logging
import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import channels.http
from channels import problems_of, with_defaults
from channels.base import Account, Channel, RawCall, Webhook
from core.errors import OutcomeUnknown, Refused, RejectedCall, TryLater, UnreadablePayload, YingdaError
from core.lengths import MEASURES
from core.messages import ICONS, Accepted, DeliveryUpdate, MessageReceived, Outgoing
from tests.channels.provider import Behaviour, Provider, answering, hang_up, keep_silent

PART_ID = UUID("0190b5a4-7c00-7000-8000-000000000001")


def account(kind: str, values: Mapping[str, str]) -> Account:
    """An account of these values, as an administrator would have filled them in."""
    assert problems_of(kind, values) == {}
    hook = f"https://desk.example.com/hooks/{kind}/acct1"
    return Account(UUID(int=1), "acct1", hook, with_defaults(kind, values))


class FactsContract(ABC):
    """Facts and fields make sense by themselves."""

    channel: type[Channel]

    def test_facts_are_sane(self) -> None:
        facts = self.channel.facts
        assert re.search(r"[\u4e00-\u9fff]", facts.label)
        assert facts.longest_text >= (70 if facts.text_unit != "segments" else 1)
        assert facts.text_unit in MEASURES
        assert facts.icon in ICONS
        assert facts.length_of("") < facts.longest_text
        assert facts.most_parts >= 1
        assert facts.reply_window is None or facts.reply_window > timedelta()
        assert bool(facts.media_types) == (facts.largest_media > 0)
        assert all("/" in content_type for content_type in facts.media_types)

    def test_fields_explain_themselves(self) -> None:
        names = [each.name for each in self.channel.fields]
        assert len(names) == len(set(names))
        for each in self.channel.fields:
            assert each.label
            assert not (each.secret and each.default)
            assert all(re.fullmatch(each.check, value) for value in (each.default, each.example) if value)

    def test_an_empty_form_is_answered_field_by_field(self) -> None:
        required = {each.name for each in self.channel.fields if each.required and not each.default}
        assert set(problems_of(self.channel.kind, {})) == required


class SendContract(ABC):
    """A send returns, or says by its error what the sender may do next."""

    part = Outgoing(id=PART_ID, to="to-be-replaced", text="师傅明天上午九点到")
    on_server_error: type[Exception]
    """What a 5xx means: whether this provider may have taken the message nevertheless."""

    @abstractmethod
    def open(self, base: str, http: aiohttp.ClientSession) -> Channel:
        """The adapter, its provider at `base`."""

    @abstractmethod
    def is_send(self, request: web.Request) -> bool:
        """Whether the request is the send itself (not a token, not an upload)."""

    @abstractmethod
    async def accept(self, request: web.Request) -> web.StreamResponse:
        """The provider takes everything."""

    @abstractmethod
    async def refuse(self, _request: web.Request) -> web.StreamResponse:
        """The provider's word for: this person left."""

    def on_send(self, behaviour: Behaviour) -> Behaviour:
        """Everything before the send goes well."""

        async def behave(request: web.Request) -> web.StreamResponse:
            return await (behaviour if self.is_send(request) else self.accept)(request)

        return behave

    async def failure(self, provider: Provider, http: aiohttp.ClientSession) -> YingdaError:
        """The error of a send to a provider that behaves as it was told; the send went out no more than once."""
        with pytest.raises(YingdaError) as caught:
            await self.open(provider.base, http).send(self.part)
        assert sum(self.is_send(request) for request in provider.asked) == 1
        return caught.value

    async def test_what_the_provider_takes_is_accepted(self, provider: Provider, http: aiohttp.ClientSession) -> None:
        provider.behave = self.accept
        assert isinstance(await self.open(provider.base, http).send(self.part), Accepted)
        assert sum(self.is_send(request) for request in provider.asked) == 1

    async def test_someone_who_left_is_refused_as_gone(self, provider: Provider, http: aiohttp.ClientSession) -> None:
        provider.behave = self.on_send(self.refuse)
        error = await self.failure(provider, http)
        assert isinstance(error, Refused)
        assert error.recipient_gone
        assert error.code

    async def test_throttling_is_for_later_and_its_wish_is_kept(
        self, provider: Provider, http: aiohttp.ClientSession
    ) -> None:
        provider.behave = self.on_send(answering(429, "slow down", Retry_After="7"))
        error = await self.failure(provider, http)
        assert isinstance(error, TryLater)
        assert error.after == timedelta(seconds=7)

    async def test_a_server_error_says_what_is_known(self, provider: Provider, http: aiohttp.ClientSession) -> None:
        provider.behave = self.on_send(answering(500, "<html>oops</html>"))
        assert type(await self.failure(provider, http)) is self.on_server_error

    async def test_a_dropped_connection_leaves_the_outcome_unknown(
        self, provider: Provider, http: aiohttp.ClientSession
    ) -> None:
        provider.behave = self.on_send(hang_up)
        assert isinstance(await self.failure(provider, http), OutcomeUnknown)

    async def test_silence_leaves_the_outcome_unknown(
        self, provider: Provider, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(channels.http, "TIMEOUT", aiohttp.ClientTimeout(total=0.3))
        provider.behave = self.on_send(keep_silent)
        assert isinstance(await self.failure(provider, http), OutcomeUnknown)

    @pytest.mark.parametrize("text", ["", "ok", "[]", "{", '"text"', "null", "\ufffd"])
    async def test_a_senseless_yes_leaves_the_outcome_unknown(
        self, text: str, provider: Provider, http: aiohttp.ClientSession
    ) -> None:
        provider.behave = self.on_send(answering(200, text))
        assert isinstance(await self.failure(provider, http), OutcomeUnknown)

    async def test_nobody_listening_is_for_later(self, http: aiohttp.ClientSession) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            channel = self.open(f"http://127.0.0.1:{taken.getsockname()[1]}", http)
            with pytest.raises(TryLater):
                await channel.send(self.part)

    async def test_errors_and_logs_name_nobody_and_tell_no_secret(
        self, provider: Provider, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = ""
        for behaviour in (self.refuse, answering(500), answering(400, "{}"), hang_up):
            provider.asked.clear()
            provider.behave = self.on_send(behaviour)
            error = await self.failure(provider, http)
            said += f"{error} {error!r} {error.__cause__!r}"
        said += " ".join(record.getMessage() for record in caplog.records)
        assert not [word for word in self.unspeakable() if word in said]

    def unspeakable(self) -> list[str]:
        """What must never be logged."""
        return [self.part.to, self.part.text]


class WebhookContract(ABC):
    """Only genuine calls are heard, and whatever they hold ends in events or in the one documented error."""

    @abstractmethod
    def opened(self) -> Webhook:
        """The adapter that hears the calls."""

    @abstractmethod
    def calls(self) -> dict[str, RawCall]:
        """Genuine calls, each with at least one event, all different."""

    @abstractmethod
    def repeated(self) -> dict[str, RawCall]:
        """The same calls, by the same names, as the provider repeats them."""

    @abstractmethod
    def forged(self, call: RawCall) -> dict[str, RawCall]:
        """What somebody else might make of a genuine call."""

    @abstractmethod
    def signed(self, body: bytes) -> RawCall:
        """A call with this content and a right signature."""

    def test_genuine_calls_are_heard_and_answered(self) -> None:
        for call in self.calls().values():
            self.opened().verify(call)
            assert self.opened().parse(call)
            assert self.opened().answer(call).status == 200

    def test_forged_calls_are_refused(self) -> None:
        heard = [
            f"{name}: {what}"
            for name, call in self.calls().items()
            for what, forged in self.forged(call).items()
            if self.hears(forged)
        ]
        assert heard == []

    def test_a_repeated_call_says_the_same(self) -> None:
        repeated = self.repeated()
        for name, call in self.calls().items():
            self.opened().verify(repeated[name])
            assert self.opened().parse(repeated[name]) == self.opened().parse(call)
            assert self.opened().answer(repeated[name]) == self.opened().answer(call)

    def test_no_two_calls_share_a_key(self) -> None:
        keys = [event.dedupe_key for call in self.calls().values() for event in self.opened().parse(call)]
        assert len(keys) == len(set(keys))

    def test_events_carry_what_the_core_needs(self) -> None:
        for call in self.calls().values():
            for event in self.opened().parse(call):
                assert 0 < len(event.dedupe_key) <= 200
                if isinstance(event, DeliveryUpdate):
                    assert event.provider_id
                else:
                    assert event.sender.address
                if isinstance(event, MessageReceived):
                    assert event.text or event.media

    def test_events_do_not_show_who_or_what_when_logged(self) -> None:
        for call in self.calls().values():
            for event in self.opened().parse(call):
                if isinstance(event, MessageReceived):
                    assert event.sender.address not in repr(event)
                    assert not event.text or event.text not in repr(event)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(data=st.data())
    def test_any_genuine_content_ends_in_events_or_is_unreadable(self, data: st.DataObject) -> None:
        call = self.signed(data.draw(self.bodies()))
        adapter = self.opened()
        try:
            adapter.verify(call)
            for event in adapter.parse(call):
                assert event.dedupe_key
            adapter.answer(call, "好的")
        except (UnreadablePayload, RejectedCall):
            pass

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(data=st.data())
    def test_any_call_of_a_stranger_is_refused(self, data: st.DataObject) -> None:
        call = RawCall(
            method=data.draw(st.sampled_from(["GET", "POST", "PUT"])),
            url=data.draw(st.text()),
            query=data.draw(st.dictionaries(self.names(), st.text())),
            headers=data.draw(st.dictionaries(self.names(), st.text())),
            body=data.draw(self.bodies()),
        )
        assert not self.hears(call)

    def hears(self, call: RawCall) -> bool:
        """Whether the adapter takes a call for genuine; any other end than yes or no fails the test."""
        try:
            self.opened().verify(call)
        except RejectedCall:
            return False
        return True

    def bodies(self) -> st.SearchStrategy[bytes]:
        """Arbitrary bytes, and genuine payloads with a piece missing, repeated or replaced."""
        genuine = [call.body for call in self.calls().values()]
        return st.binary() | st.builds(_damaged, st.sampled_from(genuine), st.integers(0), st.integers(0), st.binary())

    def names(self) -> st.SearchStrategy[str]:
        """Names of query parameters and headers that this adapter looks at."""
        known = {name for call in self.calls().values() for name in (*call.query, *call.headers)}
        return st.sampled_from(sorted(known) or ["x"])


def _damaged(body: bytes, start: int, length: int, put: bytes) -> bytes:
    place = start % (len(body) + 1)
    return body[:place] + put + body[place + length % 40 :]


class _Untouchable:
    """Stands for the client session where there must be no I/O: any use of it is an AttributeError."""


def no_http() -> aiohttp.ClientSession:
    return cast(aiohttp.ClientSession, _Untouchable())


def with_query(call: RawCall, **changed: str) -> RawCall:
    """The call with these query parameters; an empty one is left out."""
    return replace(call, query={k: v for k, v in {**call.query, **changed}.items() if v})
