"""The channels there are. A new one is an adapter and a line in `REGISTRY`: docs/adding-a-channel.md."""

import re
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import aiohttp

from channels.base import Account, AccountField, Channel
from channels.email.adapter import EmailChannel
from channels.sms.domestic import DomesticChannel
from channels.sms.twilio import TwilioChannel
from channels.wechat.adapter import WeChatChannel
from core.messages import ChannelFacts

REGISTRY: dict[str, type[Channel]] = {
    WeChatChannel.kind: WeChatChannel,
    TwilioChannel.kind: TwilioChannel,
    DomesticChannel.kind: DomesticChannel,
    EmailChannel.kind: EmailChannel,
}

FACTS: Mapping[str, ChannelFacts] = {kind: channel.facts for kind, channel in REGISTRY.items()}


@runtime_checkable
class CrossChecked(Protocol):
    """A channel whose fields depend on each other."""

    @staticmethod
    def problems(values: Mapping[str, str]) -> Mapping[str, str]:
        """What is wrong with values that are each right by themselves: zh-CN sentences by field."""


def open_channel(kind: str, account: Account, http: aiohttp.ClientSession) -> Channel:
    """The adapter of an account. Raise `KeyError` for a kind that does not exist."""
    return REGISTRY[kind](account, http)


def with_defaults(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """All values of an account, trimmed, defaults filled in; names that the kind does not have are left out."""
    return {each.name: values.get(each.name, "").strip() or each.default for each in REGISTRY[kind].fields}


def problems_of(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the values somebody filled in: zh-CN sentences by field, empty when all is well."""
    channel, filled = REGISTRY[kind], with_defaults(kind, values)
    found = {each.name: problem for each in channel.fields if (problem := _problem(each, filled[each.name]))}
    if not found and issubclass(channel, CrossChecked):
        found.update(channel.problems(filled))
    return found


def _problem(each: AccountField, value: str) -> str:
    if not value:
        return f"请填写{each.label}" if each.required else ""
    if re.fullmatch(each.check, value):
        return ""
    return f"{each.label}的格式不对" + (f"，例如 {each.example}" if each.example else "")
