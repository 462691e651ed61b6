"""Files to and from WeChat (临时素材): what it takes, how large, and how they come back."""

from urllib.parse import urlsplit

import aiohttp

from channels.http import Reply, request
from channels.wechat.api import Api
from core.errors import Refused, TryLater
from core.messages import Media

MB = 1024 * 1024
LARGEST = 10 * MB

# Content type → (WeChat's type, most bytes, the name that goes along: the person's own may say too much).
# Source: 新增临时素材. Its page also says 2 MB for images; the larger figure stands, WeChat refuses the rest by 40009.
UPLOADS: dict[str, tuple[str, int, str]] = {
    "image/jpeg": ("image", 10 * MB, "image.jpg"),
    "image/png": ("image", 10 * MB, "image.png"),
    "image/gif": ("image", 10 * MB, "image.gif"),
    "image/bmp": ("image", 10 * MB, "image.bmp"),
    "audio/amr": ("voice", 2 * MB, "voice.amr"),
    "audio/mpeg": ("voice", 2 * MB, "voice.mp3"),
    "video/mp4": ("video", 10 * MB, "video.mp4"),
}


async def upload(api: Api, media: Media) -> dict[str, object]:
    """Store the file with WeChat and return the message that shows it. Raise `Refused` for what it cannot show."""
    content_type = media.content_type.partition(";")[0].strip().lower()
    if content_type not in UPLOADS or media.content is None:
        raise Refused("微信只能发送图片（JPG、PNG、GIF、BMP）、语音（AMR、MP3）和视频（MP4）", code="media_type")
    kind, most, name = UPLOADS[content_type]
    if len(media.content) > most:
        raise Refused(f"文件超过微信允许的 {most // MB} MB", code="media_size")
    media_id = await api.upload("/cgi-bin/media/upload", kind, name, content_type, media.content)
    return {"msgtype": kind, kind: {"media_id": media_id}}


async def download(api: Api, http: aiohttp.ClientSession, media_id: str) -> tuple[bytes, str]:
    """The content and the type WeChat names for it. Raise `TryLater` or `Refused` (expired)."""
    reply = await api.download("/cgi-bin/media/get", {"media_id": media_id})
    if _type(reply) in {"application/json", "text/plain"}:
        # A video is not delivered here but pointed at.
        reply = await request(http, "GET", _video_url(reply), redirects=True)
        if reply.status != 200:
            raise TryLater("视频暂时无法下载，稍后自动重试", code=str(reply.status))
    return reply.body, _type(reply)


def _video_url(reply: Reply) -> str:
    try:
        url = reply.json().get("video_url")
    except ValueError:
        url = None
    if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
        raise TryLater("微信没有给出文件，稍后自动重试")
    return url


def _type(reply: Reply) -> str:
    return reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
