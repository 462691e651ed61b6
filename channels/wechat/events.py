"""What an official account's payload means: 接收普通消息 and 接收事件推送 in WeChat's documentation."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from channels.wechat.payload import prose, word
from core.errors import UnreadablePayload
from core.messages import (
    ContactChange,
    ContactChanged,
    DeliveryState,
    DeliveryUpdate,
    Event,
    Media,
    MessageKind,
    MessageReceived,
    Person,
)

LONGEST_OPENID = 128

# MsgType → our kind, the file's name and its type. Every other type is kept as OTHER.
KINDS: dict[str, MessageKind] = {
    "text": MessageKind.TEXT,
    "image": MessageKind.IMAGE,
    "voice": MessageKind.VOICE,
    "video": MessageKind.VIDEO,
    "shortvideo": MessageKind.VIDEO,
    "file": MessageKind.FILE,
    "location": MessageKind.LOCATION,
    "link": MessageKind.LINK,
}
FILES: dict[MessageKind, tuple[str, str]] = {
    MessageKind.IMAGE: ("图片.jpg", "image/jpeg"),
    MessageKind.VOICE: ("语音.amr", "audio/amr"),
    MessageKind.VIDEO: ("视频.mp4", "video/mp4"),
}

# TEMPLATESENDJOBFINISH writes `failed:user block` as well as `failed: system failed`.
TEMPLATE_FAILURES: dict[str, str] = {
    "user block": "对方拒收公众号的消息",
    "system failed": "微信系统发送失败",
    "freq limit": "发送过于频繁，被微信限制",
}


def read_events(root: Element, plain: bytes) -> Sequence[Event]:
    """The events of one payload; `plain` is its whole decrypted body. Raise `UnreadablePayload`."""
    sender, kind = word(root, "FromUserName"), word(root, "MsgType").lower()
    if not kind or not 0 < len(sender) <= LONGEST_OPENID:
        raise UnreadablePayload("no sender or no message type")
    if kind != "event":
        return (_message(root, plain, sender, kind),)
    read = EVENTS.get(word(root, "Event").lower())
    return read(root, _digest(plain), Person(sender)) if read else ()


def _message(root: Element, plain: bytes, sender: str, kind: str) -> MessageReceived:
    ours = KINDS.get(kind, MessageKind.OTHER)
    id_ = word(root, "MsgId")
    known = re.fullmatch(r"[0-9]{1,20}", id_) is not None
    return MessageReceived(
        # WeChat repeats a call up to three times with the same MsgId.
        dedupe_key=f"msgid:{id_}" if known else _digest(plain),
        sender=Person(sender),
        text=TEXTS.get(kind, _unsupported)(root),
        kind=ours,
        provider_id=id_ if known else "",
        sent_at=_moment(root),
        media=_media(root, ours),
    )


def _media(root: Element, kind: MessageKind) -> tuple[Media, ...]:
    """Only MediaId: PicUrl and other addresses inside a payload are never fetched."""
    reference = word(root, "MediaId")
    if kind not in FILES or not reference:
        return ()
    name, content_type = FILES[kind]
    if kind is MessageKind.VOICE and word(root, "Format").lower() == "speex":
        name, content_type = "语音.speex", "audio/speex"
    return (Media(name, content_type, reference=reference),)


def _voice(root: Element) -> str:
    # Recognition is being withdrawn by WeChat; where it still comes, it is what the person said.
    return prose(root, "Recognition") or "[语音]"


def _video(root: Element) -> str:
    return "" if word(root, "MediaId") else "[视频无法获取]"


def _location(root: Element) -> str:
    place = prose(root, "Label") or "未命名地点"
    return f"[位置] {place}（纬度 {word(root, 'Location_X')}，经度 {word(root, 'Location_Y')}）"


def _link(root: Element) -> str:
    lines = ("[链接] " + prose(root, "Title"), prose(root, "Description"), word(root, "Url"))
    return "\n".join(line for line in lines if line)


def _unsupported(_root: Element) -> str:
    return "[暂不支持的消息]"


TEXTS: dict[str, Callable[[Element], str]] = {
    "text": lambda root: prose(root, "Content") or "[空消息]",
    "image": lambda root: "" if word(root, "MediaId") else "[图片无法获取]",
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "file": lambda root: "[文件] " + prose(root, "Title"),
    "location": _location,
    "link": _link,
    "miniprogrampage": lambda root: "[小程序卡片] " + prose(root, "Title"),
}


def _followed(root: Element, key: str, sender: Person) -> Sequence[Event]:
    """EventKey says where they came from, `qrscene_…` for a QR code."""
    detail = word(root, "EventKey")
    return (ContactChanged(key, sender, ContactChange.FOLLOWED, _moment(root), detail),)


def _unfollowed(root: Element, key: str, sender: Person) -> Sequence[Event]:
    return (ContactChanged(key, sender, ContactChange.UNFOLLOWED, _moment(root)),)


def _clicked(root: Element, key: str, sender: Person) -> Sequence[Event]:
    """A menu item stands for what the person would have written; its key is the text."""
    text = prose(root, "EventKey")
    return _said(root, key, sender, text) if text else ()


def _scanned(root: Element, key: str, sender: Person) -> Sequence[Event]:
    """scancode_waitmsg: they scanned something (a product's plate) from the menu and wait for an answer."""
    return _said(root, key, sender, "[扫码] " + prose(root, "ScanCodeInfo/ScanResult"))


def _said(root: Element, key: str, sender: Person, text: str) -> Sequence[Event]:
    return (MessageReceived(key, sender, text, sent_at=_moment(root)),)


def _template_done(root: Element, key: str, _sender: Person) -> Sequence[Event]:
    # Unlike in messages, the name ends in a capital D.
    provider_id = word(root, "MsgID")
    if not provider_id:
        raise UnreadablePayload("a receipt that names no message")
    status = word(root, "Status").lower()
    cause = status.removeprefix("failed:").strip()
    done = status == "success"
    return (
        DeliveryUpdate(
            key,
            provider_id,
            state=DeliveryState.DELIVERED if done else DeliveryState.FAILED,
            code="" if done else cause[:40],
            reason="" if done else TEMPLATE_FAILURES.get(cause, "微信没有送达这条模板消息"),
            at=_moment(root),
        ),
    )


def _notice_sent(root: Element, key: str, _sender: Person) -> Sequence[Event]:
    """subscribe_msg_sent_event: one `List` element for each notice."""
    return [
        _notice(item, f"{key}:{place}", _moment(root))
        for place, item in enumerate(root.findall("SubscribeMsgSentEvent/List"))
        if word(item, "MsgID")
    ]


def _notice(item: Element, key: str, at: datetime | None) -> DeliveryUpdate:
    code = word(item, "ErrorCode")[:40]
    if code == "0":
        return DeliveryUpdate(key, word(item, "MsgID"), DeliveryState.DELIVERED, at=at)
    return DeliveryUpdate(key, word(item, "MsgID"), DeliveryState.FAILED, code, "微信没有送达这条订阅通知", at)


# Event (lower case) → how it is read. All others (VIEW, SCAN, LOCATION, pic_*, location_select, card_*, kf_* …) are
# nothing a person said to us, or are followed by a message of their own: they are acknowledged and leave no event.
EVENTS: dict[str, Callable[[Element, str, Person], Sequence[Event]]] = {
    "subscribe": _followed,
    "unsubscribe": _unfollowed,
    "click": _clicked,
    "scancode_waitmsg": _scanned,
    "templatesendjobfinish": _template_done,
    "subscribe_msg_sent_event": _notice_sent,
}


def _moment(root: Element) -> datetime | None:
    """CreateTime, in seconds."""
    seconds = word(root, "CreateTime")
    return datetime.fromtimestamp(int(seconds), UTC) if re.fullmatch(r"[0-9]{1,11}", seconds) else None


def _digest(plain: bytes) -> str:
    """Events have no id and CreateTime only counts seconds: the whole body tells one from the next."""
    return "body:" + hashlib.sha256(plain).hexdigest()
