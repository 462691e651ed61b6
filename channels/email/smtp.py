"""Handing a finished mail to an SMTP server, and what its refusals mean."""

import asyncio
import re
import ssl
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

import aiosmtplib

from channels.email import threading
from channels.email.connection import Server
from core.errors import OutcomeUnknown, Refused, SendError, TryLater

TIMEOUT = 30.0
DATA_TIMEOUT = 120.0
"""Seconds for a server to judge a whole mail (RFC 5321 section 4.5.3.2.6 would allow ten minutes)."""

_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_GONE = {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
_GONE_WORDS = re.compile(
    r"(?:user|mailbox|mail ?box|recipient|account|address)[\w<>@.,:' -]{0,60}(?:unknown|not (?:found|exist|"
    r"known)|(?:is|does) not exist|invalid|"
    r"doesn't exist)|no such (?:user|recipient|mailbox|account)|unknown (?:user|recipient)|invalid (?:user|"
    r"recipient|mailbox)|"
    r"用户不存在|收件人不存在|地址不存在|邮箱不存在",
    re.IGNORECASE,
)
_REASONS = {
    "4.2.2": "对方邮箱已满，稍后再试",
    "5.2.2": "对方邮箱已满",
    "5.2.3": "邮件超过对方允许的大小",
    "5.3.4": "邮件超过服务器允许的大小",
    "5.7.1": "邮件被对方拒收",
    "5.7.26": "发信域名未通过对方的验证",
}
_BY_CODE = {
    421: "邮件服务器暂时不可用",
    450: "对方邮箱暂时不可用",
    451: "邮件服务器暂时出错",
    452: "邮件服务器暂时没有空间",
    550: "收件地址被拒绝",
    551: "收件地址不在这台服务器",
    552: "邮件过大或对方邮箱已满",
    553: "收件地址写法不对",
    554: "邮件被拒收",
}


async def connected(server: Server, sender: str) -> aiosmtplib.SMTP:
    """A logged-in connection. Raise `TryLater`."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=server.trust(),
        local_hostname=threading.domain(sender),
        timeout=TIMEOUT,
    )
    try:
        await _open(client, server)
    except BaseException:
        client.close()
        raise
    return client


async def hand_over(client: aiosmtplib.SMTP, recipient: str, mail: bytes) -> None:
    """Have one mail accepted for one recipient, after its MAIL FROM.

    Raise `TryLater` or `Refused`, or `OutcomeUnknown` when the connection was lost after the mail went out.
    """
    try:
        await client.rcpt(recipient)
    except aiosmtplib.SMTPResponseException as answer:
        _refuse(answer.code, answer.message)
    except (aiosmtplib.SMTPException, OSError) as lost:
        raise interrupted() from lost
    try:
        await client.data(mail, timeout=DATA_TIMEOUT)
    except aiosmtplib.SMTPDataError as answer:
        _refuse(answer.code, answer.message)
    except (aiosmtplib.SMTPException, OSError) as lost:
        raise OutcomeUnknown("邮件已发出，但服务器没有确认是否收下", code="connection") from lost


def interrupted() -> TryLater:
    return TryLater("与邮件服务器的连接中断", code="connection")


async def leave(client: aiosmtplib.SMTP) -> None:
    """End a connection politely, but soon; what became of its mails is settled."""
    with suppress(aiosmtplib.SMTPException, OSError):
        await asyncio.wait_for(client.quit(), 5)
    client.close()


async def _open(client: aiosmtplib.SMTP, server: Server) -> None:
    try:
        await client.connect()
        if server.user:
            await client.login(server.user, server.password)
    except aiosmtplib.SMTPAuthenticationError as answer:
        # A wrong password is ours to mend, not the message's fault; asking again soon gets accounts locked.
        raise TryLater("发信账号或授权码被邮件服务器拒绝", str(answer.code), after=timedelta(minutes=15)) from None
    except (ssl.SSLError, aiosmtplib.SMTPNotSupported) as unsafe:
        raise TryLater("无法与邮件服务器建立加密连接", code="tls", after=timedelta(minutes=15)) from unsafe
    except (aiosmtplib.SMTPException, OSError) as lost:
        tls = isinstance(lost.__cause__, ssl.SSLError)
        reason = "邮件服务器的证书无法验证" if tls else "无法连接邮件服务器"
        raise TryLater(reason, code="tls" if tls else "connection") from lost


def _refuse(code: int, said: str) -> NoReturn:
    raise refusal(code, said)


def refusal(code: int, said: str) -> SendError | OutcomeUnknown:
    """What an SMTP answer means to us. `said` may name people: it is read and never passed on."""
    match = _ENHANCED.search(said)
    status = match[0] if match else ""
    shown = f"{code} {status}".strip()
    if 400 <= code < 500:
        return TryLater(_REASONS.get(status) or _BY_CODE.get(code, "邮件服务器要求稍后再试"), shown)
    if 500 <= code < 600:
        if status in _GONE or (code in (550, 551, 553) and _GONE_WORDS.search(said)):
            return Refused("收件地址不存在", shown, recipient_gone=True)
        return Refused(_REASONS.get(status) or _BY_CODE.get(code, "邮件被拒收"), shown)
    return OutcomeUnknown("邮件服务器的回答无法理解", shown)
