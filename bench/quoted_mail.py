"""What it costs to read a mail that quotes a long thread: the time must grow as the mail does, not faster.

Each shape is read at 190, 380 and 760 kB by `./dev parse email`, a process of its own, several rounds in turn; the time
that the same command takes for as many empty mails is subtracted, and the medians are compared.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SIZES = (190_000, 380_000, 760_000)
ROUNDS = 5
COPIES = 8
"""Mails of one size read by one process: starting it should not be what is measured."""

HEAD = "From: a@example.com\r\nTo: b@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: x\r\n"
OWN = "师傅明天能来吗？\n电话没有变。\n\n"


def nested(size: int) -> str:
    """A thread whose every answer quotes the one before, one `>` deeper."""
    return OWN + "".join(_up_to(size, (f"{'>' * (n % 60)} 第 {n} 封信里的一行话\n" for n in _numbers())))


def introduced(size: int) -> str:
    """Introductions that lead to nothing, line after line."""
    return OWN + "".join(_up_to(size, (f"On Mon, Mar 2, 2026 at 9:{n % 60:02} <a@example.com\n" for n in _numbers())))


def blocks(size: int) -> str:
    """Header blocks one after another, none of them whole."""
    return OWN + "".join(_up_to(size, (f"发件人：第 {n} 位\n\n" for n in _numbers())))


def one_line(size: int) -> str:
    """All of it in one line."""
    return OWN + "在 2026年3月2日，售后 <s@desk.example> 写道 " * (size // 60)


def html(size: int) -> str:
    """An HTML thread of blockquotes inside one another."""
    depth = size // 60
    return "<div>师傅明天能来吗？</div>" + "<blockquote><div>第几封信里的一行话&nbsp;</div>" * depth


SHAPES: dict[str, tuple[str, Callable[[int], str]]] = {
    "nested quotes": ("plain", nested),
    "introductions": ("plain", introduced),
    "header blocks": ("plain", blocks),
    "one line": ("plain", one_line),
    "HTML blockquotes": ("html", html),
}


def main() -> int:
    """Print, for each shape, the medians and how they grow."""
    sizes = [f"{size // 1000} kB" for size in SIZES]
    print(f"{'shape':<18}{''.join(f'{size:>12}' for size in sizes)}{'x2':>8}{'x4':>8}   (2 and 4 are linear)")
    with tempfile.TemporaryDirectory() as folder:
        for name, (kind, make) in SHAPES.items():
            mails = [_written(Path(folder), _mail(kind, make(size))) for size in (0, *SIZES)]
            small, middle, large = _medians(mails)
            times = "".join(f"{each * 1000:>9.1f} ms" for each in (small, middle, large))
            print(f"{name:<18}{times}{middle / small:>8.2f}{large / small:>8.2f}")
    return 0


def _written(folder: Path, mail: bytes) -> list[str]:
    paths = [folder / f"{len(mail)}-{copy}.eml" for copy in range(COPIES)]
    for path in paths:
        path.write_bytes(mail)
    return [str(path) for path in paths]


def _medians(mails: list[list[str]]) -> list[float]:
    """Seconds for one mail of each size, in which the first, an empty one, is what starting costs."""
    taken: list[list[float]] = [[] for _ in mails]
    for number in range(ROUNDS):
        order = list(zip(mails, taken, strict=True))
        for paths, times in order if number % 2 == 0 else reversed(order):
            times.append(_time(paths))
    start, *medians = [statistics.median(times) for times in taken]
    return [max(each - start, 1e-6) / COPIES for each in medians]


def _time(paths: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "commands", "parse", "email", *paths], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _mail(kind: str, body: str) -> bytes:
    head = f"{HEAD}Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return head.encode() + body.encode()


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _up_to(size: int, lines: Iterator[str]) -> Iterator[str]:
    """Lines until they make `size` bytes of UTF-8."""
    for line in lines:
        if size <= 0:
            return
        size -= len(line.encode())
        yield line
