"""What mail systems write about our mails: whose address is gone, who complained, what arrived."""

import pytest

from channels.email import bounce, mime
from channels.email import bounce_reasons as reasons
from core.messages import ContactChange, ContactChanged, MessageReceived
from tests.channels.email.mailbox_side import call, channel, written

GONE = [
    "550 5.1.1 <x@example.com>: Recipient address rejected: User unknown in virtual mailbox table",
    "550 5.1.1 The email account that you tried to reach does not exist.",
    "550 Mailbox not found",
    "550 User not found: x@example.com",
    "550 5.4.1 Recipient address rejected: Access denied.",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "Sorry, no mailbox here by that name. (#5.1.1)",
    "554 delivery error: dd This user doesn't have an example.com account",
    "Unrouteable address",
    "该邮箱地址不存在",
    "宛先のアドレスが見つかりません",
    "Empfänger unbekannt",
    "Host or domain name not found. Name service error for name=example.com type=MX: Host not found",
    "Domain example.com does not accept mail (nullMX)",
    "an MX or SRV record indicated no SMTP service",
    "域名解析失败",
    "551 5.1.6 The user has moved",
]

STILL_THERE = [
    "552 5.2.2 Mailbox full",
    "452 4.2.2 The email account that you tried to reach is over quota",
    "450 4.1.1 <x@example.com>: Recipient address rejected: User unknown",
    "550 5.1.1 <x@example.com> - 192.0.2.1 has sent to too many recipients this hour",
    "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using a list",
    "550 5.7.26 This mail is unauthenticated",
    "550 5.7.1 Relaying denied",
    "550 Account is disabled",
    "550 Domain frequency limited",
    "550 Ip frequency limited",
    "553 Sender address rejected: Domain not found",
    "550 sender verify failed: unknown user",
    "Name service error for domain example.com: Host not\n    found, try again",
    'x-unix; procmail: Couldn\'t create "/var/mail/x" id: x: No such user',
    "connect to mx.example.com[192.0.2.1]:25: Connection refused",
    "554 5.4.14 Hop count exceeded - possible mail loop",
]


@pytest.mark.parametrize("said", GONE)
def test_an_address_that_is_gone_is_told(said: str) -> None:
    assert reasons.find(said, "").hard


@pytest.mark.parametrize("said", STILL_THERE)
def test_an_address_that_may_work_another_day_is_kept(said: str) -> None:
    assert not reasons.find(said, "").hard


def returned(body: str) -> bounce.Report:
    head = "From: Mail Delivery System <mailer-daemon@mx.example>\nSubject: Undelivered mail\nReturn-Path: <>\n\n"
    return bounce.read(mime.read((head + body).encode()))


def test_of_several_addresses_each_is_judged_by_its_own_words() -> None:
    report = returned(
        "I wasn't able to deliver your message to the following addresses.\n\n"
        "<full@example.com>:\nRemote host said: 552 5.2.2 Mailbox full\nGiving up.\n\n"
        "<gone@example.com>:\nRemote host said: 550 5.1.1 User unknown\nGiving up.\n"
    )
    assert {each.address: (each.hard, each.status) for each in report.recipients} == {
        "full@example.com": (False, "5.2.2"),
        "gone@example.com": (True, "5.1.1"),
    }


@pytest.mark.parametrize(
    ("step", "hard"),
    [
        ("said: 550 Unknown user (in reply to RCPT TO command)", True),
        ("said: 550 Unknown user (in reply to end of DATA command)", False),
        (
            "... while talking to mx:\n>>> RCPT To:<x@example.com>\n<<< 550 User unknown\n>>> DATA\n<<< 503 Need RCPT",
            True,
        ),
        ("... while talking to mx:\n>>> DATA\n<<< 550 User unknown", False),
    ],
)
def test_what_is_said_once_the_mail_was_taken_is_about_the_mail(step: str, hard: bool) -> None:
    [recipient] = returned(
        f"Your message could not be delivered.\n\n<x@example.com>: host mx.example {step}\n"
    ).recipients
    assert recipient.hard is hard


def test_a_probe_that_found_the_address_is_no_bounce() -> None:
    raw = written("dsn_full").replace(b"Action: failed", b"Action: deliverable")
    report = bounce.read(mime.read(raw))
    assert report.kind is bounce.Kind.DELIVERED
    assert [(each.hard, each.reason) for each in report.recipients] == [(False, "已送达")]


def test_a_complaint_stops_mails_to_whomever_the_mail_went_to() -> None:
    [event] = channel().parse(call(written("complaint")))
    assert isinstance(event, ContactChanged)
    assert event.change is ContactChange.OPTED_OUT
    assert event.about == "<0190b5a47c0070008000000000000001@desk.example>"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<0190b5a47c0070008000000000000001@desk.example>", b"<0190b5a47c0070008000000000000001@other.example>"),
        (b"Feedback-Type: abuse", b"Feedback-Type: auth-failure"),
        (b"Feedback-Type: abuse", b"Feedback-Type: not-spam"),
    ],
)
def test_a_report_that_is_no_complaint_about_our_mail_is_shown(old: bytes, new: bytes) -> None:
    [event] = channel().parse(call(written("complaint").replace(old, new)))
    assert isinstance(event, MessageReceived)
    assert event.automatic
