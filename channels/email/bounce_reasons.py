"""Why a mail came back: what mail systems say, in words and codes (RFC 3463), to what we tell an agent."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """`hard`: the address or its domain is gone. `reason` is zh-CN and quotes nothing."""

    hard: bool
    reason: str


FULL = Reason(False, "对方邮箱已满")
SUSPENDED = Reason(False, "对方邮箱已停用")
TOO_BIG = Reason(False, "邮件超过对方允许的大小")
SPAM = Reason(False, "邮件被对方当作垃圾邮件拒收")
BLOCKED = Reason(False, "我方发信服务器被对方拒绝")
AUTHENTICATION = Reason(False, "发信域名未通过对方的 SPF/DKIM/DMARC 检查")
TOO_MANY = Reason(False, "发送过于频繁，被对方限制")
EXPIRED = Reason(False, "多次尝试后仍无法送达")
NETWORK = Reason(False, "无法连接对方的邮件服务器")
SENDER = Reason(False, "对方不接受这个发件地址")
RELAY = Reason(False, "对方服务器不代收这个地址的邮件")
SYSTEM = Reason(False, "对方邮件系统出错")
CONTENT = Reason(False, "邮件内容被对方拒收")
REFUSED = Reason(False, "对方拒收")
FILTERED = Reason(False, "对方收到后拒收，可能被过滤")
PROGRAM = Reason(False, "对方处理邮件的程序出错")
UNKNOWN_USER = Reason(True, "收件地址不存在")
UNKNOWN_HOST = Reason(True, "收件地址的域名不存在或不收邮件")
MOVED = Reason(True, "收件人已更换地址")

_BY_WORDS: tuple[tuple[Reason, str], ...] = (
    (PROGRAM, r"pipe to \||command output:|^\s{0,3}x-unix;|local mailer|exit (?:status|code)|unix error"),
    (NETWORK, r"host not found,? try again|try again later\W{0,3}(?:dns|name server)|temporary (?:dns|lookup|name)"),
    (
        UNKNOWN_USER,
        # Microsoft's edge refuses what its directory does not hold in these words.
        r"5\.4\.1[\w\s<>\[\]@.:-]{0,120}recipient address rejected: access denied|mailbox not found or access denied",
    ),
    (TOO_MANY, r"too many (?:invalid|unknown|bad)"),
    (
        UNKNOWN_HOST,
        (
            r"domain[\w ]{0,10} may not exist|domain is not reachable|record indicated no smtp service|"
            r"mx records? points? to (?:non-?existent|nowhere)|null mx"
        ),
    ),
    (
        MOVED,
        (
            r"has moved|no forwarding address|no longer (?:on|at) |user (?:has )?moved|address changed|已更换|"
            r"has been replaced"
        ),
    ),
    (
        FULL,
        (
            r"(?:mailbox|inbox|account|box|recipient)[\w' ]{0,20}(?:is |was )?(?:full|exceed|over)|over ?quota|"
            r"quota (?:exceed|is full|full)|"
            r"(?:exceed\w*|over)[\w ]{0,25}(?:quota|storage|mailbox|space limit)|disk quota|not enough (?:disk|"
            r"storage) space|"
            r"insufficient (?:disk|storage|system storage)|mailfolder is full|容量已满|邮箱已满|空间(?:不足|已满)|"
            r"超出.{0,6}容量|mailbox size"
        ),
    ),
    (
        SUSPENDED,
        (
            r"(?:account|user|mailbox|address|recipient)[\w<>@.' -]{0,60}(?:suspend|disabled|inactive|deactivat|"
            r"locked|discontinued|not active|frozen)|"
            r"(?:suspended|disabled|inactive|deactivated|locked) (?:account|user|mailbox|recipient|address)|停用|"
            r"冻结|被禁用|被封|长期未登录"
        ),
    ),
    (
        AUTHENTICATION,
        (
            r"\bdmarc\b|\bspf\b|\bdkim\b|sender policy framework|unauthenticated (?:e-?mail|mail)|"
            r"not pass authentication|not authenticated"
        ),
    ),
    (
        TOO_MANY,
        (
            r"too many (?:connections|messages|mails?|recipients|sessions|errors|hops)|rate.?limit|throttl|"
            r"too (?:fast|frequent)|"
            r"(?:connection|message|hourly|daily|sending)[\w ]{0,20}(?:limit|rate)[\w ]{0,10}exceed|频率|频繁|"
            r"超过.{0,10}限制|exceeded the (?:max|rate)"
        ),
    ),
    (
        TOO_BIG,
        (
            r"message (?:size|length|is too (?:big|large)|too (?:big|large|long))|exceeds? (?:the )?(?:maximum|"
            r"size|fixed|message)|"
            r"size limit|too large|邮件过大|超过.{0,8}大小"
        ),
    ),
    (
        SPAM,
        (
            r"\bspam|junk mail|unsolicited|blacklist(?:ed)? (?:url|content)|bulk mail|looks like|垃圾邮件|"
            r"spam\w* (?:content|message)|virus|malware|病毒|"
            r"high probability"
        ),
    ),
    (
        BLOCKED,
        (
            r"\bblocked\b|blacklist|black list|block ?list|\brbl\b|dnsbl|spamhaus|reputation|banned|access denied|"
            r"client host|"
            r"reverse (?:dns|lookup)|\bptr\b|helo|(?:your )?ip (?:address )?(?:is |has |was )?(?:not|block|list|"
            r"ban)|unresolvable|"
            r"connection (?:refused|rejected|denied) (?:by|due)|service (?:not )?(?:refused|denied)|黑名单|拒绝连接"
        ),
    ),
    (
        SENDER,
        (
            r"sender (?:address |domain )?(?:rejected|denied|not|verify|invalid|unknown|blocked|refused)|"
            r"from address|not allowed to send|"
            r"domain of sender|unknown sender|sender is not|mail from[:\w<>@. ]{0,60}(?:reject|denied|invalid|"
            r"not)|return ?path|envelope sender|"
            r"发件人.{0,10}(?:拒绝|无效|不存在)"
        ),
    ),
    (
        RELAY,
        (
            r"relay(?:ing)? (?:access )?(?:denied|not|prohibit|is)|not permitted to relay|no relaying|"
            r"unable to relay|insecure mail relay|relaying|rcpthosts"
        ),
    ),
    (
        UNKNOWN_USER,
        (
            r"(?:user|recipient|mailbox|address|account|alias|person|mailuser|addressee|name)(?: name|"
            r" address)?[\w<>@.,:;'\"()\[\]/ -]{0,70}?"
            r"(?:unknown|not? (?:exist|found|recogni[sz]ed|known|listed|valid|be found|here)|doesn'?t exist|"
            r"does not exist|non-?exist|not have|undefined|isn't)|"
            r"(?:unknown|no such|invalid|non-?existent|not a valid|unrouteable|unroutable|"
            r"bad(?: destination)?) (?:local )?"
            r"(?:user|recipient|mailbox|address|account|person|mail ?drop|local.?part|e-?mail|destination mailbox)|"
            r"no (?:mailbox|account|recipient|such|user)|doesn't have an? [\w.]{1,60} account|is not a (?:known|"
            r"valid)|5\.1\.(?:1|3|10)\b|"
            r"invalid (?:final )?(?:delivery )?userid|"
            r"見つかりません|リストにありません|存在しません|(?:宛|あて)先(?:が)?不明|不存在|无此用户|用户未找到|未找到.{0,6}用户|查无此人|地址(?:错误|无效)|无效的?收件"
        ),
    ),
    (
        UNKNOWN_HOST,
        (
            r"(?:host|domain|server|name)[\w<>.' -]{0,50}(?:unknown|not found|does not exist|doesn't exist|"
            r"not exist|non-?existent|nxdomain|invalid)|"
            r"(?:unknown|no such|invalid|illegal) (?:host|domain|destination system)|no (?:mx|mail exchanger)|"
            r"null ?mx|name (?:service )?(?:error|lookup)|"
            r"(?:can't|cannot|couldn't) find any (?:host|exchanger|mail)|host lookup|not accept (?:any )?(?:mail|"
            r"e-?mail)|\bnxdomain\b|域名(?:不存在|错误|无法解析)|unable to (?:look|resolve)"
        ),
    ),
    (
        UNKNOWN_USER,
        (
            r"(?:address|mailbox|user|recipient)[\w ]{0,10} (?:is )?(?:invalid|unavailable|not present|"
            r"not available or)|"
            r"can'?t accept user|nobody by that name|no one at this address|no (?:local mailbox|mail box|"
            r"valid recipient)|"
            r"recipient is not (?:local|in)|recipient not on|recip(?:ient)?notfound|no longer (?:valid|accepts mail)|"
            r"wrong or no longer|missing home directory|does not live here|invalid or unknown|badrcptto|"
            r"allowed rcpthosts|"
            r"undeliverable address|^(?:\d{3} )?address rejected"
        ),
    ),
    (
        UNKNOWN_USER,
        (
            r"(?:empfänger|benutzer|adressat)[\w ]{0,20}unbekannt|unbekannter (?:empfänger|benutzer)|"
            r"(?:adresse|utilisateur|destinataire)[\w ]{0,20}(?:inconnue?|n'existe pas)|"
            r"(?:usuario|destinatario|dirección|utente|indirizzo)[\w ]{0,20}(?:desconocid|no existe|"
            r"sconosciut|inesistente)|"
            r"(?:получатель|пользователь|адрес|ящик)[\w ]{0,20}не (?:найден|существует)|"
            r"(?:수신자|사용자|주소)[\w를을가이 ]{0,10}(?:찾을 수 없|존재하지)|(?:邮箱|收件人?|电子邮件)地址(?:有误|"
            r"不正确)"
        ),
    ),
    (
        UNKNOWN_HOST,
        (
            r"(?<!sender )domain must exist|(?:unrouteable|unroutable) mail domain|mail receiving disabled|"
            r"no host found for|"
            r"domain (?:couldn't|could not|cannot) be found|couldn't find a mail exchanger|域名解析|找不到.{0,8}域名"
        ),
    ),
    (
        EXPIRED,
        (
            r"expired|timed? ?out|retry time|retries|giving up|too long|(?:still )?(?:not|"
            r"be) (?:been )?(?:delivered|retried)|delivery temporarily|"
            r"could not be delivered for|delay|has been failing|have been failing|undelivered after|超时|"
            r"多次.{0,6}(?:尝试|投递)"
        ),
    ),
    (
        NETWORK,
        (
            r"connect(?:ion)? (?:to|was|is|has|refused|reset|lost|closed|died|error|failed|dropped|terminated)|"
            r"(?:network|no route|routing loop|unreachable)|"
            r"establish an smtp connection|could not connect|not reachable|mail (?:for .{0,50} )?loops? back|"
            r"loop detected|无法连接|连接.{0,6}失败"
        ),
    ),
    (
        SYSTEM,
        (
            r"(?:system|server|internal|configuration|resource|i/o|local|software|protocol|command) (?:error|"
            r"problem|failure|config)|unable to (?:open|write|create|process)|temporar(?:y|ily)|"
            r"try (?:again )?later|service unavailable|not available"
        ),
    ),
    (
        CONTENT,
        (
            r"content|attachment|policy|message (?:rejected|refused|denied)|not (?:acceptable|allowed|permitted)|"
            r"syntax|内容.{0,8}(?:违规|拒)|附件"
        ),
    ),
)
_WORDS = tuple((reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in _BY_WORDS)

_STATUSES: tuple[tuple[Reason, str], ...] = (
    (UNKNOWN_USER, "1.0 1.1 1.3 1.4"),
    (UNKNOWN_HOST, "1.2 1.10 4.4"),
    (MOVED, "1.6"),
    (SENDER, "1.7 1.8 1.9"),
    (REFUSED, "2.0 7.1"),
    (SUSPENDED, "2.1"),
    (FULL, "2.2"),
    (TOO_BIG, "2.3 3.4"),
    (SYSTEM, "3.0 3.1 3.2 3.3 3.5 5.0"),
    (NETWORK, "4.1 4.2 4.3 4.6"),
    (TOO_MANY, "4.5 7.28"),
    (EXPIRED, "4.7"),
    (AUTHENTICATION, "7.8 7.20 7.23 7.26"),
)
_BY_STATUS = {status: reason for reason, statuses in _STATUSES for status in statuses.split()}
_TELLING = {"1.1", "1.2", "1.3", "1.6", "1.8", "1.10", "2.2", "4.7", "7.26"}
"""Statuses that say more than the words beside them usually do."""

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,2})\.(\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-:,\])]|$)", re.MULTILINE)


def code(said: str, status: str) -> str:
    """The enhanced status that says most, or the SMTP code, or nothing."""
    found = [match[0] for match in _ENHANCED.finditer(f"{said[:4000]} {status}")]
    telling = [each for each in found if not each.endswith("0.0")]
    plain = _PLAIN.search(said[:4000])
    return next(iter(telling or found), plain[1] if plain else "")


def find(said: str, status: str) -> Reason:
    """Why it came back, by the words of the mail system and the status."""
    detail = code(said, status)
    key = detail[2:] if _ENHANCED.fullmatch(detail) else ""
    temporary = detail.startswith("4")
    flat = " ".join(said[:8000].split())
    by_words = next((reason for reason, pattern in _WORDS if pattern.search(flat)), None)
    found = _BY_STATUS.get(key) if key in _TELLING and not _softens(by_words) else by_words or _BY_STATUS.get(key)
    found = found or REFUSED
    return Reason(False, found.reason) if temporary and found.hard else found


def _softens(reason: Reason | None) -> bool:
    """Words so exact that they win over the status."""
    return reason in (PROGRAM, TOO_MANY, FULL, SUSPENDED, AUTHENTICATION, SPAM, BLOCKED, RELAY, SENDER, MOVED)
