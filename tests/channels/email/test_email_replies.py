"""What somebody wrote now, cut from a mail's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import html_text, mime, reply
from channels.email.adapter import own_words

OWN = "师傅明天能来吗？\n电话没有变。"

OLDER = {
    "qq": "------------------ 原始邮件 ------------------\n发件人: \"售后\" <s@desk.example>;\n主题: 受理\n\n旧",
    "qq, spaces as entities": "------------------&nbsp;原始邮件&nbsp;------------------\n旧",
    "qq in english": "------------------ Original ------------------\nFrom: a\n旧",
    "zimbra": "----- 原始邮件 -----\n旧",
    "netease": "\n\nAt 2026-03-02 09:30:00, \"售后\" <s@desk.example> wrote:\n>旧",
    "netease master": "---- 回复的原邮件 ----\n| 发件人 | 售后 |\n旧",
    "netease, chinese": "在 2026-03-02 09:30:00，\"售后\" <s@desk.example> 写道：\n旧",
    "apple": "> 在 2026年3月2日，09:30，售后 <s@desk.example> 写道：\n> \n> 旧",
    "gmail": "售后 <s@desk.example> 于2026年3月2日周一 09:30写道：\n\n> 旧",
    "gmail, two lines": "售后 <s@desk.example>\n于2026年3月2日周一 09:30写道：\n\n> 旧",
    "outlook": "________________________________\n发件人：售后 <s@desk.example>\n发送时间：2026年3月2日\n旧",
    "foxmail": "chen@qq.example\n \n发件人： 售后\n发送时间： 2026-03-02 09:30\n收件人： 陈\n主题： 受理\n旧",
    "traditional": "寄件者: 售後 <s@desk.example>\n寄件日期: 2026年3月2日\n主旨: 受理\n旧",
    "thunderbird": "在 2026/3/2 9:30, 售后 写道:\n> 旧",
    "english": "On Mon, Mar 2, 2026 at 9:30 AM Desk <s@desk.example> wrote:\n\n> 旧",
    "english over three lines": "On Mon, Mar 2, 2026 at 9:30 AM Desk <\ns@desk.example>\nwrote:\n\n> 旧",
    "outlook in english": "From: Desk <s@desk.example>\nSent: Monday, March 2, 2026 9:30 AM\nTo: Chen\n\n旧",
    "phone": "发自我的iPhone",
    "netease master's": "发自我的小米手机\n",
    "from qq": "从QQ邮箱发送",
    "signature": "-- \n陈先生\n示例公司",
    "notice": "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人。",
}  # fmt: skip


@pytest.mark.parametrize("older", OLDER.values(), ids=OLDER)
def test_the_older_mail_and_signatures_go(older: str) -> None:
    assert reply.from_text(f"{OWN}\n\n{older}") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "师傅在电话里写道：明天来。\n是三点吗？",
        "主题: 想问保修\n发件人: 我自己\n请回复",
        "收件人: 张先生\n地址: 示例路1号",
        "- 换滤网\n- 清洗\n-- 再试一次",
        "我在 2026年3月2日 买的，\n请问：保修多久？",
        "温度设成 16-18，风速高",
        "Sent from my house by car, it took an hour and nothing was wrong with the machine at all. " * 3,
    ],
)
def test_what_only_looks_like_a_mark_stays(text: str) -> None:
    assert reply.from_text(text) == text.strip()


def test_answers_between_and_below_quotes_stay() -> None:
    text = "在 2026/3/2 9:30, 售后 写道:\n> 型号？\nKFR-35\n> 哪年买的？\n前年"
    assert reply.from_text(text) == "KFR-35\n前年"


def test_a_mail_passed_on_stays_whole() -> None:
    text = "请看\n\n---------- Forwarded message ----------\nFrom: <shop@example.com>\nDate: Mon, 2 Mar\n\n已发货"
    assert reply.from_text(text) == text


@pytest.mark.parametrize(
    "mark",
    [
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "-------- 转发邮件信息 --------",
        "---- 转发的原邮件 ----",
        "------------------ 转发邮件 ------------------",
        "---------- 已转发邮件 ---------",
        "以下是转发的邮件：",
        "開始轉寄郵件：",
    ],
)
def test_a_mail_passed_on_stays_whole_whichever_client_passed_it_on(mark: str) -> None:
    text = f"请看\n\n{mark}\n发件人: <shop@example.com>\n日期: 2026年3月2日\n\n已发货"
    assert reply.from_text(text) == text


@pytest.mark.parametrize(
    ("subject", "whole"),
    [("转发：发货通知", True), ("Fw: x", True), ("回复：转发：发货通知", False), ("转发器坏了", False)],
)
def test_a_subject_tells_that_a_mail_is_passed_on(subject: str, whole: bool) -> None:
    body = "请看\n\n------------------ 原始邮件 ------------------\n发件人: <shop@example.com>\n\n已发货"
    head = f"From: a@example.com\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n"
    assert own_words(mime.read((head + body).encode())) == (body if whole else "请看")


@pytest.mark.parametrize("text", ["> 全是引用\n> 没有别的", "------ 原始邮件 ------\n旧", "-- \n签名"])
def test_never_everything_goes(text: str) -> None:
    assert reply.from_text(text)


@given(st.text(alphabet=st.sampled_from("a>\n:：-@<1/ On在写道发件人From"), max_size=400))
def test_no_text_is_cut_to_nothing(text: str) -> None:
    assert bool(reply.from_text(text)) == bool(text.strip())


@pytest.mark.parametrize(
    "html",
    [
        "{own}<blockquote type='cite'>旧</blockquote>",
        "{own}<div class='gmail_quote'><div>On Mon wrote:</div><blockquote>旧</blockquote></div>",
        "{own}<blockquote id='isReplyContent'>旧</blockquote>",
        "{own}<includetail><div>旧</div></includetail>",
        "{own}<div class=qmbox><div>旧</div></div>",
        "{own}<div id='divRplyFwdMsg'>发件人</div><div>旧</div>",
        "{own}<div style='border:none;border-top:solid #B5C4DF 1.0pt'>发件人</div><p>旧</p>",
        "<style>p{{color:red}}</style><!-- x -->{own}<hr><blockquote>旧</blockquote>",
    ],
)
def test_quotes_of_html_clients_go(html: str) -> None:
    own = "<div>师傅明天能来吗？</div><div>电话没有变。</div>"
    assert reply.from_html(html.format(own=own)) == OWN


def test_html_reads_as_it_looks() -> None:
    top = "<p>型号：</p><ul><li>KFR&nbsp;35</li><li>a &lt; b</li></ul>第一行<br>第二行"
    html = f"{top}<div><br></div><pre>1\n 2</pre><script>x</script>"
    assert html_text.render(html) == "型号：\n- KFR 35\n- a < b\n第一行\n第二行\n\n1\n2"


def test_html_that_is_all_quote_is_kept() -> None:
    assert reply.from_html("<blockquote type=cite>只有引用</blockquote>") == "只有引用"


@given(st.text(alphabet=st.sampled_from("<>/adivblockquote \"'=!-&;中"), max_size=400))
def test_any_markup_has_a_text(markup: str) -> None:
    assert isinstance(reply.from_html(markup), str)
