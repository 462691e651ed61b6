"""What every channel promises, kept by email."""

from dataclasses import replace

from hypothesis import strategies as st

from channels.base import RawCall, Webhook
from channels.email.adapter import EmailChannel
from tests.channels import contract
from tests.channels.email.mailbox_side import SECRET, call, channel, written

HEARD = [
    "qq_reply",
    "netease_reply",
    "outlook_reply",
    "iphone_reply",
    "foxmail_reply",
    "photos",
    "qq_bounce",
    "dsn_full",
]


class TestEmailFacts(contract.FactsContract):
    channel = EmailChannel


class TestEmailWebhook(contract.WebhookContract):
    def opened(self) -> Webhook:
        return channel()

    def calls(self) -> dict[str, RawCall]:
        return {name: call(written(name)) for name in HEARD}

    def repeated(self) -> dict[str, RawCall]:
        return self.calls()

    def signed(self, body: bytes) -> RawCall:
        return call(body)

    def forged(self, call_: RawCall) -> dict[str, RawCall]:
        signature = call_.headers["x-yingda-signature"]
        return {
            "another body": replace(call_, body=call_.body + b" "),
            "another secret": call(call_.body, secret=SECRET + "x"),
            "no secret": call(call_.body, secret=""),
            "signed six minutes ago": call(call_.body, at=int(signature[2:12]) - 360),
            "signed for the future": call(call_.body, at=int(signature[2:12]) + 360),
            "unsigned": replace(call_, headers={}),
            "cut off": replace(call_, headers={"x-yingda-signature": signature[:-1]}),
            "another moment": replace(call_, headers={"x-yingda-signature": signature.replace("t=1", "t=2", 1)}),
        }

    def bodies(self) -> st.SearchStrategy[bytes]:
        shaped = st.builds(
            lambda head, rest: b"From: a@b.example\r\n" + head + b"\r\n\r\n" + rest, st.binary(), st.binary()
        )
        return super().bodies() | shaped
