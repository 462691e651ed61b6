"""What an account sends: checked as the platform checks it, and turned into what the person's phone shows."""

from collections.abc import Callable, Mapping

from sandbox.asks import Json
from sandbox.phone import Entry, Shown
from sandbox.wechat.errors import Trouble
from sandbox.world import World

LONGEST_TEXT = 2048
"""Bytes of UTF-8 in one text."""


def custom_entry(world: World, message: Json) -> Entry:
    """A customer-service message as an entry. Raise `Trouble`."""
    kind = message.get("msgtype")
    make = _MAKERS.get(kind) if isinstance(kind, str) else None
    if make is None:
        raise Trouble(40008)
    content = message.get(str(kind))
    if not isinstance(content, Mapping):
        raise Trouble(44004 if kind == "text" else 47001)
    entry = make(world, content)
    entry.direction, entry.via, entry.state = "in", "api", "delivered"
    return entry


def passive_entry(world: World, reply: Json) -> Entry:
    """A reply inside the callback's answer as an entry; its XML names differ from the API's. Raise `Trouble`."""
    kind = str(reply.get("MsgType", ""))
    if kind == "text":
        entry = _text(world, {"content": reply.get("Content")})
    elif kind in {"image", "voice", "video"}:
        inner = reply.get(kind.capitalize())
        entry = _file(kind)(world, {"media_id": inner.get("MediaId") if isinstance(inner, Mapping) else None})
    elif kind == "news":
        entry = _news(world, {"articles": [_article(reply)]})
    else:
        raise Trouble(40008)
    entry.direction, entry.via, entry.state = "in", "passive", "delivered"
    return entry


def _article(reply: Json) -> Json:
    articles = reply.get("Articles")
    item = articles.get("item") if isinstance(articles, Mapping) else None
    first = item[0] if isinstance(item, list) and item else item
    if not isinstance(first, Mapping):
        raise Trouble(45008)
    names = {"Title": "title", "Description": "description", "PicUrl": "picurl", "Url": "url"}
    return {ours: first.get(theirs) or "" for theirs, ours in names.items()}


def _text(_world: World, content: Json) -> Entry:
    text = content.get("content")
    if not isinstance(text, str) or not text:
        raise Trouble(44004)
    if len(text.encode()) > LONGEST_TEXT:
        raise Trouble(45002)
    return Entry("in", "text", text)


def _file(kind: str) -> Callable[[World, Json], Entry]:
    def make(world: World, content: Json) -> Entry:
        key = content.get("media_id")
        file = world.files.get(key, world.clock.now()) if isinstance(key, str) else None
        if file is None:
            raise Trouble(40007)
        title = content.get("title")
        shown = Shown(file.name, file.content_type, f"/media/{key}")
        return Entry("in", kind, title if isinstance(title, str) else "", media=(shown,))

    return make


def _news(_world: World, content: Json) -> Entry:
    articles = content.get("articles")
    if not isinstance(articles, list) or len(articles) != 1 or not isinstance(articles[0], Mapping):
        raise Trouble(45008)
    article = articles[0]
    card = {name: str(article.get(name) or "") for name in ("title", "description", "url", "picurl")}
    return Entry("in", "news", card["title"], card=card)


def _menu(_world: World, content: Json) -> Entry:
    choices = content.get("list")
    if not isinstance(choices, list) or not all(isinstance(each, Mapping) for each in choices) or not choices:
        raise Trouble(47001)
    shown = [{"id": str(each.get("id", "")), "content": str(each.get("content", ""))} for each in choices]
    card = {"choices": shown, "tail": str(content.get("tail_content", ""))}
    return Entry("in", "msgmenu", str(content.get("head_content", "")), card=card)


def _card(kind: str) -> Callable[[World, Json], Entry]:
    def make(_world: World, content: Json) -> Entry:
        title = content.get("title")
        return Entry("in", kind, title if isinstance(title, str) else kind, card=dict(content))

    return make


_MAKERS: Mapping[str, Callable[[World, Json], Entry]] = {
    "text": _text,
    "image": _file("image"),
    "voice": _file("voice"),
    "video": _file("video"),
    "news": _news,
    "msgmenu": _menu,
    "music": _card("music"),
    "mpnewsarticle": _card("mpnewsarticle"),
    "miniprogrampage": _card("miniprogrampage"),
    "wxcard": _card("wxcard"),
}


def template_entry(message: Json) -> Entry:
    """A template message as an entry: the fields in order, and where a tap leads."""
    data = message.get("data")
    if not isinstance(data, Mapping):
        raise Trouble(47001)
    fields = [
        {"name": str(name), "value": str(each.get("value", "") if isinstance(each, Mapping) else each)}
        for name, each in data.items()
    ]
    text = "\n".join(field["value"] for field in fields)
    card = {"template_id": message.get("template_id"), "url": message.get("url", ""), "fields": fields}
    return Entry("in", "template", text, via="template", state="sent", card=card)
