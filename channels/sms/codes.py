"""Twilio's error codes, in an answer to a send or in a status callback: what each means, and what the agent reads.

Source: twilio.com/docs/api/errors. Codes that are not listed are refusals.
"""

from datetime import timedelta

from core.errors import Refused, SendError, TryLater

LATER: dict[int, tuple[timedelta | None, str]] = {
    20003: (timedelta(minutes=10), "短信服务商不接受本账号的凭证，请管理员检查 Auth Token"),
    20005: (timedelta(hours=1), "短信账号未激活或已停用，请管理员处理"),
    20429: (None, "短信发送过于频繁，稍后自动重试"),
    14107: (timedelta(minutes=1), "短信发送过于频繁，稍后自动重试"),
    21611: (timedelta(minutes=10), "短信服务商的发送队列已满，稍后自动重试"),
    30001: (timedelta(minutes=10), "短信服务商的发送队列已满，稍后自动重试"),
    30002: (timedelta(hours=1), "短信账号已被停用，请管理员处理"),
    63038: (timedelta(hours=1), "今天可发送的短信条数已用完，稍后自动重试"),
}

# The number cannot be reached at all, or its owner does not want to be.
GONE: dict[int, str] = {
    21211: "手机号码无效",
    21214: "手机号码无法接通",
    21217: "手机号码格式不对",
    21610: "对方已退订短信，不能发送",
    21614: "这不是可以接收短信的手机号码",
    30005: "号码是空号或已停机",
    30006: "这是座机，或运营商不支持短信",
}

REFUSED: dict[int, str] = {
    21408: "短信账号没有开通向这个国家或地区发送",
    21602: "短信内容是空的",
    21604: "没有填写收信号码",
    21606: "本账号的发送号码不能发短信，请管理员检查",
    21609: "接收状态回执的网址无效，请管理员检查 PUBLIC_URL",
    21612: "现在的发送号码发不到这个号码",
    21617: "短信超过 1600 字符",
    21619: "短信内容是空的",
    21620: "附件地址无效",
    21659: "本账号的发送号码不属于这个短信账号，请管理员检查",
    21660: "本账号的发送号码不属于这个短信账号，请管理员检查",
    21703: "短信账号没有可用的发送号码，请管理员检查",
    30003: "对方手机关机或不在服务区",
    30004: "对方拦截了短信",
    30007: "短信被运营商当作垃圾短信拦截，请检查内容（不要带链接）",
    30008: "短信没有送达，原因不明",
    30010: "短信费用超过设定的上限",
    30019: "短信内容过大",
    30022: "运营商限制了发送速度",
    30034: "发送号码没有登记，被运营商拒绝",
    30410: "运营商没有及时回应",
    30453: "短信内容不合规，被拒绝",
}


def error_for(code: int, after: timedelta | None = None) -> SendError:
    """The error that a code in the answer to a send stands for; `after` is what the provider wished itself."""
    if code in LATER:
        wait, reason = LATER[code]
        return TryLater(reason, str(code), after or wait)
    if code in GONE:
        return Refused(GONE[code], str(code), recipient_gone=True)
    return Refused(REFUSED.get(code, "短信服务商拒绝了这条短信，请管理员查询错误码"), str(code))


def reason_for(code: str) -> str:
    """The sentence for a code in a status callback."""
    if not (code.isascii() and code.isdecimal()):
        return "短信没有送达"
    number = int(code[:9])
    if number in LATER:
        return LATER[number][1].removesuffix("，稍后自动重试")
    return GONE.get(number) or REFUSED.get(number) or "短信没有送达"
