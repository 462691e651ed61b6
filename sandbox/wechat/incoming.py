"""What people write and do, as the fields of a callback and as an entry on their own phone."""

from collections.abc import Callable

from sandbox.asks import BadAsk, Json, parts, signed_number, text, upload
from sandbox.phone import Entry
from sandbox.wechat.uploads import LIFE
from sandbox.wechat.xml import Fields
from sandbox.world import World

Written = tuple[Fields, Entry]


def written(world: World, given: Json) -> tuple[str, Fields, Entry]:
    """The kind of a message, its own fields, and its entry. Raise `BadAsk`."""
    kind = text(given, "kind", "image" if parts(given, "media") else "text")
    make = _WRITERS.get(kind)
    if make is None:
        raise BadAsk(f"kind should be one of {', '.join(_WRITERS)}")
    return kind, *make(world, given)


def event(action: str, given: Json) -> tuple[Fields, str]:
    """The fields of an event, and what the person's phone says they did. Raise `BadAsk`."""
    make = _EVENTS.get(action)
    if make is None:
        raise BadAsk(f"action should be one of check, {', '.join(_EVENTS)}")
    return make(given)


def _text(_world: World, given: Json) -> Written:
    fields: Fields = {"Content": text(given, "text")}
    if choice := text(given, "menu_id", ""):
        fields["bizmsgmenuid"] = choice
    return fields, Entry("out", "text", text(given, "text"))


def _file(kind: str) -> Callable[[World, Json], Written]:
    def make(world: World, given: Json) -> Written:
        files = parts(given, "media")
        if len(files) != 1:
            raise BadAsk("media should hold exactly one file")
        file = upload(files[0])
        key = world.keep(file.name, file.content_type, file.content, LIFE)
        fields: Fields = {"MediaId": key}
        if kind == "image":
            fields = {"PicUrl": world.media_url(key), "MediaId": key}
        elif kind == "voice":
            fields |= {"Format": "amr", "Recognition": ""}
        else:
            fields["ThumbMediaId"] = key
        return fields, Entry("out", kind, media=(world.shown(file.name, file.content_type, key),))

    return make


def _location(_world: World, given: Json) -> Written:
    latitude, longitude = signed_number(given, "latitude"), signed_number(given, "longitude")
    label = text(given, "label", "")
    fields: Fields = {"Location_X": latitude, "Location_Y": longitude, "Scale": 15, "Label": label}
    card = {"latitude": latitude, "longitude": longitude, "label": label}
    return fields, Entry("out", "location", label, card=card)


def _link(_world: World, given: Json) -> Written:
    card = {name: text(given, name, "") for name in ("title", "description", "url")}
    fields: Fields = {"Title": card["title"], "Description": card["description"], "Url": card["url"]}
    return fields, Entry("out", "link", card["title"], card=card)


_WRITERS: dict[str, Callable[[World, Json], Written]] = {
    "text": _text,
    "image": _file("image"),
    "voice": _file("voice"),
    "video": _file("video"),
    "shortvideo": _file("shortvideo"),
    "location": _location,
    "link": _link,
}


def _followed(given: Json) -> tuple[Fields, str]:
    fields: Fields = {"Event": "subscribe", "EventKey": ""}
    if scene := text(given, "scene", ""):
        fields = {"Event": "subscribe", "EventKey": f"qrscene_{scene}", "Ticket": f"sandbox_{scene}"}
    return fields, "关注了公众号"


def _unfollowed(_given: Json) -> tuple[Fields, str]:
    return {"Event": "unsubscribe", "EventKey": ""}, "取消了关注"


def _scanned(given: Json) -> tuple[Fields, str]:
    scene = text(given, "scene", "")
    return {"Event": "SCAN", "EventKey": scene, "Ticket": f"sandbox_{scene}"}, "扫描了二维码"


def _chose(given: Json) -> tuple[Fields, str]:
    if url := text(given, "url", ""):
        return {"Event": "VIEW", "EventKey": url}, f"打开了 {url}"
    key = text(given, "key")
    return {"Event": "CLICK", "EventKey": key}, f"点击了菜单「{text(given, 'name', key)}」"


_EVENTS: dict[str, Callable[[Json], tuple[Fields, str]]] = {
    "follow": _followed,
    "unfollow": _unfollowed,
    "scan": _scanned,
    "menu": _chose,
}
