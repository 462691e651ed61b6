"""How channels are marked and measured on screens: by their facts, whatever their kind is called."""

import re

import aiohttp

from core.desk import Desk
from core.intake.accounts import add_account
from tests.channels.sms.gateway_side import KIND, values
from tests.web.conftest import Visit
from tests.web.street import Street

PHONE = "+8613800138000"


async def page(client: aiohttp.ClientSession, path: str) -> str:
    async with client.get(path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_a_second_gateway_looks_like_the_first_and_is_counted_with_its_signature(
    visit: Visit, street: Street, desk: Desk
) -> None:
    client = await visit((await street.hire("wang", "王伟")).id)
    street.at[KIND] = (await add_account(desk, KIND, "国内短信", values(), ())).id
    conversation = await street.write(KIND, PHONE, "空调不制冷")
    for path in ("/inbox/list?view=unassigned", f"/inbox/c/{conversation}"):
        shown = await page(client, path)
        assert re.search(r'<span class="channel sms">\s*<svg .*?<rect .*?</svg>\s*短信', shown, re.DOTALL), path
    option = re.search(r'<option [^>]*data-kind="sms_cn"[^>]*>', await page(client, f"/inbox/c/{conversation}"))
    assert option is not None
    assert 'data-unit="segments"' in option[0]
    assert 'data-longest="7"' in option[0]
    assert 'data-words="条短信"' in option[0]
    assert 'data-signature="【' in option[0]
