"""The trouble that administrators see on a channel goes when what it is about works again, and not before."""

from core.desk import Desk
from core.intake.accounts import UNREAD, add_account, find_account, note_read, note_sent, note_trouble


async def test_sending_cures_what_was_wrong_with_sending(desk: Desk) -> None:
    account = await add_account(desk, "email", "邮箱", {}, ())
    await note_trouble(account.id, "发送被拒绝 550")
    await note_read(account.id)
    assert (await find_account(account.id)).last_error == "发送被拒绝 550"

    await note_sent(account.id)
    assert (await find_account(account.id)).last_error == ""


async def test_only_reading_cures_a_mailbox(desk: Desk) -> None:
    account = await add_account(desk, "email", "邮箱", {}, ())
    await note_trouble(account.id, f"{UNREAD}：密码不对")
    await note_sent(account.id)
    assert (await find_account(account.id)).last_error.startswith(UNREAD)

    await note_read(account.id)
    assert (await find_account(account.id)).last_error == ""
