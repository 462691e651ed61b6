"""A browser without a screen: pages as their text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp


@dataclass(frozen=True)
class Shown:
    """A page: its status, where it is, its HTML, and its text as one reads it."""

    status: int
    path: str
    html: str

    @property
    def text(self) -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", self.html).split())


class Visitor:
    """A logged-in browser without a screen."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def get(self, path: str) -> Shown:
        async with self._http.get(path) as response:
            return Shown(response.status, response.url.path_qs, await response.text())

    async def post(self, path: str, data: Mapping[str, str | list[str]] | None = None) -> Shown:
        given = [
            (name, each)
            for name, value in (data or {}).items()
            for each in (value if isinstance(value, list) else [value])
        ]
        async with self._http.post(path, data=given) as response:
            return Shown(response.status, response.url.path_qs, await response.text())
