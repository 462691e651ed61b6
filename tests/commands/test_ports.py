"""A port that is taken is named before anything starts, with the flag that chooses another."""

import re
import socket

import pytest

from commands import ports
from commands.embedded.home import Unable


def test_a_free_port_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    ports.check({"--port": ("web", port)})


def test_each_port_in_use_is_named_with_its_flag() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as two:
        first, second = one.getsockname()[1], two.getsockname()[1]
        with pytest.raises(Unable) as told:
            ports.check({"--port": ("web", first), "--smtp-port": ("sandbox's mail in", second)})
    web, mail = str(told.value).splitlines()
    found = re.fullmatch(rf"Port {first} \(web\) is in use\. Choose another: \./dev run --port (\d+)", web)
    assert found
    assert int(found[1]) > first
    assert mail.startswith(f"Port {second} (sandbox's mail in) is in use.")
    assert "--smtp-port" in mail


def test_a_number_that_is_no_port() -> None:
    with pytest.raises(Unable, match=r"Port 70000 \(web\) cannot be opened"):
        ports.check({"--port": ("web", 70000)})
