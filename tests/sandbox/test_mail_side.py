"""Mail both ways, through imaplib, smtplib and aiosmtplib as strangers would use them."""

import asyncio
import base64
import email
import hashlib
import hmac
import imaplib
import smtplib
from collections.abc import AsyncIterator
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import aiosmtplib
import pytest

from sandbox.client import Refusal, SandboxClient, media
from tests.sandbox.standin import Ports, Product

DESK, PASSWORD = "service@desk.example.com", 'p w"d\\1'


@pytest.fixture
async def desk(sandbox: SandboxClient) -> str:
    await sandbox.open_account(kind="email", address=DESK, user="service", password=PASSWORD, hook_secret="")
    return DESK


class Mailbox:
    """imaplib, in a thread of its own."""

    def __init__(self, port: int) -> None:
        self.imap = imaplib.IMAP4("127.0.0.1", port, timeout=10)

    def open(self, password: str = PASSWORD) -> "Mailbox":
        self.imap.login("service", password)
        self.imap.select("INBOX")
        return self

    def search(self, *criteria: str) -> list[int]:
        self.imap.noop()
        _, (found,) = self.imap.uid("SEARCH", *criteria)
        return [int(uid) for uid in found.split()]

    def fetch(self, uid: int, items: str = "(BODY.PEEK[])") -> bytes:
        _, data = self.imap.uid("FETCH", str(uid), items)
        return b" ".join(piece if isinstance(piece, bytes) else b" ".join(piece) for piece in data if piece)

    def letter(self, uid: int) -> EmailMessage:
        _, data = self.imap.uid("FETCH", str(uid), "(BODY.PEEK[])")
        assert isinstance(data[0], tuple)
        return email.message_from_bytes(data[0][1], EmailMessage, policy=policy.default)


@pytest.fixture
async def mailbox(desk: str, ports: Ports) -> AsyncIterator[Mailbox]:
    assert desk == DESK
    box = await asyncio.to_thread(lambda: Mailbox(ports.imap).open())
    yield box
    await asyncio.to_thread(box.imap.logout)


async def newest(mailbox: Mailbox) -> EmailMessage:
    uids = await asyncio.to_thread(mailbox.search, "ALL")
    return await asyncio.to_thread(mailbox.letter, uids[-1])


def letter(to: str = "zhang@example.com", text: str = "您好") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"应答 <{DESK}>", to, "维修进度"
    message["Message-ID"] = "<m1@desk.example.com>"
    message.set_content(text)
    return message


async def test_a_persons_mail_lies_in_the_mailbox(sandbox: SandboxClient, mailbox: Mailbox) -> None:
    message_id = await sandbox.say(
        "zhang",
        "email",
        "冰箱不制冷了",
        subject="冰箱 报修",
        media=[media("照片 1.png", "image/png", b"\x89PNG")],
    )
    found = await newest(mailbox)
    assert (found["Subject"], found["Message-ID"]) == ("冰箱 报修", message_id)
    assert str(found["From"]) == "张晓燕 <zhang@example.com>"
    assert "dmarc=pass" in found["Authentication-Results"]
    assert parsedate_to_datetime(found["Date"])
    body, (attachment,) = found.get_body(), found.iter_attachments()
    assert body is not None
    assert body.get_content().strip() == "冰箱不制冷了"
    assert (attachment.get_filename(), attachment.get_content()) == ("照片 1.png", b"\x89PNG")


@pytest.mark.parametrize("quote", ["qq", "163", "outlook", "gmail"])
async def test_a_reply_names_and_quotes_what_it_answers(
    sandbox: SandboxClient, mailbox: Mailbox, ports: Ports, quote: str
) -> None:
    await aiosmtplib.send(letter(text="师傅明天到"), hostname="127.0.0.1", port=ports.smtp)
    await sandbox.reached("zhang", "email", "师傅明天到")
    await sandbox.say("zhang", "email", "好的", reply_to="<m1@desk.example.com>", quote=quote)
    found = await newest(mailbox)
    assert (found["Subject"], found["In-Reply-To"]) == ("回复：维修进度", "<m1@desk.example.com>")
    assert found["References"] == "<m1@desk.example.com>"
    body = found.get_body(("plain",))
    assert body is not None
    own, _, quoted = body.get_content().replace("\r\n", "\n").partition("\n\n")
    assert own == "好的"
    assert "师傅明天到" in quoted


