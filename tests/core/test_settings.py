"""Settings: a wrong one stops the start with its own name, whatever is wrong with it."""

import base64
from pathlib import Path

import pytest

from core.errors import BadSetting
from core.settings import load

RIGHT = {
    "DATABASE_URL": "postgres://user:password@db.example.com:5432/yingda",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "ROOT_KEY": base64.b64encode(bytes(32)).decode(),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://db.example.com/yingda"),
        ("DATABASE_URL", "asyncpg://db.example.com/yingda"),
        ("DATABASE_URL", "postgres://[db/yingda"),
        ("DATABASE_URL", "postgres://db.example.com:postgres/yingda"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "redis://127.0.0.1:99999"),
        ("ROOT_KEY", "short"),
        ("PUBLIC_URL", "https://desk.example.com/"),
        ("PUBLIC_URL", "https://desk.example.com/desk"),
        ("PUBLIC_URL", "https://desk.example.com?to=inbox"),
        ("PUBLIC_URL", "https://user@desk.example.com"),
        ("PUBLIC_URL", "https://desk.example.com:99999"),
        ("PUBLIC_URL", "https://[desk"),
        ("PUBLIC_URL", "http://desk.example.com"),
        ("WEB_PORT", "0"),
        ("WEB_PORT", "65536"),
        ("WEB_PORT", "eighty"),
        ("RAW_DAYS", "0"),
        ("RAW_DAYS", "999999999"),
        ("ANSWER_WAIT_MS", "5000"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "127.0.0.1, proxy.example.com"),
        ("TRUSTED_PROXIES", "*"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as wrong:
        load(RIGHT | {name: value})

    assert wrong.value.name == name


def test_right_settings_are_taken() -> None:
    given = {
        "DATABASE_URL": "postgresql://postgres@/yingda?host=/tmp/sockets",
        "REDIS_URL": "unix:///tmp/valkey.sock",
        "PUBLIC_URL": "https://desk.example.com:8443",
        "WEB_PORT": "65535",
        "RAW_DAYS": "3650",
        "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, ::1",
    }
    settings = load(RIGHT | given)

    assert (settings.web_port, settings.raw_days, settings.secure) == (65535, 3650, True)
    assert settings.trusted_proxies == given["TRUSTED_PROXIES"]


def test_a_key_file_that_holds_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    path.write_bytes(bytes(range(224, 256)))

    with pytest.raises(BadSetting) as wrong:
        load({"DATABASE_URL": RIGHT["DATABASE_URL"], "REDIS_URL": RIGHT["REDIS_URL"], "ROOT_KEY_FILE": str(path)})

    assert wrong.value.name == "ROOT_KEY_FILE"
