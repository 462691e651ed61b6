"""`./dev channel`, `./dev token` and `./dev staff`: what the administrators' pages do, at a terminal."""

from pathlib import Path

import pytest

from core.desk import Desk
from core.intake.accounts import find_account, opened
from core.intake.models import ChannelAccount
from core.staff import accounts, links, tokens
from core.staff.models import Staff
from tests.commands.terminal import Terminal

WECHAT = ("--field", "app_id=wx1234567890abcdef", "--field", "mode=safe")


@pytest.fixture
def terminal(environment: dict[str, str], tmp_path: Path) -> Terminal:
    return Terminal(environment | {"YINGDA_VAR": str(tmp_path)})


async def test_an_account_is_added_with_secrets_from_files_and_stdin(
    desk: Desk, terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("SECRETappsecret\n")
    said = await terminal.dev(
        "channel", "add", "wechat", "--name", "售后公众号", *WECHAT,
        "--secret-file", f"app_secret={tmp_path / 'secret'}", "--secret-file", "token=-",
        "--field", "aes_key=" + "A" * 43,
        stdin="SECRETtoken\n",
    )  # fmt: skip
    assert said.code == 0, said.err
    account = await ChannelAccount.get()
    values = await opened(desk, account)
    assert (values["app_secret"], values["token"]) == ("SECRETappsecret", "SECRETtoken")
    assert f"{desk.settings.public_url}/hooks/wechat/{account.public_id}" in said.out
    assert "SECRET" not in said.out + said.err


@pytest.mark.usefixtures("desk")
async def test_what_is_wrong_names_the_flag_and_stores_nothing(terminal: Terminal) -> None:
    said = await terminal.dev("channel", "add", "wechat", "--name", "公众号", "--field", "app_id=x y")
    assert said.code == 1
    assert "--field app_id=  AppID的格式不对" in said.err
    assert "--secret-file app_secret=  请填写AppSecret" in said.err
    unknown = await terminal.dev("channel", "add", "sms", "--name", "短信", "--field", "colour=red")
    assert unknown.code == 1
    assert "colour" in unknown.err
    assert "account_sid" in unknown.err
    assert await ChannelAccount.all().count() == 0


async def test_accounts_are_listed_changed_paused_and_resumed(desk: Desk, terminal: Terminal) -> None:
    values = ("--field", "account_sid=AC" + "0" * 32, "--field", "auth_token=SECRET", "--field", "number=+14155550100")
    await terminal.dev("channel", "add", "sms", "--name", "短信", *values)
    account = await ChannelAccount.get()
    start = str(account.id)[:20]
    changed = await terminal.dev("channel", "change", start, "--field", "number=+14155550199")
    assert changed.code == 0, changed.err
    kept = await opened(desk, await find_account(account.id))
    assert (kept["number"], kept["auth_token"]) == ("+14155550199", "SECRET")
    assert "已暂停" in (await terminal.dev("channel", "pause", start)).out
    listed = await terminal.dev("channel", "list")
    assert "auth_token  (已设置)" in listed.out
    assert "SECRET" not in listed.out
    assert "运行中" in (await terminal.dev("channel", "resume", start)).out
    assert (await terminal.dev("channel", "pause", "ffffffff")).code == 1


@pytest.mark.usefixtures("desk")
async def test_a_token_is_shown_once_and_revoked(terminal: Terminal) -> None:
    made = await terminal.dev("token", "add", "订单系统", "--scope", "read", "--scope", "contacts", "--days", "7")
    secret = next(line.strip() for line in made.out.splitlines() if line.strip().startswith(tokens.PREFIX))
    found = await tokens.find(secret)
    assert found is not None
    assert found.scopes == ("contacts", "read")
    listed = await terminal.dev("token", "list")
    assert "订单系统" in listed.out
    assert secret not in listed.out
    assert (await terminal.dev("token", "revoke", str(found.id))).code == 0
    assert await tokens.find(secret) is None
    assert (await terminal.dev("token", "add", "太久", "--scope", "read", "--days", "4000")).code == 1


async def test_somebody_is_invited_listed_masked_and_ended(desk: Desk, terminal: Terminal) -> None:
    await accounts.create(desk, "boss", "陈管理", ["admin"])
    made = await terminal.dev("staff", "add", "zhao@example.com", "赵新人", "--role", "agent")
    assert made.code == 0, made.err
    first = made.out.splitlines()[0].rpartition("/")[2]
    assert (await links.look(desk, first)).staff.name == "赵新人"
    listed = (await terminal.dev("staff", "list")).out
    assert "z***@example.com  赵**  客服  在用" in listed
    assert "赵新人" not in listed
    again = (await terminal.dev("staff", "link", "zhao@example.com")).out.splitlines()[0].rpartition("/")[2]
    assert (await links.look(desk, again)).needs_password
    assert (await terminal.dev("staff", "deactivate", "zhao@example.com")).code == 0
    assert not (await Staff.all().order_by("-id").first() or Staff()).active
    last = await terminal.dev("staff", "deactivate", "boss")
    assert last.code == 1
    assert "最后一位管理员" in last.err


async def test_without_a_database_the_command_says_what_it_needs(terminal: Terminal, tmp_path: Path) -> None:
    nothing = await Terminal({"YINGDA_VAR": str(tmp_path)}).dev("channel", "list")
    assert nothing.code == 1
    assert "DATABASE_URL" in nothing.err
    assert "./dev run" in nothing.err
    away = Terminal({**terminal.environment, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"})
    gone = await away.dev("channel", "list")
    assert (gone.code, gone.err.partition("(")[0]) == (1, "The database cannot be reached ")
    assert "Traceback" not in gone.err


async def test_the_first_administrator_gets_a_link_until_there_is_one(desk: Desk, terminal: Terminal) -> None:
    said = await terminal.dev("staff", "first")
    assert said.code == 0, said.err
    link = said.out.split()[0]
    assert link.startswith(f"{desk.settings.public_url}/enter/")
    await links.use(desk, link.rpartition("/")[2], "correct horse 电池")
    assert (await terminal.dev("staff", "first")).out == "已经有管理员了\n"
