"""Mails of the HTML corpus, brought in by the email hook and read in the inbox: nothing runs and nothing is fetched."""

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import quote
from uuid import UUID

import aiohttp
import pytest
from playwright.async_api import Browser, Page, Route
from quart import Quart

from core.conversations.models import Conversation, Message
from core.desk import Desk
from core.intake.accounts import add_account, hook_url
from tests.web.served import served
from tests.web.street import VALUES, Street
from web.__main__ import _application
from web.hooks import open_door
from workers.fold import fold_all

pytestmark = pytest.mark.browser

SECRET = "only-for-tests"
TOGETHER = 20
"""Mails in one conversation, so that all of them are on one page."""

STRANGERS = """() => [...document.querySelectorAll(".body *, .subject *, .file-name *, iframe, object, embed, base")]
  .map(each => each.outerHTML.slice(0, 200))"""


@dataclass
class Watched:
    """A page, and everything on it that should not have happened."""

    page: Page
    troubles: list[str] = field(default_factory=list)


@pytest.fixture
async def site(desk: Desk) -> AsyncIterator[str]:
    """The pages and the door, as one process serves them."""
    async with open_door(desk) as door, served(cast(Quart, _application(desk, door))) as address:
        yield address


@pytest.fixture
async def watched(chromium: Browser, site: str, street: Street) -> AsyncIterator[Watched]:
    """An agent's page; requests to anywhere else are noted and go nowhere."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    agent = await street.hire("wang", "王伟")
    await context.add_cookies([{"name": "yingda", "value": await street.session(agent.id), "url": site}])
    watched = Watched(await context.new_page())

    async def gate(route: Route) -> None:
        if route.request.url.startswith((f"{site}/", "data:")):
            await route.continue_()
        else:
            watched.troubles.append(f"asked for {route.request.url[:200]}")
            await route.abort()

    await context.route("**/*", gate)
    watched.page.on("dialog", lambda dialog: watched.troubles.append(f"dialog {dialog.message}"))
    watched.page.on("pageerror", lambda error: watched.troubles.append(f"script {error}"))
    watched.page.on("console", lambda said: watched.troubles.append(said.text) if said.type == "error" else None)
    watched.page.on("popup", lambda page: watched.troubles.append(f"opened {page.url}"))
    yield watched
    await context.close()


def mail(payload: str, number: int) -> bytes:
    """A mail that says it everywhere: as HTML, as plain text, in its subject, as its sender's and as a file's name."""
    word = f"=?utf-8?B?{b64encode(payload[:1500].encode()).decode()}?="
    head = (
        f"From: {word} <guest{number // TOGETHER}@example.com>\r\nSubject: {word}\r\n"
        f"Message-ID: <{number}@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    )
    html = b64encode(payload.encode("utf-8", "replace")).decode()
    name = quote(payload[:120].encode("utf-8", "replace"))
    parts = (
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{html}\r\n"
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{html}\r\n"
        f"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''{name}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{html}\r\n--b--\r\n"
    )
    return (head + parts).encode()


async def bring(desk: Desk, site: str, mails: list[bytes]) -> list[UUID]:
    """The mails come in by the hook, and are folded; their conversations."""
    account = await add_account(desk, "email", "回调", {**VALUES["email"], "hook_secret": SECRET}, ())
    path = hook_url(desk, "email", account.public_id).partition("/hooks/")[2]
    async with aiohttp.ClientSession() as http:
        for body in mails:
            at = str(int(time.time()))
            mac = hmac.digest(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
            headers = {"Content-Type": "message/rfc822", "X-Yingda-Signature": f"t={at},v1={mac}"}
            async with http.post(f"{site}/hooks/{path}", data=body, headers=headers) as answer:
                assert answer.status == 200
    await fold_all(desk)
    assert await Message.filter(direction="in").count() == len(mails)
    return [each.id for each in await Conversation.all().order_by("id")]


async def read(watched: Watched, address: str) -> int:
    """Open a conversation and everything in it that folds; how many messages were seen."""
    page = watched.page
    await page.goto(address, wait_until="networkidle")
    await page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true })")
    await page.mouse.move(700, 400)
    assert await page.evaluate(STRANGERS) == []
    assert await page.evaluate("() => window.CANARY === undefined")
    return await page.locator(".message.in").count()


async def test_mail_shows_as_text_runs_nothing_and_fetches_nothing(
    desk: Desk, site: str, watched: Watched, examples: Path
) -> None:
    corpus = json.loads((examples / "corpora" / "html-security" / "expected.json").read_text())
    payloads = [case["payload"] for case in corpus["html"]]
    conversations = await bring(desk, site, [mail(each, number) for number, each in enumerate(payloads)])

    seen = 0
    for each in conversations:
        seen += await read(watched, f"{site}/inbox/c/{each}?view=unassigned")
    assert seen == len(payloads)
    assert watched.troubles == []


async def test_the_watch_would_see_a_script_and_a_fetch(site: str, watched: Watched) -> None:
    """Else the test above would prove nothing."""
    await watched.page.goto(f"{site}/inbox", wait_until="networkidle")
    await watched.page.evaluate("() => { setTimeout(() => { throw new Error('ran') }) }")
    await watched.page.evaluate("() => fetch('https://elsewhere.example/').catch(() => 0)")
    await watched.page.evaluate(
        "() => { const img = new Image(); img.src = '//elsewhere.example/x'; document.body.append(img) }"
    )
    await watched.page.wait_for_load_state("networkidle")
    assert any("ran" in each for each in watched.troubles)
    assert any("elsewhere.example" in each for each in watched.troubles)
