"""WeChat's `errcode`, which arrives inside a 200: what each one means for a send, and for the agent.

Source: developers.weixin.qq.com, 全局返回码说明 and the pages of stable_token, 客服消息, 素材管理 and 自定义菜单.
"""

from datetime import timedelta

from core.errors import Refused, SendError, TryLater

# The token is wrong or old: fetch another one and try once more.
STALE_TOKEN = frozenset({40001, 40014, 41001, 42001})

# Nothing was taken, and the same request may be taken later: (how long to wait if we know, what the agent reads).
LATER: dict[int, tuple[timedelta | None, str]] = {
    -1: (None, "微信系统繁忙，稍后自动重试"),
    40001: (None, "微信不接受本账号的凭证，请管理员检查 AppSecret"),
    40013: (None, "微信不认识本账号的 AppID，请管理员检查"),
    40014: (None, "微信不接受本账号的凭证，请管理员检查 AppSecret"),
    40125: (None, "微信不接受本账号的 AppSecret，请管理员检查"),
    40164: (timedelta(minutes=5), "服务器的 IP 不在公众号的白名单中，请管理员添加（约 5 分钟后生效）"),
    40243: (None, "本账号的 AppSecret 已被冻结，请管理员在公众平台解冻"),
    41001: (None, "微信不接受本账号的凭证，请管理员检查 AppSecret"),
    42001: (None, "微信不接受本账号的凭证，请管理员检查 AppSecret"),
    45009: (timedelta(hours=1), "今天的微信接口调用次数已用完，稍后自动重试"),
    45011: (timedelta(minutes=1), "调用微信接口过于频繁，稍后自动重试"),
    50007: (timedelta(hours=1), "本公众号已被微信冻结，请管理员处理"),
    61450: (None, "微信系统繁忙，稍后自动重试"),
}

# The person cannot be reached at all.
GONE: dict[int, str] = {
    40003: "这个微信用户不存在，或不属于本公众号",
    43004: "对方没有关注公众号，无法发送",
    43019: "对方已被公众号拉黑，无法发送",
    48002: "对方关闭了接收公众号消息，无法发送",
    50005: "对方没有关注公众号，无法发送",
}

REFUSED: dict[int, str] = {
    40004: "微信不支持这种类型的文件",
    40005: "微信不支持这种类型的文件",
    40006: "文件大小超出微信的限制",
    40007: "文件已过期或不存在，请重新上传",
    40008: "微信不支持这种类型的消息",
    40009: "图片大小超出微信的限制",
    40010: "语音大小超出微信的限制",
    40011: "视频大小超出微信的限制",
    40033: "消息中有微信不接受的字符",
    40035: "微信不接受这条消息的参数",
    40037: "模板不存在或不属于本公众号",
    41006: "消息缺少文件",
    43101: "对方没有订阅这类通知，无法发送",
    44001: "文件是空的",
    44002: "消息是空的",
    44004: "文字消息是空的",
    45001: "文件大小超出微信的限制",
    45002: "消息超过微信允许的长度",
    45007: "语音时长超过微信的限制（60 秒）",
    45008: "图文消息超过微信的限制",
    45015: "对方超过 48 小时没有来信或已取消关注，现在不能主动发送",
    45047: "本次来信后可回复的条数已用完，等对方再次来信后才能发送",
    47001: "微信看不懂这条消息的格式",
    48001: "本公众号没有这个接口的权限",
    48004: "本公众号的这个接口已被微信封禁",
    50001: "本公众号没有这个接口的权限",
    50002: "本公众号或对方的微信账号被限制",
    65400: "本公众号没有开通客服功能",
}

# 自定义菜单. The first number of a pair is about buttons, the second about those below them.
MENU: dict[int, str] = {
    40015: "微信不支持这种菜单",
    40016: "一级菜单的数量不符合微信的要求",
    40017: "微信不支持这种一级菜单按钮",
    40018: "一级菜单的名称太长或为空",
    40019: "一级菜单的 KEY 太长或为空",
    40020: "一级菜单的网址太长或为空",
    40022: "菜单的级数超过微信的限制",
    40023: "子菜单的数量不符合微信的要求",
    40024: "微信不支持这种子菜单按钮",
    40025: "子菜单的名称太长或为空",
    40026: "子菜单的 KEY 太长或为空",
    40027: "子菜单的网址太长或为空",
    40054: "子菜单的网址不被微信接受",
    40055: "一级菜单的网址不被微信接受",
}


def error_for(code: int) -> SendError:
    """The error that a code stands for. Unknown ones are refusals: whatever it was, nothing was sent."""
    if code in LATER:
        after, reason = LATER[code]
        return TryLater(reason, str(code), after)
    if code in GONE:
        return Refused(GONE[code], str(code), recipient_gone=True)
    return Refused((REFUSED | MENU).get(code, "微信拒绝了这次请求，请管理员查询错误码"), str(code))
