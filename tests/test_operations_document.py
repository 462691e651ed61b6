"""docs/operations.md tells every setting, with the meaning and the default that the code has."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

from core import backlog, metrics
from core.settings import Settings

DOCUMENT = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()


def test_every_setting_is_told_with_its_default_and_meaning() -> None:
    wanted = []
    for each in fields(Settings):
        default = "required" if each.default is MISSING else f"`{each.default}`"
        wanted.append(f"| `{each.name.upper()}` | {default} | {each.metadata['help']} |")
    assert [line for line in wanted if line not in DOCUMENT] == []


def test_no_setting_is_told_that_does_not_exist() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", DOCUMENT, re.MULTILINE))
    assert told == {each.name.upper() for each in fields(Settings)}


def test_every_metric_is_told_and_exists() -> None:
    metrics.taken_in("sms", "accepted")
    metrics.answered("-", "GET", 404, 0.1)
    nothing = backlog.Backlog(dict.fromkeys(backlog.JOURNAL_STATES, 0), 0.0, dict.fromkeys(backlog.OUTBOX_STATES, 0), 0)
    exposed = metrics.exposition(nothing, backlog.Recent((), ())).decode()
    ours = set(re.findall(r"^# TYPE (yingda_\w+)", exposed, re.MULTILINE))
    assert set(re.findall(r"`(yingda_\w+)", DOCUMENT)) == ours
