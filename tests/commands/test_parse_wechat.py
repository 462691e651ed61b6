"""`./dev parse wechat`: one JSON object for each file, the events or why there are none."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from commands import parse
from tests.channels.wechat.platform_side import APP_ID, KEY, OPENID, PAYLOADS, TOKEN, payload, safe, sealed, sha1


def parsed(capsys: pytest.CaptureFixture[str], *files: Path, key: str = KEY, token: str = TOKEN) -> list[Any]:
    parser = argparse.ArgumentParser()
    parse.arguments(parser)
    options = ["wechat", "--token", token, "--aes-key", key, "--app-id", APP_ID]
    assert parse.run(parser.parse_args([*options, *map(str, files)])) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def signed(encrypted: str) -> bytes:
    """An envelope that carries its signature inside, as answers do."""
    given = sha1(TOKEN, "1", "n", encrypted)
    inside = f"<MsgSignature>{given}</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce>"
    return sealed(encrypted).body.replace(b"</xml>", inside.encode() + b"</xml>")


def test_every_payload_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    files = [*sorted(PAYLOADS.glob("*.xml")), *sorted(PAYLOADS.glob("silent/*.xml"))]
    rows = parsed(capsys, *files)
    assert [row["file"] for row in rows] == [str(each) for each in files]
    assert all(row["ok"] and not row["encrypted"] for row in rows)
    assert all(bool(row["events"]) is (each.parent == PAYLOADS) for row, each in zip(rows, files, strict=True))


def test_an_encrypted_one_is_opened(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "sealed.xml"
    file.write_bytes(safe(payload("text")).body)
    (row,) = parsed(capsys, file)
    assert (row["ok"], row["encrypted"]) == (True, True)
    (event,) = row["events"]
    assert (event["is"], event["sender"]["address"]) == ("message", OPENID)
    assert event["text"] == "  空调不制冷，\n明天能来吗？ "


@pytest.mark.parametrize("key", ["Z" * 43, "K", ""])
def test_with_another_key_it_says_so(key: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "sealed.xml"
    file.write_bytes(safe(payload("text")).body)
    (row,) = parsed(capsys, file, key=key)
    assert (row["ok"], "another key" in row["error"]) == (False, True)


def test_a_signature_inside_is_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "signed.xml"
    file.write_bytes(
        signed(safe(payload("text")).body.partition(b"<Encrypt><![CDATA[")[2].partition(b"]]")[0].decode())
    )
    assert parsed(capsys, file)[0]["ok"]
    assert parsed(capsys, file, token="OtherToken")[0] == {
        "file": str(file), "ok": False, "error": "wrong MsgSignature",
    }  # fmt: skip


def test_one_that_cannot_be_read_does_not_stop_the_others(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_bytes(b'<!DOCTYPE x [<!ENTITY e "x">]><xml/>')
    rows = parsed(capsys, tmp_path / "broken.xml", tmp_path / "missing.xml", PAYLOADS / "text.xml")
    assert [row["ok"] for row in rows] == [False, False, True]
