"""One service account on the platform: what its owner configured, and what the platform knows of its followers."""

import hashlib
from dataclasses import dataclass, field

from sandbox.asks import BadAsk, Json, text
from sandbox.hooks import Hook, hook
from sandbox.wechat.crypto import BadCipher, key_of
from sandbox.wechat.ledger import Ledger
from sandbox.wechat.tokens import Tokens

TIMEOUT, RETRIES, RETRY_DELAY = 5.0, 2, 5.0
"""The platform hangs up after 5 s and asks three times in all."""
MODES = {"plain", "compatible", "safe"}
MENU = {
    "button": [
        {"name": "报修服务", "type": "click", "key": "REPAIR"},
        {
            "name": "自助服务",
            "sub_button": [
                {"name": "故障自查", "type": "click", "key": "SELF_CHECK"},
                {"name": "进度查询", "type": "click", "key": "PROGRESS"},
                {"name": "扫码识别", "type": "scancode_push", "key": "SCAN"},
            ],
        },
        {"name": "联系我们", "type": "click", "key": "CONTACT"},
    ]
}
"""What the page shows until the product sets its own menu."""


@dataclass(slots=True)
class WeChatAccount:
    """Settings, tokens, followers and quotas of one account."""

    name: str
    app_id: str
    app_secret: str
    token: str
    aes_key: str
    mode: str
    original_id: str
    hook: Hook
    stable: Tokens = field(default_factory=Tokens)
    classic: Tokens = field(default_factory=Tokens)
    ledger: Ledger = field(default_factory=Ledger)
    unfollowed: set[str] = field(default_factory=set)
    wrote_at: dict[str, float] = field(default_factory=dict)
    typing: set[str] = field(default_factory=set)
    menu: Json = field(default_factory=lambda: MENU)
    templates: frozenset[str] = frozenset()
    """The template ids that exist; empty: any."""
    checked: bool | None = None
    """Whether the hook gave the echo back; None: never asked."""

    def token_error(self, value: str, now: float) -> int:
        """0 where either kind of token vouches for the call."""
        errors = {tokens.error(value, now) for tokens in (self.stable, self.classic)}
        return next(code for code in (0, 42001, 40001) if code in errors)

    def shown(self) -> dict[str, object]:
        """Without secrets."""
        return {
            "kind": "wechat",
            "key": self.app_id,
            "name": self.name,
            "mode": self.mode,
            "hook_url": self.hook.url,
            "menu": self.menu,
            "checked": self.checked,
            "unfollowed": sorted(self.unfollowed),
        }


def opened(given: Json, before: WeChatAccount | None) -> WeChatAccount:
    """An account out of its settings; one that was there keeps what the platform knows. Raise `BadAsk`."""
    mode, aes_key = text(given, "mode", "safe"), text(given, "aes_key", "")
    if mode not in MODES:
        raise BadAsk(f"mode should be one of {', '.join(sorted(MODES))}")
    if mode != "plain":
        _check_key(aes_key)
    app_id = text(given, "app_id")
    templates = given.get("templates") or []
    if not isinstance(templates, list):
        raise BadAsk("templates should be a list of ids")
    account = WeChatAccount(
        name=text(given, "name", "应答家电售后"),
        app_id=app_id,
        app_secret=text(given, "app_secret"),
        token=text(given, "token"),
        aes_key=aes_key,
        mode=mode,
        original_id=text(given, "original_id", f"gh_{hashlib.sha256(app_id.encode()).hexdigest()[:12]}"),
        hook=hook(given, timeout=TIMEOUT, retries=RETRIES, retry_delay=RETRY_DELAY),
        templates=frozenset(str(each) for each in templates),
    )
    return _continued(account, before) if before else account


def _check_key(aes_key: str) -> None:
    try:
        key_of(aes_key)
    except BadCipher as problem:
        raise BadAsk(f"aes_key: {problem}") from None


def _continued(account: WeChatAccount, before: WeChatAccount) -> WeChatAccount:
    account.stable, account.classic, account.ledger = before.stable, before.classic, before.ledger
    account.unfollowed, account.menu, account.wrote_at = before.unfollowed, before.menu, before.wrote_at
    return account
