"""What went wrong is said in Chinese, in the form that was asked for, and nothing else is said."""

import io

import pytest
from quart import Quart

from core import database
from core.desk import Desk
from tests.web.conftest import Visit
from tests.web.street import Street
from web.app import create_app
from web.auth import public

SECRET = "13800138000 in a traceback"


@pytest.fixture
def app(desk: Desk) -> Quart:
    """The app with a view that breaks."""
    made = create_app(desk)

    @made.get("/breaks")
    @public
    async def breaks() -> str:
        raise ValueError(SECRET)

    @made.get("/away")
    @public
    async def away() -> str:
        raise database.AWAY[-1](SECRET)

    return made


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [("/breaks", 500, "系统出了点问题"), ("/away", 503, "系统暂时连不上"), ("/nothing/here", 404, "找不到这个页面")],
)
async def test_pages_pieces_and_json_tell_nothing(app: Quart, path: str, status: int, words: str) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    for headers in ({}, {"HX-Request": "true"}, {"Accept": "application/json"}):
        answer = await client.get(path, headers=headers)
        said = await answer.get_data(as_text=True)
        assert answer.status_code == status
        assert (words in said) if "Accept" not in headers else (await answer.get_json())["error"]["message"]
        assert SECRET not in said
        assert "Traceback" not in said
        assert ("<html" in said) == (headers == {})
        assert "Content-Security-Policy" in answer.headers


async def test_a_wrong_method_says_which_are_right(visit: Visit) -> None:
    stranger = await visit()
    async with stranger.delete("/login") as answer:
        assert answer.status == 405
        assert "POST" in answer.headers["Allow"]


async def test_too_much_is_refused_before_it_is_read(visit: Visit, street: Street) -> None:
    wang = await visit((await street.hire("wang", "王伟")).id)
    conversation = await street.write("sms", "+8613800138000", "你好")
    async with wang.post(f"/inbox/c/{conversation}/note", data=io.BytesIO(b"text=" + b"x" * 2_000_000)) as answer:
        assert answer.status == 413
        assert "内容太大了" in await answer.text()


@pytest.mark.parametrize(
    "path", ["/inbox?view=everything", "/inbox/more?after=yesterday", "/inbox/more?after=~2026-01-01~1", "/inbox/c/1"]
)
async def test_nonsense_in_addresses_is_no_server_error(visit: Visit, street: Street, path: str) -> None:
    wang = await visit((await street.hire("wang", "王伟")).id)
    async with wang.get(path) as answer:
        assert answer.status in {400, 404}
