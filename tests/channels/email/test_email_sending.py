"""Mails that leave: what is in them, and what the server's answers mean. A real SMTP conversation over loopback."""

import email
import email.policy
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from uuid import UUID

import pytest

from core.errors import OutcomeUnknown, Refused, TryLater
from core.messages import Accepted, Media, Outgoing
from tests.channels.email.mailbox_side import Postbox, channel, smtp_server

PART = Outgoing(
    id=UUID("0190b5a4-7c00-7000-8000-000000000001"),
    to="Chen@QQ.example",
    to_name="小陈",
    text="您好：\n师傅明天上午九点到，请保持电话畅通。",
    subject="回复：空调不制冷",
    in_reply_to="<2@qq.example>",
    references=("<1@qq.example>", "<2@qq.example>"),
)


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    async with smtp_server(Postbox()) as served:
        yield served


async def send(postbox: Postbox, part: Outgoing = PART) -> Accepted:
    """Send over a connection that is let go of afterwards."""
    sender = channel(smtp_port=str(postbox.port))
    try:
        return await sender.send(part)
    finally:
        await sender.close()


async def sent(postbox: Postbox, part: Outgoing) -> EmailMessage:
    """The mail as it arrives."""
    await send(postbox, part)
    raw = postbox.taken[-1].original_content
    assert isinstance(raw, bytes)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return email.message_from_bytes(raw, policy=email.policy.default)


async def failure(postbox: Postbox) -> Exception:
    with pytest.raises((TryLater, Refused, OutcomeUnknown)) as caught:
        await send(postbox)
    return caught.value


async def test_a_text_arrives_as_it_was_written(postbox: Postbox) -> None:
    mail = await sent(postbox, PART)
    assert mail.get_content().replace("\r\n", "\n").strip() == PART.text
    assert mail["Subject"] == PART.subject
    assert mail["From"] == "示例家电售后 <service@desk.example>"
    assert mail["To"] == "小陈 <Chen@qq.example>"
    assert mail["In-Reply-To"] == "<2@qq.example>"
    assert mail["References"] == "<1@qq.example> <2@qq.example>"
    assert mail["Auto-Submitted"] is None
    assert postbox.taken[0].mail_from == "service@desk.example"
    assert postbox.taken[0].rcpt_tos == ["Chen@qq.example"]


async def test_every_try_has_the_same_message_id(postbox: Postbox) -> None:
    first, second = await sent(postbox, PART), await sent(postbox, PART)
    accepted = await send(postbox)
    assert accepted == Accepted("<0190b5a47c0070008000000000000001@desk.example>")
    assert first["Message-ID"] == second["Message-ID"] == accepted.provider_id


async def test_what_a_machine_wrote_says_so(postbox: Postbox) -> None:
    assert (await sent(postbox, replace(PART, automatic=True)))["Auto-Submitted"] == "auto-replied"


async def test_files_travel_with_the_text(postbox: Postbox) -> None:
    files = (Media("维修报告 3月.pdf", "application/pdf", b"%PDF"), Media("a.txt", "text/plain", "中".encode()))
    mail = await sent(postbox, replace(PART, media=files))
    text, report, plain = mail.iter_parts()
    assert text.get_content().strip().startswith("您好")
    assert (report.get_filename(), report.get_content_type(), report.get_content()) == (
        files[0].name,
        "application/pdf",
        b"%PDF",
    )
    assert (plain.get_filename(), plain.get_payload(decode=True)) == ("a.txt", "中".encode())


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\u2028Bcc: a", "x\x00y", "维\r\n\r\n修"]
)
async def test_nothing_slips_a_header_in(postbox: Postbox, evil: str) -> None:
    part = replace(
        PART, subject=evil, to_name=evil, media=(Media(evil, evil, b"x"),), references=(evil, "<1@qq.example>")
    )
    mail = await sent(postbox, part)
    assert mail["Bcc"] is None
    assert set(mail.keys()) == {
        "Content-Type", "MIME-Version", "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"
    }  # fmt: skip
    assert postbox.taken[-1].rcpt_tos == ["Chen@qq.example"]


async def test_long_subjects_and_threads_are_folded(postbox: Postbox) -> None:
    references = tuple(f"<{n}.{'x' * 60}@qq.example>" for n in range(50))
    mail = await sent(postbox, replace(PART, subject="维修 report " * 12, references=references))
    assert mail["Subject"] == ("维修 report " * 12).strip()
    assert mail["References"].split() == [references[0], *references[-19:], "<2@qq.example>"]


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b@c.example", "a@example.com\r\nRCPT TO:<x@example.com>", "甲@example.com", "a@"]
)
async def test_an_address_that_is_none_is_refused_before_anybody_is_asked(to: str) -> None:
    with pytest.raises(Refused) as caught:
        await channel(smtp_port="9").send(replace(PART, to=to))
    assert caught.value.recipient_gone


async def test_a_chinese_domain_travels_in_ascii(postbox: Postbox) -> None:
    await sent(postbox, replace(PART, to="chen@示例.example"))
    assert postbox.taken[0].rcpt_tos == ["chen@xn--fsq092h.example"]


@pytest.mark.parametrize(
    ("answer", "gone", "code"),
    [
        ("550 5.1.1 <chen@qq.example> User unknown", True, "550 5.1.1"),
        ("550 Mailbox not found. http://service.mail.qq.example", True, "550"),
        ("550 User not found: chen@qq.example", True, "550"),
        ("550 5.7.1 spam", False, "550 5.7.1"),
        ("552 5.2.2 over quota", False, "552 5.2.2"),
        ("554 DT:SPM", False, "554"),
    ],
)
async def test_a_refusal_is_final(postbox: Postbox, answer: str, gone: bool, code: str) -> None:
    postbox.rcpt = answer
    error = await failure(postbox)
    assert isinstance(error, Refused)
    assert (error.recipient_gone, error.code) == (gone, code)
    assert "chen" not in f"{error!r} {error.__cause__!r}"


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "450 greylisted", "452 4.2.2 full", "421 4.7.0 busy"])
async def test_a_temporary_no_is_for_later(postbox: Postbox, answer: str) -> None:
    postbox.rcpt = answer
    assert isinstance(await failure(postbox), TryLater)


async def test_content_can_be_refused_or_put_off_too(postbox: Postbox) -> None:
    postbox.data = "554 5.7.1 spam"
    assert isinstance(await failure(postbox), Refused)
    postbox.data = "451 4.7.1 greylisted"
    assert isinstance(await failure(postbox), TryLater)


async def test_a_connection_lost_before_the_mail_is_for_later(postbox: Postbox) -> None:
    postbox.cut = "RCPT"
    assert isinstance(await failure(postbox), TryLater)


async def test_a_connection_lost_after_the_mail_leaves_the_outcome_unknown(postbox: Postbox) -> None:
    postbox.cut = "DATA"
    assert isinstance(await failure(postbox), OutcomeUnknown)


async def test_nobody_listening_is_for_later() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TryLater):
            await channel(smtp_port=str(taken.getsockname()[1])).send(PART)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_server_without_trustworthy_tls_gets_nothing(postbox: Postbox, security: str) -> None:
    with pytest.raises(TryLater):
        await channel(smtp_port=str(postbox.port), smtp_security=security).send(PART)
    assert postbox.taken == []
