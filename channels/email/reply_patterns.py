"""How mail clients mark the older mail and signatures. Every pattern looks at a bounded piece of a line or a few lines.

Sources: the clients' own output (QQ, 163, Foxmail, Outlook, Apple Mail, Gmail, Thunderbird) in their languages.
"""

import re
from collections.abc import Sequence

LONGEST_LINE = 600
"""Characters of a line that can be a client's mark; longer ones are somebody's paragraph."""

_SEPARATOR = re.compile(
    r"\s*[-_=—*]{2,}\s*(?:原始邮件|原始郵件|邮件原件|原邮件|回复的原邮件|回复的邮件|"
    r"original(?:\s+(?:message|appointment|mail))?|reply message|urspr(?:ü|ue?)ngliche (?:nachricht|mail)|"
    r"antwort nachricht|"
    r"oprindelig (?:meddelelse|besked)|message d'origine|message original|mensaje original|mensagem original|"
    r"oorspronkelijk bericht|messaggio originale|ursprungligt meddelande|opprinnelig melding|"
    r"alkuperäinen viesti|"
    r"исходное сообщение|пересылаемое сообщение|original-nachricht|元のメッセージ|원본 메(?:시|일)지?|"
    r"wiadomość oryginalna|původní zpráva|eredeti üzenet)\s*[-_=—*]{2,}\s*",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*(?:[-_=—*]{2,}\s*(?:forwarded (?:message|by)|(?:已?转发|轉寄|已轉寄)的?(?:原?邮件|郵件)(?:信息)?)"
    r"|(?:begin forwarded message|(?:开始转发|以下是转发|下面是被转发)的?邮件|開始轉寄郵件)\s*[:：])",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"\s*(?:\[[^\]]{1,20}\]\s*)?(?:fwd?|转发|轉寄|轉發)\s*[:：]", re.IGNORECASE)
_LIST_RULE = re.compile(r"_{2,}\s*")
_RULE = re.compile(r"\s*[-_=—*]{5,}\s*")
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,190}\.[^\s<>@]{2,24}")

_LABELS = {
    "from": r"发件人|寄件者|寄件人|發件人|发信人|from|von|de|da|van|fra|från|od|от|от кого|lähettäjä|feladó|"
    "gönderen|差出人|送信元|보낸사람|보낸 사람",
    "sent": (
        "发送时间|发送日期|日期|时间|寄件日期|傳送時間|發送時間|日期時間|sent|date|sent at|gesendet|datum|"
        "envoyé|envoyé le|"
        "enviado|enviado el|fecha|data|inviato|verzonden|sendt|dato|skickat|lähetetty|wysłano|дата|отправлено|"
        "送信日時|日付|보낸날짜|날짜"
    ),
    "to": r"收件人|收件者|to|an|à|para|a|aan|til|till|do|кому|vastaanottaja|címzett|宛先|받는사람|받는 사람",
    "copy": "抄送|副本|密送|cc|bcc|kopie|copie à|kopi|копия|참조",
    "subject": r"主题|主旨|标题|subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|temat|тема|"
    "aihe|tárgy|件名|제목",
    "other": "附件|重要性|优先级|attachments?|importance|reply-to|回复|organization|x-mailer",
}
_LABEL = re.compile(
    r"[\s>*_]{0,12}(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _LABELS.items())
    + r")\s{0,40}\*?\s?[:：]\*?",
    re.IGNORECASE,
)
_HAS_DATE = re.compile(
    r"\d{1,4}\s?[-/.年月]\s?\d{1,2}|\d{1,2}[:.]\d{2}|\b(?:19|20)\d\d\b|"
    r"\b\d{1,2}\.?\s+\w{3,}"
)