async def test_a_letter_may_be_as_odd_as_real_ones(sandbox: SandboxClient, mailbox: Mailbox) -> None:
    head = b"From: li@example.com\r\nSubject: =?GBK?B?sfnP5A==?=\r\nContent-Type: text/plain; charset=x-gbk\r\n\r\n"
    raw = head + "冰箱不制冷".encode("gbk") + b"\r\n"
    await sandbox.say("li", "email", raw=base64.b64encode(raw).decode())
    uids = await asyncio.to_thread(mailbox.search, "ALL")
    assert raw in await asyncio.to_thread(mailbox.fetch, uids[-1])
    (entry,) = await sandbox.phone("li", "email")
    assert (entry["subject"], entry["text"]) == ("冰箱", "冰箱不制冷")


async def test_a_subject_cannot_smuggle_a_header(sandbox: SandboxClient, mailbox: Mailbox) -> None:
    with pytest.raises(Refusal):
        await sandbox.say("li", "email", "x", subject="a\r\nBcc: b@example.com")
    assert await asyncio.to_thread(mailbox.search, "ALL") == []


@pytest.mark.usefixtures("desk")
async def test_our_mail_reaches_the_person(sandbox: SandboxClient, ports: Ports) -> None:
    message = letter()
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="发票.pdf")
    await aiosmtplib.send(message, hostname="127.0.0.1", port=ports.smtp)
    (entry,) = await sandbox.phone("zhang", "email")
    assert (entry["subject"], entry["text"], entry["state"]) == ("维修进度", "您好", "delivered")
    assert entry["media"][0]["name"] == "发票.pdf"
    assert (await sandbox.counts())["by_person"] == {"zhang": {"smtp": 1}}


@pytest.mark.usefixtures("desk")
async def test_a_login_is_checked(ports: Ports) -> None:
    def try_login(password: str) -> None:
        with smtplib.SMTP("127.0.0.1", ports.smtp, timeout=10) as smtp:
            smtp.login("service", password)

    await asyncio.to_thread(try_login, PASSWORD)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        await asyncio.to_thread(try_login, "wrong")
    box = await asyncio.to_thread(Mailbox, ports.imap)
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        await asyncio.to_thread(box.open, "wrong")
    box.imap.shutdown()


@pytest.mark.usefixtures("desk")
async def test_nobody_lives_at_an_unknown_address(ports: Ports) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await aiosmtplib.send(letter("nobody@example.com"), hostname="127.0.0.1", port=ports.smtp)
    assert refused.value.recipients[0].code == 550


@pytest.mark.usefixtures("desk")
async def test_smtp_refuses_for_now_or_for_good(sandbox: SandboxClient, ports: Ports) -> None:
    await sandbox.fault("smtp", "code", code=451, path="rcpt", times=1)
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await aiosmtplib.send(letter(), hostname="127.0.0.1", port=ports.smtp)
    assert refused.value.recipients[0].code == 451
    await sandbox.fault("smtp", "code", code=550, path="data", times=1)
    with pytest.raises(aiosmtplib.SMTPDataError) as failed:
        await aiosmtplib.send(letter(), hostname="127.0.0.1", port=ports.smtp)
    assert failed.value.code == 550
    assert await sandbox.sent() == []


@pytest.mark.usefixtures("desk")
async def test_smtp_takes_the_letter_and_hangs_up(sandbox: SandboxClient, ports: Ports) -> None:
    await sandbox.fault("smtp", "drop", times=1)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await aiosmtplib.send(letter(), hostname="127.0.0.1", port=ports.smtp)
    assert len(await sandbox.sent()) == 1


@pytest.mark.usefixtures("desk")
async def test_smtp_hangs_up_before_it_takes_anything(sandbox: SandboxClient, ports: Ports) -> None:
    await sandbox.fault("smtp", "cut", times=1)
    with pytest.raises(aiosmtplib.SMTPException):
        await aiosmtplib.send(letter(), hostname="127.0.0.1", port=ports.smtp)
    assert await sandbox.sent() == []


