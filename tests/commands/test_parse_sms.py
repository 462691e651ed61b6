"""`./dev parse sms`: one JSON object for each file, the events or why there are none."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from commands import parse
from tests.channels.sms.gateway_side import PUSHES
from tests.channels.sms.twilio_side import PAYLOADS, PERSON


def parsed(capsys: pytest.CaptureFixture[str], *files: Path) -> list[Any]:
    parser = argparse.ArgumentParser()
    parse.arguments(parser)
    assert parse.run(parser.parse_args(["sms", *map(str, files)])) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_payload_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    files = [*sorted(PAYLOADS.glob("*.form")), *sorted(PUSHES.glob("*.json"))]
    rows = parsed(capsys, *files)
    assert [row["file"] for row in rows] == [str(each) for each in files]
    assert all(row["ok"] and row["events"] for row in rows)


def test_both_gateways_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    form, push = parsed(capsys, PAYLOADS / "text.form", PUSHES / "stop-in-chinese.json")
    assert [(each["is"], each["sender"]["address"]) for each in form["events"]] == [("message", PERSON)]
    assert [each["is"] for each in push["events"]] == ["contact", "message"]
    assert push["events"][0]["change"] == "opted_out"


def test_what_cannot_be_read_says_so_and_stops_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    broken, missing = tmp_path / "broken", tmp_path / "missing"
    broken.write_bytes(b'{"events": [{"type": "up"}]}')
    rows = parsed(capsys, broken, missing, PAYLOADS / "text.form")
    assert [row["ok"] for row in rows] == [False, False, True]