_DATE_START = (
    r"(?:\d{4}\s?[-/.年]\s?\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}[.-]?\s?[^\W\d]{3,12}"
    r"|[^\W\d]{2,12}[.,]{0,2}\s+(?:le\s+|den\s+)?\d{1,2}|[^\W\d]{2,12}\.?,?\s+[^\W\d]{3,12}\.?\s+\d{1,2})"
)
_VERB = (
    r"(?:写道|写到|寫道|來信|wrote|writes|schrieb|geschrieben|a écrit|a ecrit|escribió|escreveu|ha scritto|"
    r"scrisse|schreef|"
    r"geschreven|skrev|skrifaði|napisał(?:\(a\))?|napsal\(?a?\)?|kirjoitti|написал(?:а|\(а\))?|пишет|írta|"
    r"yazdı|さんは書きました|작성)"
)
_WROTE = re.compile(rf"{_VERB}\s?[:：]?\s*-*\s*$", re.IGNORECASE)
_ON = re.compile(
    rf"(?:^|[\s\-_]|(?<=[^\x00-\xff]))(?P<start>(?:on|at|在|于|"
    rf"於)\s?(?={_DATE_START}))",
    re.IGNORECASE,
)
_OPENING = re.compile(
    rf"[\s\-_>]{{0,12}}(?:(?:on|at|am|le|el|il|em|op|den|på|dnia|w dniu|dne|在|于|於)\s?,?\s?)?{_DATE_START}",
    re.IGNORECASE,
)
_NAMED = re.compile(r"^.{0,120}?(?:<[^<>]{3,200}>?|\bvia\b|于|於|在).{0,120}$")
_DATED_NAME = re.compile(rf"{_DATE_START}.{{0,200}}<\s?[^<>]{{3,200}}>\s?[:：]\s*$", re.IGNORECASE)

_SIGNATURE = re.compile(
    r"--\s?$"
    r"|\s*(?:发自|傳自|從我的|发送自)\s*(?:我的|網易|网易|QQ|Foxmail|阿里|新浪|华为|小米|iPhone|iPad|Outlook|"
    r"企业微信|邮箱|飞书|钉钉).{0,60}$"
    r"|\s*(?:从|由)\s?(?:我的|QQ|网易|Outlook|华为|小米).{0,40}(?:发送|发出|获取|邮箱).{0,20}$"
    r"|\s*(?:获取|下载) ?(?:适用于|iOS|Android).{0,20}(?:Outlook|QQ).{0,60}$"
    r"|\s*本(?:邮件|郵件|电子邮件)(?:及|和|[（(]?包?含).{0,12}附件.{0,200}保密"
    r"|\s*(?:sent from (?:my |(?:mail|outlook|yahoo|typeapp|proton|samsung|the all-new|[\w ]{0,20}<http))|"
    r"get outlook for|"
    r"sent (?:via|with) (?:the )?(?:my |[\w ]{0,20}(?:mail|mobile|phone))|envoyé (?:de|à partir de|depuis) |"
    r"von meinem |gesendet von |"
    r"enviado (?:desde|do) |inviato da |verzonden vanaf |verstuurd vanaf |sendt fra |skickat från |wysłane z |"
    r"отправлено (?:с|из) ).{0,100}$",
    re.IGNORECASE,
)


def separator(line: str) -> bool:
    """A line such as `------------------ 原始邮件 ------------------`."""
    return len(line) < 200 and bool(_SEPARATOR.fullmatch(line.replace("&nbsp;", " ")))


def forwarding(line: str) -> bool:
    """From here on stands what the person wants us to read: a mail they pass on, not one they answer."""
    return bool(_FORWARDED.match(line[:LONGEST_LINE]))


def forwards(subject: str) -> bool:
    """Whether a whole mail passes another on: QQ and Outlook mark what they forward just as they mark quotes."""
    return bool(_FORWARD_SUBJECT.match(subject))


def list_footer(lines: Sequence[str], at: int) -> bool:
    """The rule and name that mailing list software appends."""
    named = at + 1 < len(lines) and "mailing list" in lines[at + 1][:LONGEST_LINE].lower()
    return named and bool(_LIST_RULE.fullmatch(lines[at][:LONGEST_LINE]))


def rule(line: str) -> bool:
    """A line of dashes or underscores."""
    return bool(_RULE.fullmatch(line[:LONGEST_LINE]))