async def test_a_letter_comes_back(sandbox: SandboxClient, mailbox: Mailbox, ports: Ports) -> None:
    await sandbox.fault("smtp", "bounce", times=1)
    await aiosmtplib.send(letter(), hostname="127.0.0.1", port=ports.smtp)
    found = await newest(mailbox)
    assert found.get_content_type() == "multipart/report"
    status = list(found.iter_parts())[1].as_string()
    assert "Status: 5.1.1" in status
    assert "zhang@example.com" in status
    assert "<m1@desk.example.com>" in found.as_string()


async def test_the_mailbox_is_read_by_number(sandbox: SandboxClient, mailbox: Mailbox) -> None:
    uids = []
    for text in ("一", "二", "三"):
        await sandbox.say("li", "email", text, subject=text)
        uids.append((await asyncio.to_thread(mailbox.search, "ALL"))[-1])

    def read() -> None:
        assert uids == sorted(set(uids))
        assert mailbox.search(f"UID {uids[1]}:*") == uids[1:]
        assert mailbox.search(f"UID {uids[-1] + 5}:*") == uids[-1:], "the highest number is always in n:*"
        assert mailbox.search("UNSEEN")[-3:] == uids
        mailbox.imap.uid("STORE", str(uids[0]), "+FLAGS", "(\\Seen)")
        assert mailbox.search("UNSEEN", "UID", f"{uids[0]}:{uids[2]}") == uids[1:]
        assert b"\\Seen" in mailbox.fetch(uids[0], "(FLAGS)")
        assert b"\\Seen" not in mailbox.fetch(uids[1], "(UID FLAGS RFC822.SIZE INTERNALDATE)")
        assert b"Subject:" in mailbox.fetch(uids[1], "(BODY.PEEK[HEADER])")
        assert mailbox.search("HEADER", "Message-ID", '"@example.com"')[-3:] == uids
        mailbox.fetch(uids[1], "(BODY[])")
        assert b"\\Seen" in mailbox.fetch(uids[1], "(FLAGS)")
        assert b"UIDVALIDITY" in str(mailbox.imap.response("UIDVALIDITY")).encode()

    await asyncio.to_thread(read)


@pytest.mark.usefixtures("desk")
async def test_idle_tells_of_a_letter_at_once(sandbox: SandboxClient, ports: Ports) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", ports.imap)

    async def until(ending: bytes) -> bytes:
        line = b""
        while ending not in line:
            line = await asyncio.wait_for(reader.readline(), 10)
        return line

    secret = PASSWORD.encode()
    writer.write(b"a LOGIN service {%d}\r\n" % len(secret))
    await until(b"+ ")
    writer.write(secret + b"\r\nb SELECT INBOX\r\nc IDLE\r\n")
    await until(b"+ idling")
    await sandbox.say("li", "email", "新邮件", subject="新邮件")
    assert b"EXISTS" in await until(b"EXISTS")
    writer.write(b"DONE\r\nd NOOP\r\ne LOGOUT\r\n")
    await until(b"d OK")
    await until(b"e OK")
    writer.close()


async def test_imap_refuses_and_drops(sandbox: SandboxClient, ports: Ports, mailbox: Mailbox) -> None:
    await sandbox.fault("imap", "refuse", times=1)
    reader, writer = await asyncio.open_connection("127.0.0.1", ports.imap)
    assert await reader.read() == b""
    writer.close()
    other = await asyncio.to_thread(Mailbox, ports.imap)
    await sandbox.fault("imap", "drop", times=1)
    with pytest.raises(imaplib.IMAP4.abort):
        await asyncio.to_thread(other.open)
    other.imap.shutdown()
    assert (await asyncio.to_thread(mailbox.imap.noop))[0] == "OK"


async def test_mail_can_be_pushed_instead(sandbox: SandboxClient, product: Product) -> None:
    await sandbox.open_account(
        kind="email", address="push@desk.example.com", hook_url=f"{product.base}/hooks/email/1", hook_secret="s3"
    )
    message_id = await sandbox.say("zhang", "email", "推送", subject="推送", account="push@desk.example.com")
    (got,) = product.got
    time, mac = (part.partition("=")[2] for part in got.headers["x-yingda-signature"].split(","))
    assert hmac.new(b"s3", f"{time}.".encode() + got.body, hashlib.sha256).hexdigest() == mac
    assert email.message_from_bytes(got.body)["Message-ID"] == message_id
    (entry,) = await sandbox.phone("zhang", "email")
    assert entry["state"] == "delivered"
