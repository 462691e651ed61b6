"""Mails of the clients that consumers use, and the events made of them."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from channels import problems_of
from channels.base import Account
from channels.email import mime
from channels.email.adapter import EmailChannel, own_words
from core.errors import BadSetting, RejectedCall, UnreadablePayload
from core.messages import DeliveryState, DeliveryUpdate, MessageKind, MessageReceived
from tests.channels.contract import no_http
from tests.channels.email.mailbox_side import VALUES, call, channel, written


def heard(raw: bytes, **values: str) -> MessageReceived:
    [event] = channel(**values).parse(call(raw))
    assert isinstance(event, MessageReceived)
    return event


def reported(name: str) -> DeliveryUpdate:
    [event] = channel().parse(call(written(name)))
    assert isinstance(event, DeliveryUpdate)
    return event


def plain(head: str, body: str = "在吗") -> bytes:
    return f"From: gao@example.com\r\nMessage-ID: <1@example.com>\r\n{head}\r\n\r\n{body}\r\n".encode()


def test_a_qq_reply_is_read_whole_and_cut_to_what_is_new() -> None:
    event = heard(written("qq_reply"))
    assert event.text == "师傅昨天来过了，空调还是不制冷。\n请再安排一次，谢谢！"
    assert "您的报修单 R1001 已受理。" in event.full_text
    assert event.subject == "回复：报修受理通知（空调不制冷）"
    assert (event.sender.address, event.sender.name) == ("chen@qq.example", "小陈")
    assert event.dedupe_key == event.provider_id == "<tencent_0001@qq.example>"
    assert event.in_reply_to == "<01@desk.example>"
    assert event.references == ("<00@desk.example>", "<01@desk.example>")
    assert event.sent_at == datetime(2026, 3, 2, 12, 15, 30, tzinfo=UTC)
    assert not event.automatic


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("netease_reply", "清洗滤网以后好多了，不用上门了。"),
        ("outlook_reply", "抬头请写：示例商贸有限公司。"),
        ("iphone_reply", "下午三点以后都可以"),
        ("foxmail_reply", "机身号在背面，是镕字开头的那台洗衣机。"),
    ],
)
def test_each_clients_quotes_and_signatures_go(name: str, text: str) -> None:
    event = heard(written(name))
    assert event.text == text
    assert len(event.full_text) > len(text)


def test_files_come_with_their_names_and_inline_images_with_their_ids() -> None:
    event = heard(written("photos"))
    assert event.subject == "漏水照片"
    assert [(file.name, file.content_type, file.inline_id) for file in event.media] == [
        ("leak.png", "image/png", "leak@1"),
        ("保修卡.pdf", "application/pdf", ""),
        ("购买记录.txt", "text/plain", ""),
    ]
    assert [file.content for file in event.media] == [b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", b"2026"]


def test_a_name_whose_pieces_are_numbered_only_in_part_costs_no_mail() -> None:
    name = "filename*=utf-8''a; filename*0*=utf-8''b; filename*1=c"
    event = heard(plain(f"Content-Type: image/png\r\nContent-Disposition: attachment; {name}", "x"))
    assert len(event.media) == 1


def test_a_boundary_in_such_pieces_makes_a_mail_unreadable_and_no_more() -> None:
    kind = "multipart/mixed; boundary*=utf-8''a; boundary*0*=utf-8''b"
    with pytest.raises(UnreadablePayload):
        channel().parse(call(plain(f"Content-Type: {kind}", "--b\r\n\r\nx\r\n--b--")))


def test_a_mail_of_one_picture_is_an_image() -> None:
    raw = plain("Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64", "/9j/")
    assert heard(raw).kind is MessageKind.IMAGE
    assert heard(raw).media[0].name == "附件.jpg"


def test_a_mail_with_only_a_subject_says_its_subject() -> None:
    assert heard(plain("Subject: =?utf-8?B?5Zyo5ZCX?=", "")).text == "在吗"


def test_a_mail_without_message_id_is_known_by_its_bytes() -> None:
    raw = b"From: gao@example.com\r\n\r\nhello"
    assert heard(raw).dedupe_key == hashlib.sha256(raw).hexdigest()
    assert heard(raw).provider_id == ""


def test_names_of_files_lead_nowhere() -> None:
    mail = mime.read(plain('Content-Disposition: attachment; filename="../../etc/passwd"'))
    assert mail.files[0].name == "passwd"


def test_an_address_that_does_not_exist_is_reported_by_qq() -> None:
    update = reported("qq_bounce")
    assert update.provider_id == "<0190b5a47c0070008000000000000001@desk.example>"
    assert (update.state, update.code, update.reason) == (DeliveryState.FAILED, "550", "收件地址不存在")


def test_a_full_mailbox_is_reported_with_the_id_of_the_mail_that_came_back() -> None:
    update = reported("dsn_full")
    assert update.provider_id == "<0190b5a47c0070008000000000000002@desk.example>"
    assert (update.state, update.code, update.reason) == (DeliveryState.FAILED, "5.2.2", "对方邮箱已满")


def test_a_warning_of_delay_fails_nothing() -> None:
    update = reported("dsn_delayed")
    assert update.provider_id == "<0190b5a47c0070008000000000000003@desk.example>"
    assert update.state is DeliveryState.SENT


def test_a_consumer_who_writes_about_a_lost_parcel_is_no_bounce() -> None:
    event = heard(written("parcel"))
    assert event.text == "快递说地址无法送达，配件被退回，怎么办？"
    assert not event.automatic


def test_an_auto_reply_is_a_message_that_nobody_answers_automatically() -> None:
    assert heard(written("vacation")).automatic


@pytest.mark.parametrize(
    "header",
    ["Precedence: bulk", "List-Id: <news.example.com>", "Auto-Submitted: auto-generated", "Return-Path: <>",
     "X-Auto-Response-Suppress: All", "Subject: Out of Office: back soon"],
)  # fmt: skip
def test_machines_are_recognised(header: str) -> None:
    assert heard(plain(header)).automatic


def test_a_person_is_no_machine() -> None:
    assert not heard(plain("Auto-Submitted: no\r\nReturn-Path: <gao@example.com>")).automatic


def test_our_own_mails_coming_back_say_nothing() -> None:
    raw = "From: 售后 <Service@Desk.Example>\r\n\r\n您好".encode()
    assert channel().parse(call(raw)) == []


VOUCHED = "Authentication-Results: mx.desk.example; dmarc=pass header.from=example.com"


@pytest.mark.parametrize(
    ("headers", "verified"),
    [
        (VOUCHED, True),
        ("Authentication-Results: mx.desk.example; spf=pass; dmarc=pass (p=reject) header.from=EXAMPLE.com", True),
        ("Authentication-Results: mx.desk.example; dmarc=fail header.from=example.com", False),
        ("Authentication-Results: mx.desk.example; dmarc=pass header.from=other.example", False),
        ("Authentication-Results: mx.other.example; dmarc=pass header.from=example.com", False),
        ("Authentication-Results: mx.desk.example; dmarc=fail\r\n" + VOUCHED, False),
        ("Authentication-Results: mx.desk.example; spf=pass (dmarc=pass)", False),
        ("From: second@example.com\r\n" + VOUCHED, False),
        ("Subject: x", False),
    ],
)
def test_only_our_own_servers_topmost_verdict_proves_a_sender(headers: str, verified: bool) -> None:
    assert heard(plain(headers)).sender.verified is verified


def test_without_the_name_of_our_server_nobody_is_proved() -> None:
    assert not heard(plain(VOUCHED), authserv_id="").sender.verified


def test_a_mail_from_nobody_is_unreadable() -> None:
    with pytest.raises(UnreadablePayload):
        channel().parse(call(b"Subject: hi\r\n\r\nhello"))


@pytest.mark.parametrize("depth", [200, 5_000])
def test_parts_within_parts_end_in_a_message_or_are_unreadable(depth: int) -> None:
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth))
    try:
        assert heard(f"From: a@example.com\r\n{parts}".encode()).text
    except UnreadablePayload:
        assert depth == 5_000


def test_a_mail_of_nothing_but_parts_is_unreadable() -> None:
    raw = b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 60_000
    with pytest.raises(UnreadablePayload):
        channel().parse(call(raw))


def test_a_long_thread_keeps_its_beginning_and_its_end() -> None:
    ids = [f"<{n}@example.com>" for n in range(60)]
    kept = heard(plain("References: " + "\r\n ".join(ids))).references
    assert kept == (ids[0], *ids[-20:])


def test_a_mail_passed_on_in_place_is_readable_and_not_the_senders_words() -> None:
    raw = plain(
        "Content-Type: multipart/mixed; boundary=b",
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n请看\r\n--b\r\nContent-Type: message/rfc822\r\n"
        "Content-Disposition: inline\r\n\r\nFrom: shop@example.com\r\n\r\nold words\r\n--b--",
    )
    mail = mime.read(raw)
    assert own_words(mail) == "请看"
    assert "old words" in mail.text


def test_an_account_without_a_secret_hears_no_calls() -> None:
    with pytest.raises(RejectedCall):
        channel(hook_secret="").verify(call(written("photos"), secret=""))


@pytest.mark.parametrize("host", ["mx.example.com", "10.0.0.1", "127.0.0.1.example.com"])
def test_no_mail_server_elsewhere_is_spoken_to_in_the_clear(host: str) -> None:
    with pytest.raises(BadSetting, match="smtp_security"):
        channel_unchecked(smtp_host=host)


def channel_unchecked(**values: str) -> EmailChannel:
    """The adapter of an account that no form has looked at."""
    return EmailChannel(Account(UUID(int=1), "a", "https://desk.example.com", {**VALUES, **values}), no_http())


def test_the_form_says_what_does_not_go_together() -> None:
    assert set(problems_of("email", {**VALUES, "smtp_host": "mx.example.com"})) == {"smtp_security"}
    assert set(problems_of("email", {**VALUES, "imap_host": "mx.example.com"})) == {"imap_user"}


def test_a_signature_is_good_for_five_minutes() -> None:
    now = int(datetime.now(UTC).timestamp())
    channel().verify(call(b"x", at=now - timedelta(minutes=4).seconds))
    with pytest.raises(RejectedCall):
        channel().verify(call(b"x", at=now - timedelta(minutes=6).seconds))