def address_alone(line: str) -> bool:
    return bool(_ADDRESS.fullmatch(line.strip()[:LONGEST_LINE]))


def signature(line: str) -> bool:
    """Where a signature, a phone's advertisement or a confidentiality notice begins."""
    return len(line) < LONGEST_LINE and bool(_SIGNATURE.match(line.rstrip()))


def header_block(lines: Sequence[str], at: int) -> bool:
    """Whether an older mail's headers begin here: several labels, and among their values an address or a date.

    A person who writes 主题: or 发件人: about something else has neither.
    """
    labels: set[str] = set()
    proof = False
    wrapped = 0
    for line in lines[at : at + 14]:
        found = _LABEL.match(line[:LONGEST_LINE])
        if found is None:
            wrapped += 1
            if not labels or wrapped > 2 or (not line.strip() and wrapped > 1):
                break
            continue
        wrapped = 0
        labels.add(str(found.lastgroup))
        value = line[found.end() : found.end() + LONGEST_LINE]
        proof = proof or _proves(str(found.lastgroup), value)
    return len(labels & _TELLING) >= 1 and len(labels) >= 2 and (proof or len(labels) >= 4)


_TELLING = {"from", "sent"}


def _proves(label: str, value: str) -> bool:
    if label == "sent":
        return bool(_HAS_DATE.search(value))
    return label == "from" and ("@" in value or "[" in value)


def introduction(lines: Sequence[str], at: int) -> int:
    """How many lines, from here, say who wrote the older mail and when; 0 if these do not."""
    if not lines[at].strip():
        return 0
    said = ""
    for count, line in enumerate(lines[at : at + 4], 1):
        if not line.strip() or len(line) > LONGEST_LINE:
            return 0
        said = f"{said} {line.strip()}" if said else line.rstrip()
        if _introduces(said):
            return count
        if count == 1 and not _may_open(said):
            return 0
    return 0


def before_introduction(line: str) -> str:
    """What stands on the line in front of `On …, … wrote:`."""
    found = _ON.search(line[-LONGEST_LINE:])
    before = line[:-LONGEST_LINE] + line[-LONGEST_LINE:][: found.start()] if found and found["start"].isascii() else ""
    return "" if "@" in before else before.rstrip("-_ ")


def _introduces(said: str) -> bool:
    if _WROTE.search(said[-60:]):
        dated = _OPENING.match(said) or _ON.search(said[-LONGEST_LINE:])
        return bool(dated or (_ADDRESS.search(said) and _HAS_DATE.search(said)) or _address_then_verb(said))
    if said.rstrip().endswith((":", "：")):
        return bool(_OPENING.match(said) and (_DATED_NAME.search(said) or _dated_sender(said)))
    return bool(_VERB_EARLY.match(said))


_VERB_EARLY = re.compile(
    rf"(?:[\s\-_]{{0,12}}(?:am|den|dne|op|på)?\s?{_DATE_START}).{{0,80}}\b(?:schrieb|skrev|"
    rf"schreef)\s.{{0,120}}(?:>|@[^\s]+)\s?[:：]\s*$",
    re.IGNORECASE,
)


def _address_then_verb(said: str) -> bool:
    """`张三 <a@example.com> 写道：`"""
    return bool(_CHINESE_SENDER.search(said))


_CHINESE_SENDER = re.compile(r"^.{0,80}<[^<>\s]{3,200}>\s{0,3}(?:写道|写到|寫道)\s?[:：]?\s*$")


def _dated_sender(said: str) -> bool:
    return bool(_ADDRESS.search(said)) and bool(_HAS_DATE.search(said)) and said.rstrip()[-2:-1] in '>)"”'


def _may_open(said: str) -> bool:
    """Whether a first line could go on as an introduction: a date, or a name with the beginning of an address."""
    return bool(
        _OPENING.match(said) or _ON.search(said) or (_HAS_DATE.search(said) and "<" in said) or _NAMED.match(said)
    )
