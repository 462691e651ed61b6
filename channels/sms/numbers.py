"""Telephone numbers: one form for each, and which of them no text should be sent to."""

import re

import phonenumbers
from phonenumbers import PhoneNumberType

from core.errors import Refused, UnreadablePayload

REGION = "CN"
MAINLAND = "+86"
MAINLAND_MOBILE = re.compile(r"\+861[3-9]\d{9}")

# What is certainly no mobile. In the Americas the plan does not tell landlines from mobiles: those may be tried.
NOT_MOBILE: dict[int, str] = {
    PhoneNumberType.FIXED_LINE: "这是座机号码，不能接收短信",
    PhoneNumberType.TOLL_FREE: "这是免费服务号码，不能接收短信",
    PhoneNumberType.PREMIUM_RATE: "这是高额收费号码，不能发送短信",
    PhoneNumberType.SHARED_COST: "这是 400 一类的服务号码，不能接收短信",
    PhoneNumberType.UAN: "这是企业服务号码，不能接收短信",
    PhoneNumberType.PAGER: "这是寻呼号码，不能接收短信",
    PhoneNumberType.VOICEMAIL: "这是语音信箱号码，不能接收短信",
}


def check_recipient(number: str) -> None:
    """Raise `Refused` for a number that is none in E.164, or that no text can reach."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise Refused("这不是完整的手机号码，不能发送短信", code="number", recipient_gone=True) from None
    if reason := NOT_MOBILE.get(phonenumbers.number_type(parsed)):
        raise Refused(reason, code="not_mobile", recipient_gone=True)
    if number.startswith(MAINLAND):
        check_mainland(number)


def check_mainland(number: str) -> None:
    """Raise `Refused` for anything but a mobile number of mainland China in E.164."""
    if not MAINLAND_MOBILE.fullmatch(number):
        raise Refused("这不是中国大陆的手机号码，不能发送短信", code="not_mobile", recipient_gone=True)


def e164(number: str) -> str:
    """The number in E.164; short codes and sender names as they are. Raise `UnreadablePayload` for anything else."""
    number = number.strip()
    if _looks_dialled(number):
        try:
            parsed = phonenumbers.parse(number, REGION)
        except phonenumbers.NumberParseException:
            parsed = None
        if parsed and phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z .&_-]{0,19}", number):
        return number
    raise UnreadablePayload("no number")


def _looks_dialled(number: str) -> bool:
    """Digits as people and networks write them; eight and fewer without a country are a short code."""
    digits = re.fullmatch(r"[+＋]?[\d ().-]{3,32}", number)
    return digits is not None and (number[0] in "+＋" or len(number) > 8)
